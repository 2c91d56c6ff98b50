import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import type { JobSummary } from '../../../src/contract/jobs.ts';
import type { ErrorShape } from '../../../src/contract/errors.ts';
import type { Action } from '../../../src/renderer/state/action.ts';
import { activeJobs } from '../../../src/renderer/state/jobs.ts';
import { hashOf, homeRoute, routeOf, type Route } from '../../../src/renderer/state/route.ts';
import { initialState, reduce, type AppState } from '../../../src/renderer/state/state.ts';
import { createFakeEngine } from '../fake-engine.ts';
import { leafProject, leaves, summaryOf } from '../fake/world.ts';

const { info } = createFakeEngine().world;
const project = leafProject(leaves, 'Leaves', 10);
const error: ErrorShape = { code: 'storage', message: 'Disk full.' };
const after = (...actions: Action[]): AppState => actions.reduce(reduce, initialState);

describe('the connection', () => {
  it('goes from connecting to ready', () => {
    expect(after().connection.status).toBe('connecting');
    expect(after({ type: 'connection/ready', info }).connection).toMatchObject({ status: 'ready', info });
  });

  it('keeps its words while it is tried again, and waits for a person when told to', () => {
    const lost = after(
      { type: 'connection/ready', info },
      { type: 'connection/lost', message: 'It stopped.', retry: true },
      { type: 'connection/connecting' },
    );
    expect(lost.connection).toEqual({ status: 'reconnecting', message: 'It stopped.', info });
    const stopped = reduce(lost, { type: 'connection/lost', message: 'Gone.', retry: false });
    expect(stopped.connection.status).toBe('stopped');
    expect(reduce(stopped, { type: 'connection/connecting' }).connection.status).toBe('connecting');
  });
});

describe('the route', () => {
  it.each<[Route, string]>([
    [homeRoute, '#/'],
    [{ screen: 'models' }, '#/models'],
    [{ screen: 'project', project: leaves, tab: 'judge', detail: '' }, `#/project/${leaves}/judge`],
    [
      { screen: 'project', project: leaves, tab: 'use', detail: 'a/b c' },
      `#/project/${leaves}/use/a%2Fb%20c`,
    ],
  ])('%j is %s, both ways', (route, hash) => {
    expect(hashOf(route)).toBe(hash);
    expect(routeOf(hash)).toEqual(route);
  });

  it.each(['', '#', '#/nowhere', '#/project', '#/project/../../etc/label', '#/project/zz/label'])(
    '%j leads home',
    (hash) => {
      expect(routeOf(hash)).toEqual(homeRoute);
    },
  );

  it('survives what is no tab and no text', () => {
    expect(routeOf(`#/project/${leaves}/dance/%E0%A4%A`)).toEqual({
      screen: 'project',
      project: leaves,
      tab: 'label',
      detail: '',
    });
  });
});

describe('recent projects', () => {
  it('stay on the screen while they are loaded again, and when that fails', () => {
    const list = [summaryOf(project)];
    const loaded = after({ type: 'projects/loaded', projects: list });
    expect(reduce(loaded, { type: 'projects/loading' })).toBe(loaded);
    expect(reduce(loaded, { type: 'projects/failed', error })).toBe(loaded);
    expect(after({ type: 'projects/failed', error }).projects).toEqual({ status: 'failed', error });
  });
});

describe('the open project', () => {
  const opening: Action = { type: 'project/opening', id: leaves };
  const [first, second] = project.photos;
  if (first === undefined || second === undefined) throw new Error('The fake project has photos.');
  const loaded = after(
    opening,
    { type: 'project/changed', state: { ...project.state, revision: 4 } },
    { type: 'photos/loaded', project: leaves, photos: [first, second], revision: 4 },
  );

  it('takes no older state after a newer one', () => {
    const late = reduce(loaded, {
      type: 'project/changed',
      state: { ...project.state, name: 'Old', revision: 3 },
    });
    expect(late.project.state).toMatchObject({ value: { name: 'Leaves' } });
  });

  it('takes changes of its own photos only', () => {
    const change = { changed: [{ ...first, labels: ['x'] }], removed: [second.id], revision: 5 };
    const changed = reduce(loaded, { type: 'photos/changed', project: leaves, ...change });
    expect(changed.project.photos.rows.map(({ labels }) => labels)).toEqual([['x']]);
    expect(changed.project.photosLoad).toMatchObject({ value: { total: 1 } });
    expect(reduce(loaded, { type: 'photos/changed', project: 'another', ...change })).toBe(loaded);
    expect(reduce(loaded, { type: 'photos/changed', project: leaves, ...change, revision: 3 })).toBe(loaded);
  });

  it('believes another engine after a crash, which counts revisions from the start', () => {
    const again = reduce(loaded, opening);
    const told = reduce(again, {
      type: 'project/changed',
      state: { ...project.state, name: 'New', revision: 2 },
    });
    expect(told.project.state).toMatchObject({ value: { name: 'New' } });
    const late = reduce(told, {
      type: 'project/changed',
      state: { ...project.state, name: 'Old', revision: 1 },
    });
    expect(late.project.state).toMatchObject({ value: { name: 'New' } });
    const change = { changed: [{ ...first, labels: ['x'] }], removed: [], revision: 1 };
    const changed = reduce(again, { type: 'photos/changed', project: leaves, ...change });
    expect(changed.project.photos.rows[0]?.labels).toEqual(['x']);
  });

  it('begins anew with another project, and goes on with the same', () => {
    expect(reduce(loaded, opening).project.photos.rows).toBe(loaded.project.photos.rows);
    const other = reduce(loaded, { type: 'project/opening', id: '00000000000000a2' });
    expect(other.project.photos.rows).toEqual([]);
    expect(other.runs.project).toBe('00000000000000a2');
    expect(reduce(loaded, { type: 'project/closed' }).project.id).toBeUndefined();
  });
});

describe('jobs', () => {
  const job: JobSummary = {
    id: 'job-000001',
    kind: 'train',
    project: leaves,
    title: 'Training of Leaves',
    state: 'running',
    createdAt: '2026-01-01T00:00:00Z',
    startedAt: null,
    endedAt: null,
    progress: null,
    run: null,
    error: null,
    canPause: true,
    canStop: true,
    canResume: false,
    seq: 3,
  };
  const batch = (seq: number, done: number): JobEvent => ({
    type: 'batch',
    stage: 'head',
    done,
    unit: 'steps',
    rate: null,
    eta: null,
    jobId: job.id,
    seq,
  });
  const logOf = (state: AppState) => state.jobs.logs.get(job.id);

  it('never go back: from ended to running, or to fewer events', () => {
    const ended = after({ type: 'jobs/changed', job: { ...job, state: 'done' } });
    expect(reduce(ended, { type: 'jobs/changed', job })).toBe(ended);
    expect(activeJobs(ended.jobs)).toEqual([]);
    const running = after({ type: 'jobs/changed', job });
    expect(reduce(running, { type: 'jobs/changed', job: { ...job, seq: 2, state: 'queued' } })).toBe(running);
  });

  it('have a log without gaps, each event once, only when they are followed', () => {
    const loose = after({ type: 'jobs/event', event: batch(1, 1) });
    expect(logOf(loose)).toBeUndefined();
    const started: JobEvent = { type: 'started', jobId: job.id, seq: 1 };
    const followed = after({ type: 'jobs/followed', job: job.id, events: [started] });
    expect(reduce(followed, { type: 'jobs/event', event: batch(3, 1) })).toBe(followed);
    const filled = reduce(followed, { type: 'jobs/followed', job: job.id, events: [started, batch(2, 1)] });
    expect(logOf(filled)).toEqual({ events: [started, batch(2, 1)], seq: 2 });
    expect(reduce(filled, { type: 'jobs/event', event: batch(2, 1) })).toBe(filled);
  });

  it('keep only the newest progress of a stage', () => {
    const state = after(
      { type: 'jobs/followed', job: job.id, events: [batch(1, 1), batch(2, 2)] },
      { type: 'jobs/event', event: batch(3, 3) },
    );
    expect(logOf(state)).toEqual({ events: [batch(3, 3)], seq: 3 });
  });

  it('that the engine no longer knows are gone', () => {
    const state = after(
      { type: 'jobs/changed', job },
      { type: 'jobs/followed', job: job.id, events: [] },
      { type: 'jobs/loaded', jobs: [] },
    );
    expect(state.jobs.byId.size + state.jobs.logs.size).toBe(0);
  });
});

describe('runs', () => {
  const about = { project: leaves, run: 'run', part: 'photos' } as const;
  it('keep what was fetched while it is fetched again, for the open project alone', () => {
    const loaded = after(
      { type: 'project/opening', id: leaves },
      { type: 'runs/part-loading', ...about },
      { type: 'runs/part-loaded', ...about, value: [] },
    );
    expect(loaded.runs.photos.get('run')).toEqual({ status: 'ready', value: [] });
    const again = reduce(loaded, { type: 'runs/part-loading', ...about });
    expect(again.runs.photos.get('run')?.status).toBe('ready');
    expect(reduce(loaded, { type: 'runs/loading', project: 'another' })).toBe(loaded);
  });
});

describe('messages', () => {
  const toast = (id: number, title: string) => ({ id, title, tone: 'problem' }) as const;
  it('are not repeated, and never too many', () => {
    const same = after(
      { type: 'toasts/shown', toast: toast(1, 'No.') },
      { type: 'toasts/shown', toast: toast(2, 'No.') },
    );
    expect(same.toasts.toasts).toEqual([toast(2, 'No.')]);
    const many = [1, 2, 3, 4, 5].map(
      (id) => ({ type: 'toasts/shown', toast: toast(id, String(id)) }) as const,
    );
    expect(after(...many).toasts.toasts.map(({ id }) => id)).toEqual([2, 3, 4, 5]);
  });

  it('for screen readers are told apart even when they are the same', () => {
    const once = after({ type: 'toasts/announced', text: 'Done.' });
    const twice = reduce(once, { type: 'toasts/announced', text: 'Done.' });
    expect(twice.toasts.announcement).not.toEqual(once.toasts.announcement);
  });
});

it('is the same object when nothing changes', () => {
  const state = after({ type: 'projects/loaded', projects: [] });
  expect(reduce(state, { type: 'dialogs/progressed', id: 1, sent: 2 })).toBe(state);
  expect(reduce(state, { type: 'dialogs/closed', id: 1 })).toBe(state);
  expect(reduce(state, { type: 'project/changed', state: project.state })).toBe(state);
});

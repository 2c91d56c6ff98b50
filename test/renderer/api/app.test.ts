import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { addJob, changeJob, tell } from '../fake/jobs.ts';
import { leaves } from '../fake/world.ts';
import { startApp as start } from '../start-app.ts';

describe('the window and its engine', () => {
  beforeEach(() => {
    vi.stubGlobal('document', { documentElement: { dataset: {} }, hasFocus: () => true });
    vi.stubGlobal('window', {});
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('loads what the first screen shows', async () => {
    const { state, until, requests } = start();
    await until(() => state().projects.status === 'ready' && state().settings.settings.status === 'ready');
    expect(state().connection).toMatchObject({ status: 'ready', info: { name: 'Holotype' } });
    expect(requests).toEqual(['automatic']);
  });

  it('opens the project that the address names, with its photos', async () => {
    const { state, until } = start({ hash: `#/project/${leaves}/train`, photos: 5_100 });
    await until(() => state().project.photosLoad.status === 'ready');
    expect(state().project.photos.rows).toHaveLength(5_100);
    expect(state().route).toMatchObject({ tab: 'train' });
  });

  it('says when that project is gone, and opens another one instead', async () => {
    const { state, until, address, actions } = start({ hash: '#/project/00000000000000a2/label' });
    await until(() => state().project.state.status === 'failed');
    expect(state().project.state).toMatchObject({ error: { code: 'not-found' } });
    actions.projects.open(leaves);
    await until(() => state().project.state.status === 'ready');
    expect(address.location.hash).toBe(`#/project/${leaves}/label`);
  });

  it('puts changes that come while the photos are loaded on top of them', async () => {
    const { state, until, engine } = start({ hash: `#/project/${leaves}/label` });
    const release = engine.hold('photos.list');
    await until(() => engine.calls.some(({ method }) => method === 'photos.list'));
    const row = engine.world.projects.get(leaves)?.photos[0];
    if (row === undefined) throw new Error('The fake project has photos.');
    engine.events.emit('photos.changed', {
      project: leaves,
      revision: 9,
      changed: [{ ...row, labels: ['new'] }],
      removed: [],
    });
    release();
    await until(() => state().project.photosLoad.status === 'ready');
    expect(state().project.photos.rows[0]?.labels).toEqual(['new']);
    expect(state().project.photos.revision).toBe(9);
  });

  it('loads the photos anew when some went away meanwhile', async () => {
    const { state, until, engine } = start({ hash: `#/project/${leaves}/label` });
    const release = engine.hold('photos.list');
    await until(() => engine.calls.some(({ method }) => method === 'photos.list'));
    const project = engine.world.projects.get(leaves);
    const gone = project?.photos.shift();
    engine.events.emit('photos.changed', {
      project: leaves,
      revision: 9,
      changed: [],
      removed: [gone?.id ?? ''],
    });
    release();
    await until(() => state().project.photosLoad.status === 'ready');
    expect(state().project.photos.rows).toHaveLength(29);
    expect(engine.calls.filter(({ method }) => method === 'photos.list').length).toBeGreaterThan(1);
  });

  it('finds everything again after a loss: subscriptions, project, what jobs told meanwhile', async () => {
    const { state, until, engine, actions, lose, comeBack } = start({ hash: `#/project/${leaves}/label` });
    await until(() => state().project.photosLoad.status === 'ready');
    const job = addJob(engine.world, engine.events, { kind: 'train', title: 'Training', project: leaves });
    tell(engine.world, engine.events, job, { type: 'started' });
    actions.jobs.follow(job);
    await until(() => state().jobs.logs.get(job)?.seq === 1);
    lose(true);
    expect(state().connection.status).toBe('reconnecting');
    expect(state().project.photos.rows).toHaveLength(30);
    tell(engine.world, engine.events, job, { type: 'stage', stage: 'head', message: 'Training' });
    comeBack();
    await until(() => state().jobs.logs.get(job)?.seq === 2);
    tell(engine.world, engine.events, job, { type: 'cancelled' });
    await until(() => state().jobs.logs.get(job)?.seq === 3);
    expect(
      state()
        .jobs.logs.get(job)
        ?.events.map(({ type }) => type),
    ).toEqual(['started', 'stage', 'cancelled']);
    expect(engine.calls.filter(({ method }) => method === 'projects.reopen')).toHaveLength(2);
  });

  it('fills a gap in what a job tells', async () => {
    const { state, until, engine, actions } = start();
    await until(() => state().projects.status === 'ready');
    const job = addJob(engine.world, engine.events, { kind: 'train', title: 'Training' });
    actions.jobs.follow(job);
    await until(() => state().jobs.logs.has(job));
    const known = engine.world.jobs.get(job);
    // Told, but never arrived.
    known?.events.push({ type: 'started', jobId: job, seq: 1 });
    if (known !== undefined) known.summary = { ...known.summary, seq: 1 };
    tell(engine.world, engine.events, job, { type: 'stage', stage: 'head', message: 'Training' });
    await until(() => state().jobs.logs.get(job)?.seq === 2);
    expect(
      state()
        .jobs.logs.get(job)
        ?.events.map(({ type }) => type),
    ).toEqual(['started', 'stage']);
  });

  it('waits for a person when the engine stopped for good', async () => {
    const { state, until, requests, lose, actions } = start();
    await until(() => state().projects.status === 'ready');
    lose(false);
    expect(state().connection).toMatchObject({ status: 'stopped', message: 'It stopped.' });
    await actions.projects.openDemo();
    expect(state().toasts.toasts[0]?.title).toMatch(/no connection/);
    actions.connection.reconnect();
    await until(() => state().connection.status === 'ready');
    expect(requests).toEqual(['automatic', 'person']);
  });

  it('says why something failed and leaves all as it was', async () => {
    const { state, until, engine, actions } = start();
    await until(() => state().projects.status === 'ready');
    engine.fail('projects.forget', new HolotypeError('storage', 'No room.', { remedy: 'Make room.' }));
    await actions.projects.forget(leaves);
    expect(state().toasts.toasts).toMatchObject([
      { tone: 'problem', title: 'No room.', detail: 'Make room.' },
    ]);
    expect(state().projects).toMatchObject({ status: 'ready', value: { length: 4 } });
  });

  it('loads the models anew when one was downloaded, and the runs after a training', async () => {
    const { state, until, engine } = start({ hash: `#/project/${leaves}/label` });
    await until(() => state().runs.list.status === 'ready');
    const calls = (name: string) => engine.calls.filter(({ method }) => method === name).length;
    const job = addJob(engine.world, engine.events, { kind: 'train', title: 'Training', project: leaves });
    changeJob(engine.world, engine.events, job, { state: 'done' });
    await until(() => calls('runs.list') === 2);
    const download = addJob(engine.world, engine.events, { kind: 'fetch-model', title: 'Download' });
    changeJob(engine.world, engine.events, download, { state: 'done' });
    await until(() => state().settings.models.status === 'ready');
    expect(calls('models.list')).toBe(1);
  });

  it('asks before it takes over, and before it fetches what nobody vouches for', async () => {
    const { state, until, engine, actions, api } = start();
    await until(() => state().projects.status === 'ready');
    const model = engine.world.models[0];
    if (model === undefined) throw new Error('There are models.');
    const fetching = actions.models.fetch({ ...model, asksForTrust: true });
    const [dialog] = state().dialogs;
    expect(dialog).toMatchObject({ kind: 'confirm', confirm: 'Download' });
    api.close(dialog?.id ?? -1, false);
    await fetching;
    expect(engine.calls.some(({ method }) => method === 'models.fetch')).toBe(false);
    expect(state().dialogs).toEqual([]);
  });

  it('has its host save what the engine made', async () => {
    const { state, until, actions, saved } = start();
    await until(() => state().projects.status === 'ready');
    expect(await actions.settings.reportProblem('It broke.')).toBe(true);
    expect(saved).toEqual(['report0123456789abcdef holotype-problem.txt']);
  });
});

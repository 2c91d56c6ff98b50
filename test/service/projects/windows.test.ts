import { chmodSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openProject, projectHolder } from '../../../src/store/project.ts';
import {
  labelsOf,
  listen,
  putClasses,
  scratch,
  startEngine,
  type Engine,
  type Scratch,
} from './projects-testing.ts';

/** Two engines on the same folders, as two programs have them. */
let place: Scratch;
let one: Engine;
let two: Engine;
let project: string;

beforeEach(async () => {
  place = scratch();
  one = startEngine(place);
  two = startEngine(place);
  await putClasses(place, { ants: 2, bees: 1 });
  project = (await one.open(place.photos)).id;
});
afterEach(async () => {
  await one.close();
  await two.close();
  place.remove();
});

const first = async (engine: Engine): Promise<string> => (await engine.photos(project))[0]?.id ?? '';
const label = async (engine: Engine, name: string) =>
  engine.client.call('labels.assign', { project, photos: [await first(engine)], label: name });

describe('a project that is open elsewhere', () => {
  it('can be looked at, not changed, and says who has it', async () => {
    const state = await two.open(place.photos);
    expect(state).toMatchObject({
      id: project,
      readOnly: { holder: expect.stringContaining('program') },
      scan: null,
    });
    expect(state.counts.photos).toBe(3);
    await expect(label(two, 'bees')).rejects.toMatchObject({ code: 'busy', remedy: /Take it over/ });
    for (const call of [
      () => two.client.call('projects.rescan', { project }),
      () => two.client.call('classes.create', { project, name: 'x' }),
      () => two.client.call('projects.rename', { project, name: 'x' }),
      () => two.client.call('labels.undo', { project }),
      () => two.client.call('labels.import', { project, csv: 'filename,label\n1.jpg,x\n' }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'busy' });
    await label(one, 'bees'); // who had it has it still
  });

  it('can be taken over: whoever had it can only look from then on', async () => {
    await two.open(place.photos);
    await label(one, 'bees');
    const heard = listen(one.client, 'project.changed');
    const shown = listen(two.client, 'photos.changed');
    const taken = await two.client.call('projects.takeOver', { project });
    expect(taken).toMatchObject({ readOnly: null, undo: 'Label 1.jpg "bees"' });
    // What was labelled there since is seen here.
    await shown.until(({ changed }) => changed.some(({ labels }) => labels[0] === 'bees'));
    await two.looked(project);
    await label(two, 'ants');
    await expect(label(one, 'bees')).rejects.toMatchObject({ code: 'busy', message: /taken over/ });
    await heard.until(({ state }) => state.readOnly !== null);
    await expect(label(one, 'bees')).rejects.toMatchObject({ code: 'busy', message: /only be looked at/ });

    // And back again.
    await one.client.call('projects.takeOver', { project });
    expect(labelsOf(await one.photos(project))['ants/1.jpg']).toEqual(['ants']);
    await label(one, 'bees');
    await one.looked(project);
    const { folder } = one.projects.get(project);
    await one.close();
    const found = await openProject(folder, { readOnly: true });
    expect(found.problems).toEqual([]);
    expect(found.undoable.map(({ description }) => description)).toEqual([
      'Label 1.jpg "bees"',
      'Label 1.jpg "ants"',
      'Label 1.jpg "bees"',
    ]);
  });

  it('is noticed to be taken over without being written to', async () => {
    const heard = listen(one.client, 'project.changed');
    await two.open(place.photos);
    await two.client.call('projects.takeOver', { project });
    await heard.until(({ state }) => state.readOnly !== null);
    expect(heard.heard.at(-1)?.state.readOnly?.holder).toContain('program');
  });

  it('becomes ours by itself when it is given back', async () => {
    await two.open(place.photos);
    await label(one, 'bees');
    const heard = listen(two.client, 'project.changed');
    await one.client.call('projects.close', { project });
    await heard.until(({ state }) => state.readOnly === null && state.scan === null);
    expect(labelsOf(await two.photos(project))['ants/1.jpg']).toEqual(['bees']);
    await label(two, 'ants');
  });

  it('is given back when the last window has closed it and no job works on it', async () => {
    const { folder } = one.projects.get(project);
    const window = one.connect();
    await window.call('projects.open', { source: { place: one.place(place.photos) } });
    await one.looked(project);
    await one.client.call('projects.close', { project });
    expect(projectHolder(folder)).toBeDefined();
    let finish: () => void = () => undefined;
    const work = new Promise<void>((resolve) => (finish = resolve));
    const job = one.jobs.light({ kind: 'share', project, title: 'x', work: () => work });
    await window.call('projects.close', { project });
    expect(projectHolder(folder)).toBeDefined();
    finish();
    await one.jobs.ended(job.id);
    await vi.waitFor(() => expect(projectHolder(folder)).toBeUndefined());
    await expect(window.call('projects.get', { project })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('is opened once by windows that open it at the same time', async () => {
    await one.client.call('projects.close', { project });
    const windows = [one.connect(), one.connect(), one.connect()];
    const states = await Promise.all(
      windows.map((window) => window.call('projects.open', { source: { place: one.place(place.photos) } })),
    );
    expect(states.map(({ readOnly }) => readOnly)).toEqual([null, null, null]);
    expect(await one.looked(project)).toMatchObject({ counts: { photos: 3, missing: 0 } });
  });
});

it('a project whose own folder is gone says so, and nobody is said to have taken it', async () => {
  const { folder } = one.projects.get(project);
  rmSync(folder, { recursive: true });
  await expect(label(one, 'bees')).rejects.toMatchObject({ code: 'storage', message: /not there/ });
  expect((await one.client.call('projects.get', { project })).readOnly).toBeNull();
});

it('a project in a write-protected folder can be looked at', async () => {
  if (process.getuid?.() === 0) return; // root writes everywhere
  const { folder } = one.projects.get(project);
  await one.client.call('projects.close', { project });
  chmodSync(folder, 0o555);
  const state = await two.open(folder);
  chmodSync(folder, 0o755);
  expect(state.readOnly).toEqual({ holder: 'a write-protected folder' });
});

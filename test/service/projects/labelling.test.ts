import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MethodInput } from '../../../src/contract/methods.ts';
import type { Task } from '../../../src/contract/project.ts';
import type { ProjectState } from '../../../src/contract/projects.ts';
import { createProject, openProject } from '../../../src/store/project.ts';
import { asset, id } from '../../store/project-testing.ts';
import {
  labelsOf,
  listen,
  photo,
  putClasses,
  scratch,
  startEngine,
  type Engine,
  type Scratch,
} from './projects-testing.ts';

let place: Scratch;
let engine: Engine;
let project: string;
/** By path. */
let ids: Record<string, string>;

beforeEach(async () => {
  place = scratch();
  engine = startEngine(place);
  await putClasses(place, { ants: 3, bees: 2 });
  place.put('new.jpg', await photo());
  project = (await engine.open(place.photos)).id;
  ids = Object.fromEntries((await engine.photos(project)).map(({ path, id }) => [path, id]));
});
afterEach(async () => {
  await engine.close();
  place.remove();
});

const of = (...paths: string[]): string[] => paths.map((path) => ids[path] ?? '');
type Assign = Omit<MethodInput<'labels.assign'>, 'project' | 'photos'>;
const assign = (paths: string[], how: Assign): Promise<ProjectState> =>
  engine.client.call('labels.assign', { project, photos: of(...paths), ...how });
const undo = (): Promise<ProjectState> => engine.client.call('labels.undo', { project });
const redo = (): Promise<ProjectState> => engine.client.call('labels.redo', { project });
const labels = async () => labelsOf(await engine.photos(project));
const classes = ({ classes: list }: ProjectState) => list.map(({ name, count }) => `${name} ${count}`);

describe('labels', () => {
  it('are given and taken, say what was done, and are undone and redone one by one', async () => {
    const before = await labels();
    const one = await assign(['new.jpg'], { label: 'bees' });
    expect(one).toMatchObject({ undo: 'Label new.jpg "bees"', redo: null, counts: { unlabeled: 0 } });
    expect(classes(one)).toEqual(['ants 3', 'bees 3']);
    const many = await assign(['ants/1.jpg', 'ants/2.jpg', 'ants/2.jpg', 'bees/1.jpg'], { label: 'bees' });
    expect(many.undo).toBe('Label 2 photos "bees"'); // the third was one already
    const none = await assign(['ants/1.jpg'], { label: null });
    expect(none).toMatchObject({ undo: 'Take the label from 1.jpg', counts: { unlabeled: 1 } });
    const after = await labels();
    expect(after).toMatchObject({ 'new.jpg': ['bees'], 'ants/1.jpg': [], 'ants/2.jpg': ['bees'] });
    await undo();
    await undo();
    expect(await undo()).toMatchObject({ undo: null, redo: 'Label new.jpg "bees"' });
    expect(await labels()).toEqual(before);
    expect((await undo()).undo).toBeNull();
    for (const _ of [1, 2, 3, 4]) await redo();
    expect(await labels()).toEqual(after);
  });

  it('in a single-label project are replaced by adding, and only taken where they are', async () => {
    await assign(['ants/1.jpg', 'new.jpg'], { label: 'bees', mode: 'add' });
    expect(await labels()).toMatchObject({ 'ants/1.jpg': ['bees'], 'new.jpg': ['bees'] });
    await assign(['ants/1.jpg', 'ants/2.jpg'], { label: 'bees', mode: 'remove' });
    expect(await labels()).toMatchObject({ 'ants/1.jpg': [], 'ants/2.jpg': ['ants'] });
    const same = await assign(['ants/2.jpg'], { label: 'ants' });
    expect(same.undo).toBe('Take "bees" from 1.jpg'); // nothing has been done
  });

  it('in a multi-label project add up', async () => {
    await engine.projects.get(project).project.updateManifest({ task: 'multi-label' });
    await assign(['ants/1.jpg', 'new.jpg'], { label: 'bees', mode: 'add' });
    expect(await labels()).toMatchObject({ 'ants/1.jpg': ['ants', 'bees'], 'new.jpg': ['bees'] });
    const removed = await assign(['ants/1.jpg'], { label: 'ants', mode: 'remove' });
    expect(classes(removed)).toEqual(['ants 2', 'bees 4']);
    await assign(['ants/1.jpg', 'new.jpg'], { label: 'ants' });
    expect(await labels()).toMatchObject({ 'ants/1.jpg': ['ants'], 'new.jpg': ['ants'] });
  });

  it('are numbers where a number is to be predicted, and come back with the task', async () => {
    const before = await labels();
    const change = (task: Task) => engine.client.call('projects.changeTask', { project, task });
    const set = (paths: readonly string[], target: number | null) =>
      engine.client.call('labels.setTarget', { project, photos: of(...paths), target });
    const targets = async () =>
      Object.fromEntries(
        (await engine.client.call('photos.list', { project, offset: 0 })).photos.flatMap(
          ({ path, target }) => (target === undefined ? [] : [[path, target]]),
        ),
      );
    await expect(set(['new.jpg'], 3)).rejects.toMatchObject({ code: 'bad-input' });
    expect(await change('regression')).toMatchObject({ task: 'regression' });
    await expect(assign(['new.jpg'], { label: 'ants' })).rejects.toMatchObject({ code: 'bad-input' });
    expect((await set(['new.jpg', 'ants/1.jpg'], 2.5)).undo).toBe('Give 2 photos the number 2.5');
    expect((await set(['new.jpg'], null)).undo).toBe('Take the number from new.jpg');
    expect(await targets()).toEqual({ 'ants/1.jpg': 2.5 });
    await undo();
    expect(await targets()).toEqual({ 'ants/1.jpg': 2.5, 'new.jpg': 2.5 });
    expect(await change('single-label')).toMatchObject({ task: 'single-label' });
    expect(await labels()).toEqual(before);
    await change('multi-label');
    await assign(['ants/1.jpg'], { label: 'bees', mode: 'add' });
    await expect(change('single-label')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('ants/1.jpg') as string,
    });
  });

  it('are refused where they can not be, and nothing has changed then', async () => {
    const before = await labels();
    await expect(assign(['new.jpg'], { label: 'wasps' })).rejects.toMatchObject({
      code: 'bad-input',
      remedy: /add the class/,
    });
    await expect(
      engine.client.call('labels.assign', {
        project,
        photos: [...of('new.jpg'), 'f'.repeat(64)],
        label: 'ants',
      }),
    ).rejects.toMatchObject({ code: 'not-found' });
    expect(await labels()).toEqual(before);
  });

  it('are told to every window of the engine at once', async () => {
    const other = engine.connect();
    const [photos, states] = [listen(other, 'photos.changed'), listen(other, 'project.changed')];
    const opened = await other.call('projects.open', { source: { place: engine.place(place.photos) } });
    expect(opened.id).toBe(project);
    await engine.looked(project);
    const { revision } = await assign(['new.jpg'], { label: 'bees' });
    await photos.until((event) => event.revision === revision);
    expect(photos.heard.at(-1)).toMatchObject({
      project,
      removed: [],
      changed: [{ path: 'new.jpg', labels: ['bees'] }],
    });
    await states.until(({ state }) => state.revision === revision && state.undo !== null);
    // The first window leaves: the other goes on.
    await engine.client.call('projects.close', { project });
    await other.call('labels.undo', { project });
    await other.call('projects.close', { project });
    await expect(other.call('labels.undo', { project })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('leave photos out of training and take them back in', async () => {
    const state = await engine.client.call('photos.exclude', {
      project,
      photos: of('new.jpg', 'ants/1.jpg'),
      excluded: true,
    });
    expect(state).toMatchObject({ counts: { excluded: 2 }, undo: 'Leave out 2 photos' });
    expect((await engine.photos(project)).filter(({ excluded }) => excluded).map(({ path }) => path)).toEqual(
      ['ants/1.jpg', 'new.jpg'],
    );
    const back = await engine.client.call('photos.exclude', {
      project,
      photos: of('new.jpg', 'ants/2.jpg'),
      excluded: false,
    });
    expect(back).toMatchObject({ counts: { excluded: 1 }, undo: 'Take new.jpg back in' });
    expect((await undo()).counts.excluded).toBe(2);
  });
});

describe('classes', () => {
  const names = async () => classes(await engine.client.call('projects.get', { project }));

  it('are created, renamed, merged, deleted and coloured, each in one step that can be undone', async () => {
    const start = [await names(), await labels()];
    const created = await engine.client.call('classes.create', { project, name: ' wasps ' });
    expect(created.classes[2]).toEqual({ name: 'wasps', color: 2, count: 0 });
    const renamed = await engine.client.call('classes.rename', { project, name: 'ants', to: 'Ameisen' });
    expect(classes(renamed)).toEqual(['Ameisen 3', 'bees 2', 'wasps 0']);
    expect(renamed.undo).toBe('Rename class "ants" to "Ameisen"');
    expect(renamed.classes.map(({ color }) => color)).toEqual([0, 1, 2]);
    const recolored = await engine.client.call('classes.recolor', { project, name: 'bees', color: 7 });
    expect(recolored.classes.map(({ color }) => color)).toEqual([0, 7, 2]);
    const merged = await engine.client.call('classes.merge', { project, from: 'Ameisen', into: 'wasps' });
    expect(classes(merged)).toEqual(['bees 2', 'wasps 3']);
    const removed = await engine.client.call('classes.remove', { project, name: 'wasps' });
    expect(removed).toMatchObject({ counts: { unlabeled: 4 }, classes: [{ name: 'bees', color: 7 }] });
    for (let n = 0; n < 5; n += 1) await undo();
    expect([await names(), await labels()]).toEqual(start);
    for (let n = 0; n < 5; n += 1) await redo();
    expect(await names()).toEqual(['bees 2']);
    await engine.close();
    engine = startEngine(place);
    await engine.open(place.photos);
    expect(await names()).toEqual(['bees 2']);
    for (let n = 0; n < 5; n += 1) await undo();
    expect([await names(), await labels()]).toEqual(start);
  });

  it('are refused where they make no sense', async () => {
    const { client } = engine;
    await expect(client.call('classes.create', { project, name: 'ants' })).rejects.toMatchObject({
      code: 'bad-input',
    });
    await expect(client.call('classes.rename', { project, name: 'ants', to: 'bees' })).rejects.toMatchObject({
      code: 'bad-input',
      remedy: /merge/,
    });
    await expect(client.call('classes.merge', { project, from: 'ants', into: 'ants' })).rejects.toMatchObject(
      { code: 'bad-input' },
    );
    for (const call of [
      () => client.call('classes.rename', { project, name: 'x', to: 'y' }),
      () => client.call('classes.merge', { project, from: 'ants', into: 'x' }),
      () => client.call('classes.remove', { project, name: 'x' }),
      () => client.call('classes.recolor', { project, name: 'x', color: 1 }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'not-found', message: /no class "x"/ });
    const same = await client.call('classes.rename', { project, name: 'ants', to: 'ants' });
    expect(same.undo).toBeNull();
  });

  it('may be called like anything', async () => {
    for (const name of ['__proto__', 'constructor', '=1+1', 'Ü,"x"\n', '日本']) {
      await engine.client.call('classes.create', { project, name });
      await assign(['new.jpg'], { label: name.trim() });
      expect((await labels())['new.jpg']).toEqual([name.trim()]);
    }
    expect(await names()).toContain('日本 1');
  });

  it('decide what photos are that are found later in their folders', async () => {
    await engine.client.call('classes.rename', { project, name: 'ants', to: 'Ameisen' });
    await engine.client.call('classes.remove', { project, name: 'bees' });
    place.put('ants/late.jpg', await photo());
    place.put('bees/late.jpg', await photo());
    place.put('flies/late.jpg', await photo());
    await engine.client.call('projects.rescan', { project });
    await engine.looked(project);
    expect(await labels()).toMatchObject({
      'ants/late.jpg': ['Ameisen'],
      'bees/late.jpg': [],
      'flies/late.jpg': ['flies'],
    });
    expect(await names()).toEqual(['Ameisen 4', 'flies 1']);
    expect((await engine.client.call('projects.get', { project })).undo).toBe(
      'Delete class "bees" (2 photos)',
    );
    await undo();
    expect(await names()).toEqual(['Ameisen 4', 'bees 2', 'flies 1']);
  });
});

describe('fifty thousand photos', () => {
  const count = 50_000;

  it('come in pages, and are labelled at once in messages of a bounded size', async () => {
    const folder = join(place.root, 'large');
    const large = await createProject(folder, {
      name: 'Large',
      classes: ['a', 'b'],
      photoFolder: join(place.root, 'nowhere'),
    });
    await large.step(() => ({
      description: 'Found photos',
      undoable: false,
      photos: Array.from({ length: count }, (_, n) => ({ id: id(n), to: asset(n) })),
    }));
    await large.compact();
    await large.close();
    const { id: it } = await engine.open(folder);
    const rows: string[] = [];
    for (let offset = 0; ;) {
      const page = await engine.client.call('photos.list', { project: it, offset });
      expect(page).toMatchObject({ total: count });
      if (page.photos.length === 0) break;
      rows.push(...page.photos.map(({ path }) => path));
      offset += page.photos.length;
    }
    expect(rows).toEqual([...rows].sort());
    expect(new Set(rows).size).toBe(count);

    const { heard, until } = listen(engine.client, 'photos.changed');
    const all = Array.from({ length: count }, (_, n) => id(n));
    const state = await engine.client.call('labels.assign', { project: it, photos: all, label: 'b' });
    expect(state).toMatchObject({ counts: { labeled: count }, undo: 'Label 50,000 photos "b"' });
    const told = () => heard.reduce((sum, { changed }) => sum + changed.length, 0);
    await until(() => told() === count);
    expect(Math.max(...heard.map(({ changed }) => changed.length))).toBeLessThanOrEqual(1_000);
    expect(heard.map(({ revision }) => revision)).toEqual(heard.map((_, n) => n + (heard[0]?.revision ?? 0)));
    await engine.client.call('labels.undo', { project: it });
    expect((await engine.client.call('projects.get', { project: it })).counts.labeled).toBe(0);
    await engine.client.call('projects.close', { project: it });
    const reader = await openProject(folder, { readOnly: true });
    expect([reader.undoable.length, reader.redoable.length]).toEqual([0, 1]);
  });
});

it('a person whose engine is killed finds all that was confirmed', async () => {
  await assign(['new.jpg'], { label: 'bees' });
  await engine.client.call('classes.rename', { project, name: 'bees', to: 'Bienen' });
  const [own = ''] = readdirSync(join(place.data, 'projects'));
  const folder = join(place.data, 'projects', own);
  // No close: what another process would find on the disk now.
  const found = await openProject(folder, { readOnly: true });
  expect(found.problems).toEqual([]);
  expect(found.manifest.classes).toEqual(['ants', 'Bienen']);
  expect(found.assets.get(ids['new.jpg'] ?? '')?.labels).toEqual(['Bienen']);
  expect(readFileSync(join(folder, 'labels.journal.jsonl'), 'utf8')).toContain('Rename class');
});

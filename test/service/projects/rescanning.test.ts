import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProjectState } from '../../../src/contract/projects.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
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

beforeEach(() => {
  place = scratch();
  engine = startEngine(place);
});
afterEach(async () => {
  await engine.close();
  place.remove();
});

const open = async (): Promise<ProjectState> => {
  const state = await engine.open(place.photos);
  project = state.id;
  return state;
};
async function rescan(): Promise<ProjectState> {
  const { job } = await engine.client.call('projects.rescan', { project });
  const { state, error } = await engine.jobs.ended(job);
  expect([state, error]).toEqual(['done', null]);
  return engine.client.call('projects.get', { project });
}
const rows = () => engine.photos(project);
const labels = async () => labelsOf(await rows());
const idOf = async (path: string) => (await rows()).find((row) => row.path === path)?.id ?? '';
const assign = async (path: string, label: string | null) =>
  engine.client.call('labels.assign', { project, photos: [await idOf(path)], label });
const move = (from: string, to: string): void => {
  mkdirSync(join(place.photos, to, '..'), { recursive: true });
  renameSync(join(place.photos, from), join(place.photos, to));
};

describe('looking through the folder again', () => {
  it('finds new photos, marks missing ones, and knows them when they are back', async () => {
    await putClasses(place, { ants: 2, bees: 1 });
    await open();
    await assign('ants/1.jpg', 'bees');
    const id = await idOf('ants/1.jpg');
    const bytes = place.put('ants/3.jpg', await photo());
    move('ants/1.jpg', '../aside.jpg');
    const heard = listen(engine.client, 'photos.changed');
    const after = await rescan();
    expect(after.counts).toMatchObject({ photos: 4, missing: 1, labeled: 4 });
    await heard.until(({ changed }) => changed.some((row) => row.id === id && row.missing === true));
    expect(bytes).toContain('3.jpg');
    expect((await rows()).find((row) => row.id === id)).toMatchObject({ missing: true, labels: ['bees'] });
    expect(after.undo).toBe('Label 1.jpg "bees"');
    move('../aside.jpg', 'ants/1.jpg');
    expect((await rescan()).counts).toMatchObject({ photos: 4, missing: 0 });
    expect(await labels()).toMatchObject({ 'ants/1.jpg': ['bees'] });
  });

  it('changes nothing where nothing has changed', async () => {
    await putClasses(place, { ants: 2, bees: 1 });
    place.put('bees/copy.jpg', await photo(77));
    place.put('bees/same.jpg', await photo(77));
    const { revision } = await open();
    const journal = join(engine.projects.get(project).folder, 'labels.journal.jsonl');
    const before = readdirSync(join(journal, '..'));
    expect((await rescan()).revision).toBe(revision);
    expect(readdirSync(join(journal, '..'))).toEqual(before);
    expect(engine.projects.get(project).project.undoable).toEqual([]);
  });

  it('follows photos that were moved or renamed', async () => {
    await putClasses(place, { ants: 2, bees: 1 });
    place.put('new.jpg', await photo());
    place.put('other.jpg', await photo());
    await open();
    await assign('ants/1.jpg', 'bees');
    await assign('other.jpg', 'ants');
    const ids = new Set((await rows()).map(({ id }) => id));
    move('ants/1.jpg', 'ants/renamed.jpg'); // keeps the label a person has given
    move('ants/2.jpg', 'bees/2.jpg'); // keeps the label the folder had given
    move('new.jpg', 'bees/new.jpg'); // had none: takes that of its new folder
    move('other.jpg', 'flies/other.jpg'); // a folder that was not there
    const state = await rescan();
    expect(state.counts).toMatchObject({ photos: 5, missing: 0 });
    expect(await labels()).toEqual({
      'ants/renamed.jpg': ['bees'],
      'bees/1.jpg': ['bees'],
      'bees/2.jpg': ['ants'],
      'bees/new.jpg': ['bees'],
      'flies/other.jpg': ['ants'],
    });
    expect(new Set((await rows()).map(({ id }) => id))).toEqual(ids);
  });

  it('knows copies for what they are', async () => {
    const bytes = await photo();
    place.put('ants/1.jpg', bytes);
    place.put('ants/copy/1.jpg', bytes);
    place.put('bees/1.jpg', await photo());
    await open();
    const id = await idOf('ants/1.jpg');
    const details = () => engine.client.call('photos.get', { project, photo: id });
    expect(await details()).toMatchObject({
      path: 'ants/1.jpg',
      otherPaths: ['ants/copy/1.jpg'],
      labels: ['ants'],
    });
    rmSync(join(place.photos, 'ants/1.jpg'));
    expect((await rescan()).counts).toMatchObject({ photos: 2, missing: 0 });
    expect(await details()).toMatchObject({ path: 'ants/copy/1.jpg', otherPaths: [], labels: ['ants'] });
  });

  it('leaves a photo of two classes without a label, and says so until a person decides', async () => {
    const bytes = await photo();
    for (const path of ['ants/1.jpg', 'bees/same.jpg']) place.put(path, bytes);
    await putClasses(place, { flies: 1 });
    const { problems, classes } = await open();
    expect(problems).toEqual([
      'The same photo lies at "ants/1.jpg" ("ants") and "bees/same.jpg" ("bees"): it has no label until you choose one.',
    ]);
    expect(classes.map(({ name, count }) => [name, count])).toEqual([
      ['ants', 0],
      ['bees', 0],
      ['flies', 1],
    ]);
    expect(await rescan()).toMatchObject({ problems });
    await assign('ants/1.jpg', 'bees');
    expect((await rescan()).problems).toEqual([]);
    expect(await labels()).toMatchObject({ 'ants/1.jpg': ['bees'] });
  });

  it('keeps the label of a photo that was edited in its place, and not that of another photo there', async () => {
    const original = blobs(1, 160, 120);
    place.put('a.jpg', await original.clone().jpeg().toBuffer());
    place.put('b.jpg', await blobs(2, 160, 120).jpeg().toBuffer());
    const dated = blobs(3, 160, 120).withExif({ IFD2: { DateTimeOriginal: '2024:05:17 09:31:04' } });
    place.put('c.jpg', await dated.clone().jpeg().toBuffer());
    await open();
    await engine.client.call('classes.create', { project, name: 'rust' });
    for (const path of ['a.jpg', 'b.jpg', 'c.jpg']) await assign(path, 'rust');
    const before = await idOf('a.jpg');
    const former = engine.projects.get(project).asset(before);
    place.put(
      'a.jpg',
      await sharp(await original.clone().jpeg().toBuffer())
        .modulate({ brightness: 1.1 })
        .jpeg({ quality: 80 })
        .toBuffer(),
    );
    place.put('b.jpg', await blobs(20, 160, 120).jpeg().toBuffer());
    const turned = sharp(await dated.clone().jpeg().toBuffer())
      .rotate(90)
      .keepExif();
    place.put('c.jpg', await turned.jpeg().toBuffer());
    const heard = listen(engine.client, 'photos.changed');
    const state = await rescan();
    expect((await rows()).map(({ path, labels, missing }) => [path, labels, missing ?? false])).toEqual(
      expect.arrayContaining([
        ['a.jpg', ['rust'], false],
        ['b.jpg', [], false],
        ['b.jpg', ['rust'], true],
        ['c.jpg', ['rust'], false],
      ]),
    );
    expect(state.counts).toMatchObject({ photos: 4, missing: 1 });
    await heard.until(({ removed }) => removed.includes(before));
    // The original comes back: it is known, with its label.
    place.put('a.jpg', await original.clone().jpeg().toBuffer());
    await rescan();
    expect(former.labels).toEqual(['rust']);
    expect((await rows()).find(({ id }) => id === before)).toMatchObject({ path: 'a.jpg', labels: ['rust'] });
  });

  it('does not take over labels a person gives meanwhile', async () => {
    const base = await photo();
    for (let n = 0; n < 198; n += 1) place.put(`ants/${n}.jpg`, Buffer.concat([base, Buffer.from(`${n}`)]));
    await putClasses(place, { bees: 2 });
    const { id } = await engine.client.call('projects.open', {
      source: { place: engine.place(place.photos) },
    });
    project = id;
    const heard = listen(engine.client, 'photos.changed');
    await heard.until(({ changed }) => changed.length > 0);
    const first = heard.heard.flatMap(({ changed }) => changed).find((row) => row.labels[0] === 'ants');
    const state = await engine.client.call('labels.assign', {
      project,
      photos: [first?.id ?? ''],
      label: 'bees',
    });
    expect(state.scan).not.toBeNull();
    const looked = await engine.looked(project);
    expect(looked.counts).toMatchObject({ photos: 200, labeled: 200 });
    expect(looked.undo).toContain('"bees"');
    expect((await labels())[first?.path ?? '']).toEqual(['bees']);
    await engine.client.call('labels.undo', { project });
    expect((await labels())[first?.path ?? '']).toEqual(first?.labels);
  });

  it('goes on where it was broken off', async () => {
    const base = await photo();
    // Bytes behind the picture make other photos of it.
    for (let n = 0; n < 300; n += 1)
      place.put(`ants/${1_000 + n}.jpg`, Buffer.concat([base, Buffer.from(`${n}`)]));
    place.put('zz/1.jpg', await photo(99));
    place.put('ants/0.jpg', await photo(99));
    const { id } = await engine.client.call('projects.open', {
      source: { place: engine.place(place.photos) },
    });
    project = id;
    const heard = listen(engine.client, 'photos.changed');
    await heard.until(({ changed }) => changed.length > 0);
    const { scan } = await engine.client.call('projects.get', { project });
    await engine.client.call('jobs.cancel', { job: scan ?? '' });
    expect((await engine.jobs.ended(scan ?? '')).state).toBe('cancelled');
    const cut = await engine.client.call('projects.get', { project });
    expect(cut.scan).toBeNull();
    expect(cut.counts.photos).toBeGreaterThan(0);
    expect(cut.counts.photos).toBeLessThan(301);
    expect(cut.counts.missing).toBe(0);
    const whole = await rescan();
    expect(whole.counts).toMatchObject({ photos: 301, labeled: 300, missing: 0 });
    expect(whole.problems).toEqual([expect.stringContaining('"zz/1.jpg" ("zz")')]);
  });

  it('says what can not be read, and does not forget what it knew of it', async () => {
    if (process.getuid?.() === 0) return; // root reads everything
    await putClasses(place, { ants: 2 });
    await open();
    chmodSync(join(place.photos, 'ants'), 0o000);
    const state = await rescan();
    chmodSync(join(place.photos, 'ants'), 0o755);
    expect(state.counts.missing).toBe(2);
  });
});

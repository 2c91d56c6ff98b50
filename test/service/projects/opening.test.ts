import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject } from '../../../src/store/project.ts';
import { createRun } from '../../../src/store/runs.ts';
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
beforeEach(() => {
  place = scratch();
  engine = startEngine(place);
});
afterEach(async () => {
  await engine.close();
  place.remove();
});

/** Every file of the photos' folder with what could show a change. */
function fingerprint(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const { size, mtimeMs } = statSync(join(entry.parentPath, entry.name));
    return `${entry.parentPath}/${entry.name} ${size} ${mtimeMs}`;
  });
}

describe('opening a folder of photos', () => {
  it('makes classes of folders, shows the photos as they are read, and leaves the folder as it is', async () => {
    await putClasses(place, { ants: 3, bees: 2 });
    place.put(
      'bees/dated.jpg',
      await blobs(1, 40, 30)
        .withExif({ IFD0: { Model: 'Canon EOS 80D' }, IFD2: { DateTimeOriginal: '2024:05:17 09:31:04' } })
        .jpeg()
        .toBuffer(),
    );
    place.put('notes.txt', 'x');
    const before = fingerprint(place.photos);
    const { heard, until } = listen(engine.client, 'photos.changed');
    const at = await engine.client.call('projects.open', { source: { place: engine.place(place.photos) } });
    expect(at).toMatchObject({
      name: 'photos',
      counts: { photos: 0 },
      scan: expect.any(String),
      readOnly: null,
    });
    const state = await engine.looked(at.id);
    expect(state).toMatchObject({
      task: 'single-label',
      classes: [
        { name: 'ants', color: 0, count: 3 },
        { name: 'bees', color: 1, count: 3 },
      ],
      counts: { photos: 6, labeled: 6, unlabeled: 0, excluded: 0, missing: 0, skipped: 1 },
      problems: [],
      undo: null,
      redo: null,
      scan: null,
      lastRun: null,
      photoFolders: [place.photos],
    });
    const listed = await engine.client.call('photos.list', { project: at.id, offset: 0 });
    expect(listed).toMatchObject({ total: 6, revision: state.revision });
    expect(listed.photos.map(({ path }) => path)).toEqual([
      'ants/1.jpg',
      'ants/2.jpg',
      'ants/3.jpg',
      'bees/1.jpg',
      'bees/2.jpg',
      'bees/dated.jpg',
    ]);
    expect(listed.photos.at(-1)).toMatchObject({
      labels: ['bees'],
      width: 40,
      height: 30,
      takenAt: '2024-05-17T09:31:04',
    });
    await until(({ revision }) => revision === state.revision);
    expect(new Set(heard.flatMap(({ changed }) => changed.map(({ path }) => path))).size).toBe(6);
    expect(heard.map(({ revision }) => revision)).toEqual(heard.map((_, index) => index + 1));
    const dated = await engine.client.call('photos.get', {
      project: at.id,
      photo: listed.photos.at(-1)?.id ?? '',
    });
    expect(dated.facts).toEqual([{ name: 'Camera', value: 'Canon EOS 80D' }]);
    expect(await engine.client.call('projects.skipped', { project: at.id })).toMatchObject([
      { path: 'notes.txt', code: 'not-a-photo' },
    ]);
    expect(fingerprint(place.photos)).toEqual(before);
    const [own = ''] = readdirSync(join(place.data, 'projects'));
    expect(own).toMatch(/^photos-[0-9a-f]{10}$/);
    const manifest: unknown = JSON.parse(
      readFileSync(join(place.data, 'projects', own, 'holotype.json'), 'utf8'),
    );
    expect(manifest).toMatchObject({ photoFolder: place.photos, classes: ['ants', 'bees'] });
  });

  it('finds its project again, by whichever way', async () => {
    await putClasses(place, { ants: 1, bees: 1 });
    const first = await engine.open(place.photos);
    await engine.client.call('classes.rename', { project: first.id, name: 'ants', to: 'Formicidae' });
    await engine.client.call('projects.rename', { project: first.id, name: 'Insects' });
    await engine.client.call('projects.close', { project: first.id });
    symlinkSync(place.photos, join(place.root, 'link'));
    const again = await engine.open(join(place.root, 'link'));
    expect(again).toMatchObject({
      id: first.id,
      name: 'Insects',
      classes: [{ name: 'Formicidae' }, { name: 'bees' }],
    });
    expect(readdirSync(join(place.data, 'projects'))).toHaveLength(1);
    const [own = ''] = readdirSync(join(place.data, 'projects'));
    // The project's own folder is a project, too.
    expect((await engine.open(join(place.data, 'projects', own))).id).toBe(first.id);
    expect((await engine.client.call('projects.reopen', { project: first.id })).id).toBe(first.id);
  });

  it('finds its project again when the photos were moved or renamed as a folder', async () => {
    await putClasses(place, { ants: 5, bees: 5 });
    const { id: project } = await engine.open(place.photos);
    const [first] = await engine.photos(project);
    await engine.client.call('labels.assign', { project, photos: [first?.id ?? ''], label: 'bees' });
    await engine.client.call('projects.close', { project });
    // A copy of most of it is no move while the photos are where they were.
    const copy = join(place.root, 'copy');
    cpSync(place.photos, copy, { recursive: true });
    const other = await engine.open(copy);
    expect(other.id).not.toBe(project);
    await engine.client.call('projects.close', { project: other.id });

    const moved = join(place.root, 'moved');
    renameSync(place.photos, moved);
    rmSync(join(moved, 'ants', '5.jpg'));
    const state = await engine.open(moved);
    expect(state).toMatchObject({ id: project, photoFolders: [moved], counts: { photos: 10, missing: 1 } });
    expect(labelsOf(await engine.photos(project))['ants/1.jpg']).toEqual(['bees']);
    expect((await engine.open(moved)).id).toBe(project);
    // Where they were, other photos may lie by now: they are another project.
    await putClasses(place, { wasps: 1 });
    const fresh = await engine.open(place.photos);
    expect(fresh.id).not.toBe(project);
    expect(fresh.classes.map(({ name }) => name)).toEqual(['wasps']);
  });

  it('opens a folder that is a project, whose photos lie in it', async () => {
    await putClasses(place, { 'photos of ants': 2 });
    place.put('runs/x/report.json', '{}');
    await (await createProject(place.photos, { name: 'Ants', classes: ['bees'] })).close();
    const state = await engine.open(place.photos);
    expect(state).toMatchObject({ name: 'Ants', counts: { photos: 2, skipped: 0 } });
    expect(state.classes.map(({ name }) => name)).toEqual(['bees', 'photos of ants']);
    expect(existsSync(join(place.data, 'projects'))).toBe(false);
  });

  it('opens whatever there is: one photo, no labels, one class, nothing that can be used', async () => {
    const open = async (files: Readonly<Record<string, Uint8Array | string>>) => {
      rmSync(place.photos, { recursive: true });
      mkdirSync(place.photos);
      rmSync(place.data, { recursive: true, force: true });
      await engine.close();
      engine = startEngine(place);
      for (const [path, content] of Object.entries(files)) place.put(path, content);
      return engine.open(place.photos);
    };
    const one = await photo();
    expect(await open({ 'a.jpg': one })).toMatchObject({ classes: [], counts: { photos: 1, unlabeled: 1 } });
    expect(await open({ 'a/a.jpg': one, 'b/notes.txt': 'x' })).toMatchObject({
      classes: [{ name: 'a', count: 1 }],
      counts: { photos: 1, labeled: 1, skipped: 1 },
    });
    expect(await open({ 'a/a.jpg': 'no photo', 'b/b.jpg': one })).toMatchObject({
      classes: [{ name: 'b', count: 1 }],
      counts: { photos: 1, skipped: 1 },
      problems: ['No photo of "a" can be used: it is no class.'],
    });
    expect(await open({ 'a.jpg': one.subarray(0, 300), 'b.jpg': '' })).toMatchObject({
      counts: { photos: 0, skipped: 2 },
      classes: [],
    });
    expect(await open({ 'val/new/a.jpg': one, 'train/old/b.jpg': await photo() })).toMatchObject({
      classes: [{ name: 'new' }, { name: 'old' }],
    });
  });

  it('takes labels, splits, groups and numbers from a table among the photos', async () => {
    for (const name of ['1.jpg', '2.jpg', '3.jpg']) place.put(name, await photo());
    place.put('labels.csv', 'filename,label,split,group\n1.jpg,ant,train,nest 1\n2.jpg,bee,val,\n');
    const { id, classes } = await engine.open(place.photos);
    expect(classes.map(({ name }) => name)).toEqual(['ant', 'bee']);
    const rows = await engine.photos(id);
    expect(rows).toMatchObject([
      { path: '1.jpg', labels: ['ant'], split: 'train' },
      { path: '2.jpg', labels: ['bee'], split: 'val' },
      { path: '3.jpg', labels: [] },
    ]);
    const details = await engine.client.call('photos.get', { project: id, photo: rows[0]?.id ?? '' });
    expect(details).toMatchObject({ group: 'nest 1', otherPaths: [], answers: [] });
  });

  it('predicts numbers where a table has nothing but numbers', async () => {
    for (const name of ['1.jpg', '2.jpg']) place.put(name, await photo());
    place.put('ages.csv', 'filename,target\n1.jpg,3.5\n2.jpg,7\n');
    const { id, task, counts } = await engine.open(place.photos);
    expect([task, counts.labeled]).toEqual(['regression', 2]);
    const [one] = await engine.photos(id);
    expect(one?.target).toBe(3.5);
    await expect(
      engine.client.call('labels.assign', { project: id, photos: [one?.id ?? ''], label: 'x' }),
    ).rejects.toMatchObject({ code: 'bad-input', message: /predicts numbers/ });
  });

  it('refuses in words what holds no photos', async () => {
    const open = (path: string) => engine.open(path);
    await expect(open(place.photos)).rejects.toMatchObject({
      code: 'bad-input',
      message: /is empty/,
      remedy: /Choose/,
    });
    const notes = place.put('notes.txt', 'x');
    await expect(open(place.photos)).rejects.toMatchObject({ code: 'bad-input', message: /no photos/ });
    await expect(open(notes)).rejects.toMatchObject({ code: 'bad-input', message: /is a file/ });
    await expect(open(join(place.root, 'none'))).rejects.toMatchObject({ code: 'not-found' });
    place.put('holotype.json', '{"kind":"model"}');
    await expect(open(place.photos)).rejects.toMatchObject({ code: 'bad-input', message: /trained model/ });
    place.put('holotype.json', '{"format":"holotype-project"}');
    await expect(open(place.photos)).rejects.toMatchObject({ code: 'bad-input' });
    expect(existsSync(join(place.data, 'projects'))).toBe(false);
    expect(await engine.client.call('projects.list', {})).toEqual([]);
  });

  it('takes dropped photos, which are kept from then on', async () => {
    const upload = engine.uploads.begin();
    const bytes = await photo();
    const stream = async function* () {
      yield bytes;
    };
    await engine.uploads.write(upload, 'my ants/red/1.jpg', stream());
    await engine.uploads.write(
      upload,
      'my ants/black/1.jpg',
      (async function* () {
        yield await photo();
      })(),
    );
    const state = await engine.client.call('projects.open', { source: { upload } });
    expect(state.name).toBe('my ants');
    const { classes } = await engine.looked(state.id);
    expect(classes.map(({ name }) => name)).toEqual(['black', 'red']);
    await engine.close();
    engine = startEngine(place);
    await engine.client.call('projects.reopen', { project: state.id });
    expect((await engine.looked(state.id)).counts).toMatchObject({ photos: 2, missing: 0 });
  });
});

describe('the list of recent projects', () => {
  it('shows what was opened, with photos for its card', async () => {
    await putClasses(place, { ants: 4, bees: 4 });
    const changes = listen(engine.client, 'projects.changed');
    const { id } = await engine.open(place.photos);
    const [summary] = await engine.client.call('projects.list', {});
    expect(summary).toMatchObject({
      id,
      name: 'photos',
      folder: place.photos,
      photos: 8,
      lastAccuracy: null,
      missing: false,
    });
    const rows = new Map((await engine.photos(id)).map((row) => [row.id, row]));
    const samples = summary?.samples?.map((sample) => rows.get(sample)?.labels[0]);
    expect(samples).toEqual(['ants', 'bees', 'ants', 'bees', 'ants', 'bees']);
    await changes.until(({ projects }) => projects[0]?.photos === 8);
    await engine.projects.runFinished(id, '2026-01-01T00-00-00-000Z-00000001', {
      task: 'single-label',
      accuracy: 0.9,
      mae: null,
    });
    expect((await engine.client.call('projects.list', {}))[0]?.lastAccuracy).toBe(0.9);
    expect((await engine.client.call('projects.get', { project: id })).lastRun).toBe(
      '2026-01-01T00-00-00-000Z-00000001',
    );
    // What its own runs say counts when it is opened again.
    const { folder } = engine.projects.get(id);
    await engine.client.call('projects.close', { project: id });
    const run = await createRun(folder, {});
    await run.writeReport({
      task: 'regression',
      metrics: { val: { accuracy: null, regression: { mae: 3 } } },
    });
    await run.close();
    await engine.client.call('projects.reopen', { project: id });
    await engine.looked(id);
    expect(await engine.client.call('projects.list', {})).toMatchObject([
      { lastTask: 'regression', lastMae: 3, lastAccuracy: null },
    ]);
    expect(await engine.client.call('projects.forget', { id })).toEqual([]);
    await expect(engine.client.call('projects.reopen', { project: id })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('says what to do about a project that is not where it was', async () => {
    await putClasses(place, { ants: 1 });
    const { id } = await engine.open(place.photos);
    await engine.client.call('projects.close', { project: id });
    renameSync(join(place.data, 'projects'), join(place.data, 'elsewhere'));
    await expect(engine.client.call('projects.reopen', { project: id })).rejects.toMatchObject({
      code: 'not-found',
      remedy: /drive/,
    });
  });
});

describe('settings of a project', () => {
  it('are remembered one by one', async () => {
    await putClasses(place, { ants: 1 });
    const { id: project } = await engine.open(place.photos);
    const change = (settings: Record<string, unknown>) =>
      engine.client.call('projects.changeSettings', { project, settings });
    await change({ backbone: 'x', epochs: 3 });
    expect((await change({ epochs: null, quality: 'best' })).settings).toEqual({
      backbone: 'x',
      quality: 'best',
    });
    await engine.client.call('projects.close', { project });
    expect((await engine.open(place.photos)).settings).toEqual({ backbone: 'x', quality: 'best' });
  });
});

describe('a folder whose drive is gone', () => {
  it('can still be looked at and labelled; the photos are marked missing until it is back', async () => {
    await putClasses(place, { ants: 2, bees: 1 });
    const { id: project } = await engine.open(place.photos);
    await engine.client.call('projects.close', { project });
    const away = join(place.root, 'away');
    renameSync(place.photos, away);
    expect(await engine.client.call('projects.list', {})).toMatchObject([{ missing: true }]);
    await engine.client.call('projects.reopen', { project });
    const gone = await engine.looked(project);
    expect(gone.counts).toMatchObject({ photos: 3, labeled: 3, missing: 3 });
    expect(gone.problems[0]).toContain("can't be reached");
    const rows = await engine.photos(project);
    expect(rows.every(({ missing }) => missing === true)).toBe(true);
    const [first] = rows;
    await engine.client.call('labels.assign', { project, photos: [first?.id ?? ''], label: 'bees' });
    expect(await engine.client.call('photos.get', { project, photo: first?.id ?? '' })).toMatchObject({
      facts: [],
      labels: ['bees'],
    });

    // An empty folder in its place, as a drive's mount point is, is no reason to think that all was deleted.
    mkdirSync(place.photos);
    await engine.client.call('projects.rescan', { project });
    expect((await engine.looked(project)).problems[0]).toContain("can't be reached");
    rmSync(place.photos, { recursive: true });

    renameSync(away, place.photos);
    const { heard, until } = listen(engine.client, 'photos.changed');
    await engine.client.call('projects.rescan', { project });
    const back = await engine.looked(project);
    expect(back).toMatchObject({ counts: { photos: 3, missing: 0 }, problems: [] });
    await until(({ changed }) => changed.some(({ id, missing }) => id === first?.id && missing !== true));
    expect(heard.length).toBeGreaterThan(0);
    expect(labelsOf(await engine.photos(project))['ants/1.jpg']).toEqual(['bees']);
  });
});

it('a project is not open before it was opened', async () => {
  await expect(engine.client.call('projects.get', { project: '0'.repeat(16) })).rejects.toMatchObject({
    code: 'not-found',
    remedy: /Open/,
  });
});

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderListSchema } from '../../../src/contract/folders.ts';
import { folderHandlers } from '../../../src/service/folders/handlers.ts';
import { createPlaces, type Places } from '../../../src/service/places.ts';
import { openUploads } from '../../../src/store/uploads.ts';
import { scratchFolder } from '../../store/scratch.ts';

let folder: string;
let home: string;
let places: Places;
beforeEach(() => {
  folder = scratchFolder();
  home = join(folder, 'home');
  places = createPlaces();
  for (const name of ['photos/ants', 'photos/bees', 'empty', '.secret', 'photo 10', 'photo 2'])
    add(`${name}/`);
  for (const name of ['1.jpg', '2.JPG', '3.tiff', 'notes.txt', '.4.jpg']) add(`photos/ants/${name}`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Makes a folder (ends with `/`) or a file. */
function add(path: string, text = 'x'): void {
  const full = join(home, path);
  if (path.endsWith('/')) mkdirSync(full, { recursive: true });
  else {
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
}

function lister(roots: readonly string[]) {
  const handlers = folderHandlers({
    places,
    uploads: openUploads(join(folder, 'uploads')),
    pickerRoots: roots,
    shorten: (path) => path.replace(home, '~'),
  });
  const { signal } = new AbortController();
  const list = async (id?: string) =>
    folderListSchema.parse(
      await handlers['folders.list'](id === undefined ? {} : { folder: id }, { signal }),
    );
  return { list, handlers };
}

describe('choosing a folder', () => {
  it('starts at the one root and leads down and up again', async () => {
    const { list } = lister([home]);
    const top = await list();
    expect(top).toMatchObject({ path: '~', parent: null });
    expect(top.entries.map(({ name }) => name)).toEqual(['empty', 'photo 2', 'photo 10', 'photos']);
    const photos = await list(top.entries.at(-1)?.id);
    expect(photos).toMatchObject({ path: '~/photos', parent: top.id });
    expect(photos.entries).toMatchObject([
      { name: 'ants', pictures: 3, project: false },
      { name: 'bees', pictures: 0 },
    ]);
    expect(places.pathOf(photos.entries[0]?.id ?? '')).toBe(join(home, 'photos', 'ants'));
  });

  it('starts at the list of roots when there are several', async () => {
    const drive = join(folder, 'drive');
    mkdirSync(drive);
    const { list } = lister([home, drive, join(folder, 'unplugged')]);
    const top = await list();
    expect(top.parent).toBeNull();
    expect(top.entries.map(({ name }) => name)).toEqual(['~', drive]);
    const inside = await list(top.entries[1]?.id);
    expect(inside).toMatchObject({ path: drive, parent: top.id });
    expect((await list(inside.parent ?? '')).entries).toHaveLength(2);
    // The list of roots is no folder that could be opened.
    expect(() => places.pathOf(top.id)).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  it('shows projects, archives and models as what they are', async () => {
    add('work/leaves/holotype.json', JSON.stringify({ format: 'holotype-project' }));
    add('work/model/holotype.json', JSON.stringify({ format: 'holotype-model' }));
    add('work/broken/holotype.json', '{');
    for (const name of ['shared.zip', 'net.onnx', 'net.tflite', 'notes.txt', '.hidden.zip'])
      add(`work/${name}`);
    const { list } = lister([join(home, 'work')]);
    const { entries, files } = await list();
    expect(entries.map(({ name, project }) => [name, project])).toEqual([
      ['broken', false],
      ['leaves', true],
      ['model', false],
    ]);
    expect(files.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['net.onnx', 1],
      ['net.tflite', 1],
      ['shared.zip', 1],
    ]);
  });

  it('follows links that stay inside and shows none that lead out', async () => {
    mkdirSync(join(folder, 'outside'));
    writeFileSync(join(folder, 'outside', 'secret.zip'), 'x');
    symlinkSync(join(folder, 'outside'), join(home, 'escape'));
    symlinkSync(join(folder, 'outside', 'secret.zip'), join(home, 'escape.zip'));
    symlinkSync(join(home, 'photos'), join(home, 'shortcut'));
    symlinkSync(join(home, 'gone'), join(home, 'broken'));
    symlinkSync(home, join(home, 'photos', 'loop'));
    const { list } = lister([home]);
    const { entries, files } = await list();
    const names = entries.map(({ name }) => name);
    expect(names).toContain('shortcut');
    for (const name of ['escape', 'broken', '.secret']) expect(names).not.toContain(name);
    expect(files).toEqual([]);
    // A folder that has become a link to elsewhere since it was shown.
    const id = places.grant(join(home, 'escape'));
    await expect(list(id)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('never leaves its roots, whatever places are known', async () => {
    const { list } = lister([join(home, 'photos')]);
    for (const path of [
      home,
      '/',
      '/etc',
      join(home, 'photos', '..', 'empty'),
      `${join(home, 'photos')}-other`,
    ]) {
      await expect(list(places.grant(path))).rejects.toMatchObject({ code: 'not-found' });
    }
    expect((await list()).parent).toBeNull();
    await expect(list('A'.repeat(24))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('counts no further than makes sense', async () => {
    mkdirSync(join(home, 'many'));
    for (let n = 0; n < 5001; n += 1) writeFileSync(join(home, 'many', `${n}.jpg`), '');
    const { list } = lister([home]);
    const many = (await list()).entries.find(({ name }) => name === 'many');
    expect(many).toMatchObject({ project: false });
    expect(many?.pictures).toBeUndefined();
  });

  it('is left to the system where there is a system to ask', async () => {
    await expect(lister([]).list()).rejects.toMatchObject({ code: 'not-supported' });
  });
});

describe('sending files instead', () => {
  it('begins with a place for them', async () => {
    const { handlers } = lister([home]);
    const { signal } = new AbortController();
    const [one, other] = [
      await handlers['uploads.begin']({}, { signal }),
      await handlers['uploads.begin']({}, { signal }),
    ];
    expect(one.upload).not.toBe(other.upload);
  });
});

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackProject } from '../../../src/service/projects/open-archive.ts';
import {
  labelsOf,
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

beforeEach(async () => {
  place = scratch();
  engine = startEngine(place);
  await putClasses(place, { ants: 2, 'bees, "wild"': 1 });
  place.put('Übung/日本.jpg', await photo());
  project = (await engine.open(place.photos)).id;
});
afterEach(async () => {
  await engine.close();
  place.remove();
});

/** Shares the project and returns the archive's path. */
async function share(photos = true): Promise<string> {
  const { job } = await engine.client.call('projects.share', { project, photos });
  const { state, error } = await engine.jobs.ended(job);
  expect([state, error]).toEqual(['done', null]);
  const download = await engine.client.call('jobs.download', { job });
  const { content, name } = engine.downloads.get(download?.download ?? '');
  expect(name).toBe('photos.zip');
  if (content instanceof Uint8Array) throw new Error('an archive is a file');
  expect(readFileSync(content.path).length).toBe(content.bytes);
  return content.path;
}

/** Another machine: other folders, no memory of anything here. */
async function elsewhere<T>(work: (engine: Engine, place: Scratch) => Promise<T>): Promise<T> {
  const otherPlace = scratch();
  const other = startEngine(otherPlace);
  try {
    return await work(other, otherPlace);
  } finally {
    await other.close();
    otherPlace.remove();
  }
}

const run = '2026-03-14T09-26-53-589Z-1f3c5a7e';
function writeRun(): void {
  const { folder } = engine.projects.get(project);
  for (const [path, text] of Object.entries({
    [`runs/${run}/config.json`]: '{}',
    [`runs/${run}/report.json`]: '{"accuracy":1}',
    [`runs/${run}/lock`]: 'x',
    [`runs/${run}/checkpoints/1/model.safetensors`]: 'large',
    [`models/${run}/model.onnx`]: 'weights',
    'models/older/model.onnx': 'weights',
  })) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

describe('a shared project', () => {
  it('opens on another machine with photos, labels, history and its newest model', async () => {
    writeRun();
    await engine.projects.runFinished(project, run, { task: 'single-label', accuracy: 1, mae: null });
    const [first] = await engine.photos(project);
    await engine.client.call('labels.assign', { project, photos: [first?.id ?? ''], label: 'Übung' });
    await engine.client.call('classes.rename', { project, name: 'ants', to: 'Ameisen' });
    const rows = await engine.photos(project);
    const before = await engine.client.call('projects.get', { project });
    const archive = await share();
    rmSync(place.photos, { recursive: true });

    await elsewhere(async (other, otherPlace) => {
      const source = { place: other.place(archive) };
      const { id } = await other.client.call('projects.openArchive', { source });
      const state = await other.looked(id);
      for (const field of ['name', 'classes', 'counts', 'undo', 'problems'] as const)
        expect(state[field]).toEqual(before[field]);
      expect(state.lastRun).toBe(run);
      expect(await other.photos(id)).toEqual(rows);
      const { folder } = other.projects.get(id);
      expect(folder.startsWith(join(otherPlace.data, 'projects', 'photos-'))).toBe(true);
      expect(readdirSync(join(folder, 'models'))).toEqual([run]);
      expect(readdirSync(join(folder, 'runs', run)).sort()).toEqual(['config.json', 'report.json']);
      expect(readFileSync(join(folder, 'holotype.json'), 'utf8')).not.toContain(place.photos);
      const undone = await other.client.call('labels.undo', { project: id });
      expect(undone.classes.map(({ name }) => name)).toContain('ants');
      // Opened once more it is the same project, not another copy.
      const again = await other.client.call('projects.openArchive', { source });
      expect([again.id, again.undo]).toEqual([id, undone.undo]);
      expect(readdirSync(join(otherPlace.data, 'projects'))).toHaveLength(1);
      // And can be shared on from there.
      const { job } = await other.client.call('projects.share', { project: id });
      expect((await other.jobs.ended(job)).state).toBe('done');
    });
  });

  it('may come without photos, and as a file that was dropped', async () => {
    const archive = await share(false);
    expect(Object.keys(unzipSync(readFileSync(archive))).sort()).toEqual([
      'dataset.jsonl',
      'holotype.json',
      'labels.journal.jsonl',
    ]);
    await elsewhere(async (other) => {
      const upload = other.uploads.begin();
      await other.uploads.write(
        upload,
        'got.zip',
        (async function* () {
          yield readFileSync(archive);
        })(),
      );
      const { id } = await other.client.call('projects.openArchive', { source: { upload } });
      const state = await other.looked(id);
      expect(state.counts).toMatchObject({ photos: 4, labeled: 4, missing: 4 });
      expect(state.problems[0]).toContain('came without its photos');
    });
  });

  it('leaves out photos that are not there, and says so', async () => {
    rmSync(join(place.photos, 'ants', '1.jpg'));
    const archive = await share();
    expect(Object.keys(unzipSync(readFileSync(archive)))).toContain('photos/Übung/日本.jpg');
    const messages = engine.jobs.list().map(({ progress }) => progress?.message);
    expect(messages).toContain('1 photo could not be read and stayed behind');
    await elsewhere(async (other) => {
      const { id } = await other.client.call('projects.openArchive', {
        source: { place: other.place(archive) },
      });
      expect((await other.looked(id)).counts).toMatchObject({ photos: 4, missing: 1 });
      expect(labelsOf(await other.photos(id))['ants/1.jpg']).toEqual(['ants']);
    });
  });

  it('is one file at a time: an earlier one is replaced', async () => {
    const first = await share();
    expect(await share(false)).toBe(first);
    expect(readdirSync(join(first, '..'))).toEqual(['photos.zip']);
  });
});

describe('an archive from somebody else', () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const good = (): Record<string, Uint8Array> => {
    const { folder } = engine.projects.get(project);
    const manifest: object = JSON.parse(readFileSync(join(folder, 'holotype.json'), 'utf8'));
    return {
      'holotype.json': text(JSON.stringify({ ...manifest, name: '../../evil', photoFolder: '/etc' })),
      'dataset.jsonl': new Uint8Array(readFileSync(join(folder, 'dataset.jsonl'))),
    };
  };
  const unpack = async (
    files: Parameters<typeof zipSync>[0],
    limits?: { files: number; bytes: number; textBytes: number },
  ) => {
    const path = join(place.root, 'in.zip');
    writeFileSync(path, zipSync(files));
    const into = join(place.root, 'into');
    rmSync(into, { recursive: true, force: true });
    const folder = await unpackProject(path, into, limits === undefined ? {} : { limits });
    return { folder, into };
  };
  const roomy = { files: 100, bytes: 2 ** 30, textBytes: 2 ** 20 };

  it('is unpacked into a folder of its own, with nothing but a project in it', async () => {
    const { folder, into } = await unpack({
      ...good(),
      'photos/a/1.jpg': text('x'),
      'models/m/model.onnx': text('x'),
      'virus.exe': text('x'),
      '.holotype.lock': text('x'),
      'photos/': new Uint8Array(),
    });
    expect(readdirSync(into)).toHaveLength(1);
    expect(join(folder, '..')).toBe(into);
    expect(readdirSync(folder).sort()).toEqual(['dataset.jsonl', 'holotype.json', 'models', 'photos']);
    expect(readFileSync(join(folder, 'holotype.json'), 'utf8')).not.toContain('/etc');
  });

  it('may hold the project in a folder, as systems pack one', async () => {
    const wrapped = Object.fromEntries(
      Object.entries({ ...good(), 'photos/1.jpg': text('x') }).map(([name, content]) => [
        `my project/${name}`,
        content,
      ]),
    );
    const { folder } = await unpack({ ...wrapped, '__MACOSX/._x': text('x') });
    expect(existsSync(join(folder, 'photos', '1.jpg'))).toBe(true);
  });

  it.each([
    ['../outside.txt'],
    ['photos/../../outside.jpg'],
    ['/etc/passwd'],
    ['C:/windows/x'],
    ['photos\\..\\..\\x.jpg'],
    ['photos/./x.jpg'],
    ['photos//x.jpg'],
  ])('is refused when it would write to %s', async (name) => {
    await expect(unpack({ ...good(), [name]: text('x') })).rejects.toMatchObject({
      code: 'bad-input',
      message: /not a file inside a folder/,
    });
    expect(existsSync(join(place.root, 'outside.txt'))).toBe(false);
    expect(existsSync(join(place.root, 'into'))).toBe(false);
  });

  it('is refused when a link is in it', async () => {
    const link = [text('/etc'), { os: 3, attrs: (0o120777 << 16) >>> 0 }] as const;
    await expect(unpack({ ...good(), 'photos/link': [link[0], { ...link[1] }] })).rejects.toMatchObject({
      code: 'bad-input',
    });
  });

  it('is refused when there is too much in it', async () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`photos/${n}.jpg`, text('x')]));
    await expect(unpack({ ...good(), ...many }, roomy)).rejects.toMatchObject({
      message: /103 files; up to 100/,
    });
    const bomb = { 'photos/0.jpg': new Uint8Array(5_000_000) };
    await expect(unpack({ ...good(), ...bomb }, { ...roomy, bytes: 1_000_000 })).rejects.toMatchObject({
      message: /unpacks to 0.005 GB; up to 0.001 GB/,
    });
    const long = { 'labels.journal.jsonl': new Uint8Array(2 ** 21) };
    await expect(unpack({ ...good(), ...long }, roomy)).rejects.toMatchObject({ message: /too large/ });
    await expect(
      unpack({ ...good(), ...bomb }, { ...roomy, bytes: Number.MAX_SAFE_INTEGER }),
    ).resolves.toBeDefined();
  });

  it('is refused when its files share their bytes, as those that unpack to a full disk do', async () => {
    const path = join(place.root, 'in.zip');
    const shadows = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`photos/${n}.jpg`, text('x')]));
    writeFileSync(
      path,
      zipSync({ ...good(), 'photos/all.jpg': new Uint8Array(5_000), ...shadows }, { level: 0 }),
    );
    const bytes = readFileSync(path);
    const central = (name: string): number => bytes.lastIndexOf(name) - 46;
    // Checksum, sizes and place of the one real photo.
    const real = bytes.subarray(central('photos/all.jpg'), central('photos/all.jpg') + 46);
    for (const name of Object.keys(shadows)) {
      real.copy(bytes, central(name) + 16, 16, 28);
      real.copy(bytes, central(name) + 42, 42, 46);
    }
    writeFileSync(path, bytes);
    await expect(unpackProject(path, join(place.root, 'into'))).rejects.toMatchObject({ message: /overlap/ });
  });

  it('leaves nothing behind when it turns out to be damaged, or is no project', async () => {
    const path = join(place.root, 'in.zip');
    writeFileSync(path, zipSync({ ...good(), 'photos/1.jpg': text('some photo') }, { level: 0 }));
    const bytes = readFileSync(path);
    bytes[bytes.indexOf('some photo')] = 0x21;
    writeFileSync(path, bytes);
    const into = join(place.root, 'into');
    await expect(unpackProject(path, into)).rejects.toMatchObject({ code: 'bad-input', message: /damaged/ });
    expect(readdirSync(into)).toEqual([]);
    await expect(unpack({ 'a.txt': text('x') })).rejects.toMatchObject({ message: /no project/ });
    await expect(unpack({ 'holotype.json': text('{"kind":"model"}') })).rejects.toMatchObject({
      code: 'bad-input',
    });
    await expect(unpackProject(join(place.root, 'none.zip'), into)).rejects.toMatchObject({
      code: 'storage',
    });
    const stopped = AbortSignal.abort();
    writeFileSync(path, zipSync(good()));
    await expect(unpackProject(path, into, { signal: stopped })).rejects.toMatchObject({ code: 'cancelled' });
    expect(readdirSync(into)).toEqual([]);
  });
});

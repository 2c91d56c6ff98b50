/** What the TF.js tests share: random numbers, models in memory, and how far two results are apart. */
import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import * as tfc from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-layers';
import { createSession } from '../../../src/engine/devices/onnx-session.ts';
import { buildLayersModel } from '../../../src/engine/graph/build-tfjs.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph, Weight } from '../../../src/engine/graph/graph.ts';

export const sharedWeights = new URL('../../../../shared/weights/', import.meta.url);
export const haveShared = existsSync(sharedWeights);

/** Repeatable numbers in -1..1 (mulberry32). */
export function randomNumbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * 2 - 1;
  });
}

export function randomWeight(shape: readonly number[], seed: number): Weight {
  return {
    shape,
    data: randomNumbers(
      shape.reduce((product, size) => product * size, 1),
      seed,
    ),
  };
}

/** Largest difference, relative to the largest number expected. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let scale = 1e-6;
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs((actual[i] ?? NaN) - (expected[i] ?? NaN));
    if (Number.isNaN(distance)) return Infinity;
    difference = Math.max(difference, distance);
    scale = Math.max(scale, Math.abs(expected[i] ?? 0));
  }
  return difference / scale;
}

/** model.json and joined weights of a TF.js model in a folder. */
export function readTfjsFolder(folder: string): { json: TfjsJson; weights: Uint8Array } {
  const at = (name: string): URL => new URL(`${folder}/${name}`, sharedWeights);
  const json = parseJson<TfjsJson>(readFileSync(at('model.json'), 'utf8'));
  const shards = json.weightsManifest.flatMap((group) => group.paths.map((path) => readFileSync(at(path))));
  return { json, weights: Buffer.concat(shards) };
}

export interface TfjsJson {
  modelTopology: object;
  weightsManifest: { paths: string[]; weights: tfc.io.WeightsManifestEntry[] }[];
}

/** Parsed JSON that the test knows the shape of. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller wrote the file, or knows its format
export function parseJson<T>(text: string): T {
  const value: T = JSON.parse(text);
  return value;
}

/** The one tensor that a model or layer returned. */
export function single(result: object): tfc.Tensor {
  const [first]: unknown[] = result instanceof tfc.Tensor ? [result] : Object.values(result);
  if (!(first instanceof tfc.Tensor)) throw new Error('There is no tensor.');
  return first;
}

/** A layer's output in a model under construction. */
export function symbolic(
  layer: tf.layers.Layer,
  inputs: tf.SymbolicTensor | tf.SymbolicTensor[],
): tf.SymbolicTensor {
  const output = layer.apply(inputs);
  if (!(output instanceof tf.SymbolicTensor)) throw new Error('The layer has several outputs.');
  return output;
}

/** What TF.js itself makes of the files. */
export function loadWithTfjs(json: TfjsJson, weights: Uint8Array): Promise<tf.LayersModel> {
  return tf.loadLayersModel(
    tfc.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
      weightData: new Uint8Array(weights).buffer,
    }),
  );
}

/** A TF.js model as the files it would be saved in. */
export async function savedFiles(model: tf.LayersModel): Promise<{ json: TfjsJson; weights: Uint8Array }> {
  let files: { json: TfjsJson; weights: Uint8Array } | undefined;
  await model.save(
    tfc.io.withSaveHandler((artifacts) => {
      const manifest = [{ paths: ['weights.bin'], weights: artifacts.weightSpecs ?? [] }];
      files = {
        json: parseJson(
          JSON.stringify({ modelTopology: artifacts.modelTopology, weightsManifest: manifest }),
        ),
        weights: new Uint8Array(tfc.io.CompositeArrayBuffer.join(artifacts.weightData)),
      };
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  if (files === undefined) throw new Error('TF.js saved nothing.');
  return files;
}

/** All weights random (variances positive), so that no mistake hides behind zeros. */
export function randomizeWeights(model: tf.LayersModel, seed: number): void {
  model.setWeights(
    model.weights.map((weight, i) => {
      const { shape, data } = randomWeight(
        weight.shape.map((size) => size ?? 1),
        seed + i,
      );
      const positive = weight.name.includes('variance') ? data.map((x) => Math.abs(x) + 0.5) : data;
      return tfc.tensor(positive, [...shape]);
    }),
  );
}

/**
 * The same JSON with one value somewhere in it replaced.
 *
 * @param choice which value, counted through the whole document
 */
export function withDamage(json: unknown, choice: number, replacement: unknown): unknown {
  let left = choice;
  const visit = (value: unknown): unknown => {
    if (left-- === 0) return replacement;
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, visit(one)]));
  };
  return visit(json);
}

/** Values that a damaged or hostile model.json may hold anywhere. */
export const damage: readonly unknown[] = [
  null,
  -1,
  0,
  1.5,
  1e9,
  'x',
  '',
  true,
  [],
  {},
  [[]],
  [-1],
  ['constructor'],
  '__proto__',
  Number.MAX_SAFE_INTEGER,
];

/** How many values a JSON document has, itself included. */
export function countValues(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 1;
  return Object.values(json).reduce<number>((sum, value) => sum + countValues(value), 1);
}

/** First output of a TF.js model for NHWC numbers. */
export function predict(model: tf.LayersModel, data: Float32Array, batch: number): Float32Array {
  return tfc.tidy(() => {
    const [, height, width, channels] = model.inputs[0]?.shape ?? [];
    const x = tfc.tensor4d(data, [batch, height ?? 1, width ?? 1, channels ?? 1]);
    const y = model.predict(x);
    return Float32Array.from(single(y).dataSync());
  });
}

/** First output of a model graph, run by TF.js. */
export async function runGraph(graph: ModelGraph, data: Float32Array, batch: number): Promise<Float32Array> {
  const model = await buildLayersModel(graph);
  try {
    return predict(model, data, batch);
  } finally {
    model.dispose();
  }
}

export function photos(graph: ModelGraph, batch: number, seed: number): Float32Array {
  const [height, width, channels] = graph.input.shape;
  return randomNumbers(batch * height * width * channels, seed);
}

/** First output of a model graph, run by ONNX Runtime: nothing of TF.js is involved. */
export async function runGraphInOnnx(
  graph: ModelGraph,
  data: Float32Array,
  batch: number,
): Promise<Float32Array> {
  const session = await createSession(exportOnnx(graph));
  try {
    const [first = new Float32Array(0)] = await session.run(data, [batch, ...graph.input.shape]);
    return first;
  } finally {
    await session.release();
  }
}

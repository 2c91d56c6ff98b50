/** Photo sets, backbones and trainings so small that a whole training takes about a second. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import type { TrainOptionsInput, TrainResult } from '../../../src/contract/train.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import type { TrainSurroundings } from '../../../src/service/train/surroundings.ts';
import { train } from '../../../src/service/train/train.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { mobileNetV2, Net } from '../../engine/graph/networks.ts';

const policy = {
  height: 16,
  width: 16,
  resize: 'squash',
  mean: [127.5, 127.5, 127.5],
  std: [127.5, 127.5, 127.5],
};

/** Writes a backbone of random weights, 16 x 16 pixels, with a sidecar that says what it takes. */
export function writeBackbone(folder: string, name = 'tiny'): string {
  mkdirSync(folder, { recursive: true });
  const graph = mobileNetV2((block, layer) => `block_${block}/${layer}`);
  return write(folder, name, exportOnnx(graph, { inputLayout: 'nchw' }), policy);
}

/** A backbone that takes some tens of milliseconds a photo: there is time to interrupt it. */
export function writeSlowBackbone(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const net = new Net([128, 128, 3]);
  const map = net.cbr('three', net.cbr('two', net.cbr('one', 'input', 32), 64), 64, 3, 2);
  const graph = net.graph(net.dense('fc', net.globalPool('pool', map), 5));
  return write(folder, 'slow', exportOnnx(graph, { inputLayout: 'nchw' }), {
    ...policy,
    height: 128,
    width: 128,
  });
}

function write(folder: string, name: string, onnx: Uint8Array, input: object): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, onnx);
  writeFileSync(`${path}.holotype.json`, JSON.stringify({ policy: input }));
  return path;
}

const tints: Record<string, [number, number, number]> = {
  red: [1, 0.35, 0.35],
  green: [0.35, 1, 0.35],
  blue: [0.35, 0.35, 1],
};

/** A photo of blobs in a colour; every seed another photo. */
export async function tintedPhoto(colour: string, seed: number): Promise<Buffer> {
  const tint = tints[colour] ?? [1, 1, 1];
  return blobs(seed, 40, 32)
    .linear([...tint], [10, 10, 10])
    .jpeg({ quality: 90 })
    .toBuffer();
}

/**
 * Writes `<folder>/<class>/<n>.jpg`.
 *
 * @param counts photos of each class; the class is its colour
 * @param seed of the first photo: sets of other seeds share no photo
 */
export async function writePhotos(
  folder: string,
  counts: Readonly<Record<string, number>>,
  seed = 1,
): Promise<void> {
  let next = seed * 1000;
  for (const [name, count] of Object.entries(counts)) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let n = 0; n < count; n += 1) {
      next += 1;
      writeFileSync(join(folder, name, `${name} ${n}.jpg`), await tintedPhoto(name, next));
    }
  }
}

export interface Outcome {
  readonly events: readonly JobEvent[];
  readonly result: TrainResult | undefined;
  readonly error: unknown;
}

/**
 * Trains to the end, or to the error.
 *
 * @param onEvent hears each event before training goes on
 */
export async function runTraining(
  options: TrainOptionsInput,
  onEvent: (event: JobEvent) => void | Promise<void> = () => undefined,
  signal?: AbortSignal,
  surroundings: TrainSurroundings = {},
): Promise<Outcome> {
  const events: JobEvent[] = [];
  try {
    const job = train(options, signal, surroundings);
    for (;;) {
      const step = await job.next();
      if (step.done === true) return { events, result: step.value, error: undefined };
      events.push(step.value);
      await onEvent(step.value);
    }
  } catch (error) {
    return { events, result: undefined, error };
  }
}

/** Trains; a training that fails throws. */
export async function trained(options: TrainOptionsInput): Promise<TrainResult> {
  const { result, error } = await runTraining(options);
  if (result === undefined) throw error;
  return result;
}

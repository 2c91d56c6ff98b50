import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { seededRandom } from '../../../src/engine/data/random.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import { startTf } from '../../../src/engine/train/tf.ts';
import { trainHeads } from '../../../src/engine/train/train-heads.ts';
import type { HeadEpoch, HeadState, HeadTraining } from '../../../src/engine/train/head-training.ts';
import type { TrainedHead } from '../../../src/engine/train/head-training.ts';

/** TensorFlow.js as training runs it. */
export function startWasm(): Promise<string> {
  return startTf(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
}

/** Points around a centre per class, row by row of class 0, 1, ...; the larger `noise`, the harder to tell apart. */
export function clouds(
  rows: number,
  columns: number,
  classes: number,
  options: { noise?: number; seed?: number } = {},
): FeatureMatrix {
  const centres = seededRandom(7);
  const centre = Array.from({ length: classes * columns }, () => centres.normal());
  const random = seededRandom(options.seed ?? 1);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const data = Float32Array.from({ length: rows * columns }, (_, at) => {
    const label = Math.floor(at / columns) % classes;
    return (centre[label * columns + (at % columns)] ?? 0) + (options.noise ?? 1) * random.normal();
  });
  return { rows, columns, data, labels };
}

/** Settings of a short training; whatever matters to a test is given. */
export function training(
  task: Partial<HeadTraining> & Pick<HeadTraining, 'train' | 'classes'>,
): HeadTraining {
  return {
    hidden: [],
    groups: [{ weightDecay: 0.1 }],
    optimizer: 'adamw',
    learningRate: 0.02,
    warmup: 0.1,
    batchSize: 16,
    epochs: 6,
    patience: Infinity,
    seed: 3,
    ...task,
  };
}

export interface Finished {
  readonly heads: readonly TrainedHead[];
  readonly history: readonly HeadEpoch[];
  /** The state after every epoch of this very run. */
  readonly states: readonly HeadState[];
}

/** Trains to the end. */
export async function finish(task: HeadTraining, signal?: AbortSignal): Promise<Finished> {
  const states: HeadState[] = [];
  for await (const event of trainHeads(task, signal)) {
    if (event.type === 'epoch') states.push(event.state());
    if (event.type === 'done') return { heads: event.heads, history: event.history, states };
  }
  throw new Error('training ended without a result');
}

/** All weights of a head in one list, for comparing. */
export function numbers(head: TrainedHead | undefined): number[] {
  return (head?.weights.layers ?? []).flatMap(({ kernel, bias }) => [...kernel.data, ...bias.data]);
}

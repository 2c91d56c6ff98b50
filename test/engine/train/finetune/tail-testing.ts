/** A small backbone divided for fine-tuning, and photos for it. */
import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '../../../../src/engine/data/random.ts';
import { createSession } from '../../../../src/engine/devices/onnx-session.ts';
import { blocksOf } from '../../../../src/engine/graph/blocks.ts';
import { exportOnnx } from '../../../../src/engine/graph/export-onnx.ts';
import type { ModelGraph } from '../../../../src/engine/graph/graph.ts';
import { Activations, halvesOf } from '../../../../src/engine/train/finetune/activations.ts';
import type { BoundaryPhotos } from '../../../../src/engine/train/finetune/activations.ts';
import { createFlatOptimizer } from '../../../../src/engine/train/finetune/flat-optimizer.ts';
import type { FlatOptimizerOptions } from '../../../../src/engine/train/finetune/flat-optimizer.ts';
import { standardizationOf } from '../../../../src/engine/train/feature-matrix.ts';
import type { Standardization } from '../../../../src/engine/train/feature-matrix.ts';
import { planTail } from '../../../../src/engine/train/finetune/plan.ts';
import type { TailPlan } from '../../../../src/engine/train/finetune/plan.ts';
import { createTail } from '../../../../src/engine/train/finetune/tail-model.ts';
import type { TailModel, TailOptions } from '../../../../src/engine/train/finetune/tail-model.ts';
import { trainTail } from '../../../../src/engine/train/finetune/train-tail.ts';
import type { TailEvent, TailState, TailTraining } from '../../../../src/engine/train/finetune/train-tail.ts';
import { crossEntropy } from '../../../../src/engine/train/losses.ts';
import { tf } from '../../../../src/engine/train/tf.ts';
import { buildTrunk } from '../../../../src/engine/train/trunk.ts';
import type { Trunk } from '../../../../src/engine/train/trunk.ts';

export async function startCpu(): Promise<void> {
  await tf.setBackend('cpu');
}

export function policyOf(graph: ModelGraph) {
  const [height, width] = graph.input.shape;
  return {
    height,
    width,
    resize: 'squash' as const,
    cropFraction: 1,
    mean: [127.5, 127.5, 127.5] as [number, number, number],
    std: [127.5, 127.5, 127.5] as [number, number, number],
  };
}

export interface Divided {
  readonly graph: ModelGraph;
  readonly trunk: Trunk;
  readonly plan: TailPlan;
}

export function divide(graph: ModelGraph, freezeUntil: string): Divided {
  const trunk = buildTrunk(graph, policyOf(graph), { fold: false });
  return { graph, trunk, plan: planTail(trunk, blocksOf(graph), freezeUntil) };
}

/** Pixels of a class: noise around a colour, uint8 [photos, h, w, 3]. */
export function pixels(graph: ModelGraph, labels: ArrayLike<number>, seed: number): Uint8Array {
  const random = seededRandom(seed);
  const [h, w] = graph.input.shape;
  const size = h * w * 3;
  return Uint8Array.from({ length: labels.length * size }, (_, at) => {
    const label = labels[Math.floor(at / size)] ?? 0;
    const colour = 60 + 50 * ((label + at) % 3);
    return Math.max(0, Math.min(255, Math.round(colour + 60 * random.normal())));
  });
}

/** What ONNX Runtime makes of pixels. @returns the graph's first output */
export async function runOnPixels(graph: ModelGraph, values: Uint8Array): Promise<Float32Array> {
  const session = await createSession(exportOnnx(graph, { inputType: 'uint8' }));
  const [h, w] = graph.input.shape;
  const [output = new Float32Array()] = await session.run(values, [values.length / (h * w * 3), h, w, 3]);
  await session.release();
  return output;
}

export type TestPhotos = BoundaryPhotos & {
  /** Views asked for, and the photos of each of their batches. */
  readonly asked: [view: number, batches: readonly (readonly number[])[]][];
  /** What centres and scales the features of the plain views. */
  readonly standardization: Standardization;
};

/** Photos whose frozen outputs are there from the start; views above 0 have other noise. */
export async function boundaryPhotos(
  { graph, plan, trunk }: Divided,
  labels: Int32Array,
  seed: number,
  options: { views?: number } = {},
): Promise<TestPhotos> {
  const views: Activations[] = [];
  for (let view = 0; view < (options.views ?? 1); view++) {
    const vectors = await runOnPixels(plan.frozen, pixels(graph, labels, seed + view));
    const kept = new Activations([...labels.keys()], plan.dimension);
    for (const photo of labels.keys())
      kept.set(photo, halvesOf(vectors.subarray(photo * plan.dimension, (photo + 1) * plan.dimension)));
    views.push(kept);
  }
  const asked: TestPhotos['asked'] = [];
  const data = await runOnPixels(trunk.graph, pixels(graph, labels, seed));
  const columns = trunk.dimension;
  return {
    labels,
    asked,
    standardization: standardizationOf({ rows: labels.length, columns, data, labels }),
    async *batches(view, batches) {
      asked.push([view, batches]);
      yield { type: 'prepare', done: labels.length, total: labels.length };
      for (const batch of batches) {
        const values = await Promise.resolve(views[view]?.gather(batch));
        yield { type: 'batch', values: values ?? new Float32Array() };
      }
    },
  };
}

export const classes = 3;

/** A head of small random weights over all features of a trunk. */
export function randomHead(trunk: Trunk, seed: number, hidden: readonly number[] = []) {
  const random = seededRandom(seed);
  const widths = [trunk.dimension, ...hidden, classes];
  const layers = widths.slice(1).map((width, index) => {
    const rows = widths[index] ?? 1;
    const normal = (): number => random.normal() * 0.1;
    return {
      kernel: { shape: [rows, width], data: Float32Array.from({ length: rows * width }, normal) },
      bias: { shape: [width], data: Float32Array.from({ length: width }, normal) },
    };
  });
  const mean = Float32Array.from({ length: trunk.dimension }, () => random.normal());
  return { weights: { layers }, standardization: { mean, scale: 1.5 }, columns: trunk.dimension };
}

export const rates = {
  learningRate: 1e-3,
  headLearningRate: 3e-3,
  layerDecay: 0.7,
  weightDecay: 0.05,
  headWeightDecay: 0.1,
};

/** A training of a divided backbone; whatever matters to a test is given. */
export function tailTraining(
  divided: Divided,
  train: BoundaryPhotos & { readonly standardization?: Standardization },
  task: Partial<TailTraining> = {},
  options: Partial<FlatOptimizerOptions> = {},
  tail: TailOptions & { readonly hidden?: readonly number[] } = {},
): TailTraining & { readonly model: TailModel } {
  const { standardization, ...head } = randomHead(divided.trunk, 5, tail.hidden);
  const start = { ...head, standardization: train.standardization ?? standardization };
  const model = createTail(divided.trunk.graph, divided.plan, start, tail);
  return {
    model,
    optimizer: createFlatOptimizer(model.parts, { kind: 'adamw', rates, clip: 1, ema: 0, ...options }),
    classes,
    train,
    epochs: 3,
    batchSize: 8,
    atOnce: Infinity,
    warmup: 0.1,
    objective: crossEntropy,
    patience: Infinity,
    views: 1,
    seed: 3,
    ...task,
  };
}

export interface FinishedTail {
  readonly done: Extract<TailEvent, { type: 'done' }>;
  readonly events: readonly TailEvent[];
  /** What there was to go on from, in order. */
  readonly states: readonly TailState[];
}

/** Trains to the end. */
export async function finishTail(task: TailTraining, signal?: AbortSignal): Promise<FinishedTail> {
  const events: TailEvent[] = [];
  const states: TailState[] = [];
  for await (const event of trainTail(task, signal)) {
    events.push(event);
    if (event.type === 'safe') states.push(event.state());
    if (event.type === 'done') return { done: event, events, states };
  }
  throw new Error('training ended without a result');
}

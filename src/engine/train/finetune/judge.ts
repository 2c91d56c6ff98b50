import { fitTemperature, logLossOf } from '../../evaluate/calibration.ts';
import { argmaxRows } from '../../evaluate/confusion.ts';
import { tf } from '../tf.ts';
import { inBatches } from './activations.ts';
import type { BoundaryPhotos } from './activations.ts';
import { readAndDispose } from './read-and-dispose.ts';
import type { TailModel } from './tail-model.ts';

export interface Judgement {
  /** Mean log loss in nats, after calibration: what the saved model will have. */
  readonly loss: number;
  readonly accuracy: number;
}

/** Answers of the tail for the plain view of photos. @returns logits [photos, classes] */
export async function tailLogits(
  model: TailModel,
  photos: BoundaryPhotos,
  classes: number,
  batchSize: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const all = [...photos.labels.keys()];
  const logits = new Float32Array(all.length * classes);
  let at = 0;
  for await (const event of photos.batches(0, inBatches(all, batchSize), signal)) {
    if (event.type === 'prepare') continue;
    const { values } = event;
    const n = Math.min(batchSize, all.length - at);
    const answers = tf.tidy(() => model.logits(tf.tensor2d(values, [n, values.length / n])));
    logits.set(readAndDispose(answers), at * classes);
    at += n;
  }
  return logits;
}

/** How good the tail is on photos it does not learn from. */
export async function judgeTail(
  model: TailModel,
  photos: BoundaryPhotos,
  classes: number,
  batchSize: number,
  signal?: AbortSignal,
): Promise<Judgement> {
  return judgeLogits(await tailLogits(model, photos, classes, batchSize, signal), photos.labels, classes);
}

/** @param logits [photos, classes] */
export function judgeLogits(logits: Float32Array, labels: Int32Array, classes: number): Judgement {
  if (logits.some((value) => !Number.isFinite(value))) return { loss: Number.POSITIVE_INFINITY, accuracy: 0 };
  const temperature = fitTemperature(logits, labels, classes);
  const best = argmaxRows(logits, classes);
  const right = labels.filter((label, row) => best[row] === label).length;
  return {
    loss: logLossOf(logits, labels, classes, temperature) ?? Number.NaN,
    accuracy: right / Math.max(1, labels.length),
  };
}

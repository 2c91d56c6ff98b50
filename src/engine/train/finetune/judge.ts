import { fitTemperature, logLossOf } from '../../evaluate/calibration.ts';
import { tf } from '../tf.ts';
import type { BoundaryPhotos } from './activations.ts';
import { readAndDispose } from './read-and-dispose.ts';
import type { TailModel } from './tail-model.ts';

export interface Judgement {
  /** Mean log loss in nats, after calibration: what the saved model will have. */
  readonly loss: number;
  readonly accuracy: number;
}

/** Answers of the tail for the plain view of photos that were prepared. @returns logits [photos, classes] */
export function tailLogits(
  model: TailModel,
  photos: BoundaryPhotos,
  classes: number,
  batchSize: number,
): Float32Array {
  const rows = photos.labels.length;
  const logits = new Float32Array(rows * classes);
  for (let start = 0; start < rows; start += batchSize) {
    const batch = Array.from({ length: Math.min(batchSize, rows - start) }, (_, i) => start + i);
    const answers = tf.tidy(() => {
      const values = photos.gather(0, batch);
      return model.logits(tf.tensor2d(values, [batch.length, values.length / batch.length]));
    });
    logits.set(readAndDispose(answers), start * classes);
  }
  return logits;
}

/** How good the tail is on photos it does not learn from. */
export function judgeTail(
  model: TailModel,
  photos: BoundaryPhotos,
  classes: number,
  batchSize: number,
): Judgement {
  return judgeLogits(tailLogits(model, photos, classes, batchSize), photos.labels, classes);
}

/** @param logits [photos, classes] */
export function judgeLogits(logits: Float32Array, labels: Int32Array, classes: number): Judgement {
  if (logits.some((value) => !Number.isFinite(value))) return { loss: Number.POSITIVE_INFINITY, accuracy: 0 };
  const temperature = fitTemperature(logits, labels, classes);
  let right = 0;
  for (const [row, label] of labels.entries()) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    if (own.indexOf(Math.max(...own)) === label) right += 1;
  }
  return {
    loss: logLossOf(logits, labels, classes, temperature) ?? Number.NaN,
    accuracy: right / Math.max(1, labels.length),
  };
}

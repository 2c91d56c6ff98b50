import type { ClassMetrics, Confusion } from '../../contract/metrics.ts';
import { wilson } from './intervals.ts';

/**
 * Index of the largest of `length` values from `start` on, counted from `start`; of equals, the first.
 */
export function argmax(values: Float32Array, start = 0, length = values.length - start): number {
  let best = 0;
  for (let i = 1; i < length; i++) {
    if ((values[start + i] as number) > (values[start + best] as number)) best = i;
  }
  return best;
}

/**
 * The likeliest class of each photo; of equals, the first.
 * @param logits n x c, row-major (probabilities do as well)
 */
export function argmaxRows(logits: Float32Array, c: number): Int32Array {
  const n = c === 0 ? 0 : logits.length / c;
  const best = new Int32Array(n);
  for (let i = 0; i < n; i++) best[i] = argmax(logits, i * c, c);
  return best;
}

/** Counts photos by true class (row) and predicted class (column). */
export function confusionOf(
  labels: Int32Array,
  predicted: Int32Array,
  classes: readonly string[],
): Confusion {
  const matrix = classes.map(() => classes.map(() => 0));
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i] ?? 0];
    const column = predicted[i] ?? 0;
    if (row !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  return { classes: [...classes], matrix };
}

/** F1 = 2 tp / (2 tp + fp + fn); null when the class neither occurs nor is predicted. */
export function f1Of(truePositives: number, support: number, predicted: number): number | null {
  return support + predicted === 0 ? null : (2 * truePositives) / (support + predicted);
}

/** Precision, recall, F1 and their intervals for every class, in the order of the confusion matrix. */
export function classMetrics(confusion: Confusion): ClassMetrics[] {
  return confusion.classes.map((name, k) => {
    const row = confusion.matrix[k] ?? [];
    const right = row[k] ?? 0;
    const support = row.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.matrix.reduce((sum, other) => sum + (other[k] ?? 0), 0);
    return {
      class: name,
      precision: predicted === 0 ? null : right / predicted,
      recall: support === 0 ? null : right / support,
      f1: f1Of(right, support, predicted),
      support,
      predicted,
      recallInterval: wilson(right, support),
      precisionInterval: wilson(right, predicted),
    };
  });
}

/** Mean F1 of the classes where it is defined; null when there is none. */
export function macroF1(perClass: readonly Pick<ClassMetrics, 'f1'>[]): number | null {
  let sum = 0;
  let defined = 0;
  for (const { f1 } of perClass) {
    if (f1 === null) continue;
    sum += f1;
    defined++;
  }
  return defined === 0 ? null : Math.min(1, sum / defined);
}

/** Mean F1 weighted by the photos of each class; null without photos. */
export function weightedF1(perClass: readonly Pick<ClassMetrics, 'f1' | 'support'>[]): number | null {
  let sum = 0;
  let total = 0;
  for (const { f1, support } of perClass) {
    sum += (f1 ?? 0) * support;
    total += support;
  }
  return total === 0 ? null : Math.min(1, sum / total);
}

/**
 * Macro-F1 of a sample of photos given by index, without building a matrix: the bootstrap calls this a
 * thousand times. Returns a function that reuses its buffers.
 */
export function macroF1Sampler(
  labels: Int32Array,
  predicted: Int32Array,
  c: number,
): (indices: Int32Array) => number | null {
  const right = new Int32Array(c);
  const both = new Int32Array(c); // support + predicted
  return (indices) => {
    right.fill(0);
    both.fill(0);
    for (let i = 0; i < indices.length; i++) {
      const label = labels[indices[i] ?? 0] ?? 0;
      const guess = predicted[indices[i] ?? 0] ?? 0;
      both[label] = (both[label] ?? 0) + 1;
      both[guess] = (both[guess] ?? 0) + 1;
      if (label === guess) right[label] = (right[label] ?? 0) + 1;
    }
    let sum = 0;
    let defined = 0;
    for (let k = 0; k < c; k++) {
      if (both[k] === 0) continue;
      sum += (2 * (right[k] ?? 0)) / (both[k] ?? 0);
      defined++;
    }
    return defined === 0 ? null : Math.min(1, sum / defined);
  };
}

import type { ComparedBackbone } from '../../contract/compare.ts';
import { classesOf, type Photo } from '../../contract/dataset.ts';
import { argmaxRows } from '../../engine/evaluate/confusion.ts';
import { percentiles, quantile, resampled } from '../../engine/evaluate/intervals.ts';
import { meanAveragePrecisionOf } from '../../engine/evaluate/mean-average-precision.ts';
import { evaluateClassifier } from '../../engine/evaluate/metrics.ts';
import { evaluateLabels } from '../../engine/evaluate/multi-label.ts';
import { evaluateNumbers } from '../../engine/evaluate/numbers.ts';
import { mcnemar } from '../../engine/evaluate/paired.ts';
import type { Answering } from '../train/answering.ts';

/** How a backbone did. */
export interface Judgement {
  readonly figures: Pick<ComparedBackbone, 'accuracy' | 'interval' | 'macroF1' | 'labels' | 'numbers'>;
  /** What is ranked by: the more the better. */
  readonly value: number;
  /** With one class a photo: whether it is right, photo by photo. */
  readonly right?: Uint8Array;
  /** Otherwise: `value` of the same resamples of the photos for each backbone. */
  readonly resamples?: readonly (number | null)[];
}

/** A difference that chance alone makes more often than this is none. */
const significance = 0.05;
/** Resamples of the photos, fewer where there are so many answers that they would take long. */
const resamples = { least: 200, most: 1000, answers: 2e8 };

/**
 * Judges answers of heads that did not learn from the photo.
 *
 * @param outputs logits [photos, classes], or standardized numbers [photos]
 */
export function judgeAnswers(
  outputs: Float32Array,
  photos: readonly Photo[],
  classes: readonly string[],
  answering: Answering,
  seed: number,
): Judgement {
  if (answering.task === 'regression') return judgeNumbers(outputs, photos, answering, seed);
  if (answering.task === 'multi-label') return judgeLabels(outputs, photos, classes, seed);
  const labels = Int32Array.from(photos, ({ label }) => label);
  const metrics = evaluateClassifier({ logits: outputs, labels, classes, seed });
  const predicted = argmaxRows(outputs, classes.length);
  const accuracy = metrics.accuracy ?? 0;
  return {
    figures: { accuracy, interval: metrics.accuracyInterval ?? [0, 1], macroF1: metrics.macroF1 },
    value: accuracy,
    right: Uint8Array.from(labels, (label, photo) => (predicted[photo] === label ? 1 : 0)),
  };
}

function judgeLabels(
  logits: Float32Array,
  photos: readonly Photo[],
  classes: readonly string[],
  seed: number,
): Judgement {
  const targets = new Float32Array(photos.length * classes.length);
  for (const [row, photo] of photos.entries())
    for (const label of classesOf(photo)) targets[row * classes.length + label] = 1;
  const { accuracy, accuracyInterval, macroF1 } = evaluateLabels({ logits, targets, classes, seed });
  const precision = meanAveragePrecisionOf(logits, targets, classes.length);
  const times = new Uint32Array(photos.length);
  const values = resampled(
    photos.length,
    (indices) => {
      times.fill(0);
      for (const index of indices) times[index] = (times[index] as number) + 1;
      return precision(times);
    },
    { seed, resamples: resamplesFor(logits.length) },
  );
  const value = precision() ?? 0;
  return {
    figures: {
      accuracy: accuracy ?? 0,
      interval: accuracyInterval ?? [0, 1],
      macroF1,
      labels: { meanAveragePrecision: value, interval: percentiles(values) },
    },
    value,
    resamples: values,
  };
}

function judgeNumbers(
  outputs: Float32Array,
  photos: readonly Photo[],
  { scale = { mean: 0, deviation: 1 } }: Answering,
  seed: number,
): Judgement {
  const truth = Float64Array.from(photos, ({ target = 0 }) => target);
  const predicted = Float64Array.from(outputs, (value) => value * scale.deviation + scale.mean);
  const { regression } = evaluateNumbers(predicted, truth, seed);
  if (regression === undefined) throw new Error('There is nothing to judge.');
  const { mae, maeInterval, r2, r2Interval, maeOfMean } = regression;
  const distances = truth.map((value, photo) => Math.abs(value - (predicted[photo] as number)));
  const values = resampled(
    photos.length,
    (indices) => -indices.reduce((sum, index) => sum + (distances[index] as number), 0) / indices.length,
    { seed, resamples: resamplesFor(photos.length) },
  );
  return {
    figures: {
      accuracy: null,
      interval: null,
      macroF1: null,
      numbers: { mae, maeInterval, r2, r2Interval, maeOfMean },
    },
    value: -mae,
    resamples: values,
  };
}

const resamplesFor = (answers: number): number =>
  Math.max(resamples.least, Math.min(resamples.most, Math.floor(resamples.answers / Math.max(1, answers))));

/**
 * Whether one does worse than another for sure: McNemar's exact test where photos are right or wrong; otherwise 95 of 100
 * resamples of the photos agree on the sign of the difference (paired percentile bootstrap, Efron & Tibshirani 1993).
 */
export function isBehind(one: Judgement, first: Judgement): boolean {
  if (one.right !== undefined && first.right !== undefined)
    return mcnemar(first.right, one.right) < significance;
  const differences = (first.resamples ?? []).flatMap((value, at) => {
    const other = one.resamples?.[at];
    return value === null || other === null || other === undefined ? [] : value - other;
  });
  const low = quantile(
    differences.toSorted((a, b) => a - b),
    significance / 2,
  );
  return low !== null && low > 0;
}

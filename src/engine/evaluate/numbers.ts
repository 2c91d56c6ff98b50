/** Judging a model that predicts a number. */
import type { Metrics, NumberFigures } from '../../contract/metrics.ts';
import { bootstrap, intervalsOf, quantile, resamples } from './intervals.ts';

/**
 * Everything the product says about predicted numbers, on photos whose number is known.
 *
 * @param predicted in the target's own units, one a photo
 * @param truth the same
 * @param seed of the bootstrap over photos; the same seed gives the same intervals
 */
export function evaluateNumbers(predicted: ArrayLike<number>, truth: ArrayLike<number>, seed = 0): Metrics {
  const n = truth.length;
  const regression = n === 0 ? undefined : figuresOf(predicted, truth, seed);
  return {
    count: n,
    correct: 0,
    accuracy: null,
    accuracyInterval: null,
    macroF1: null,
    macroF1Interval: null,
    weightedF1: null,
    logLoss: null,
    ece: null,
    perClass: [],
    confusion: { classes: [], matrix: [] },
    reliability: [],
    ...(regression === undefined ? {} : { regression }),
    intervals: intervalsOf(seed),
  };
}

function figuresOf(predicted: ArrayLike<number>, truth: ArrayLike<number>, seed: number): NumberFigures {
  const n = truth.length;
  const errors = Float64Array.from(truth, (value, i) => (predicted[i] as number) - value);
  const mean = meanOf(truth);
  const all = Int32Array.from(errors.keys());
  const interval = (statistic: (indices: Int32Array) => number | null): [number, number] | null =>
    bootstrap(n, statistic, { seed, resamples });
  const mae = (indices: Int32Array): number => meanBy(indices, (i) => Math.abs(errors[i] as number));
  const rmse = (indices: Int32Array): number => Math.sqrt(meanBy(indices, (i) => (errors[i] as number) ** 2));
  const r2 = (indices: Int32Array): number | null => {
    const own = meanBy(indices, (i) => truth[i] as number);
    const variance = meanBy(indices, (i) => ((truth[i] as number) - own) ** 2);
    return variance === 0 ? null : 1 - meanBy(indices, (i) => (errors[i] as number) ** 2) / variance;
  };
  const sorted = [...errors].map(Math.abs).sort((a, b) => a - b);
  return {
    mae: mae(all),
    rmse: rmse(all),
    medianError: quantile(sorted, 0.5) ?? 0,
    bias: meanOf(errors),
    r2: r2(all),
    maeInterval: interval(mae),
    rmseInterval: interval(rmse),
    r2Interval: interval(r2),
    maeOfMean: meanBy(all, (i) => Math.abs((truth[i] as number) - mean)),
    range: [
      all.reduce((low, i) => Math.min(low, truth[i] as number), Infinity),
      all.reduce((high, i) => Math.max(high, truth[i] as number), -Infinity),
    ],
  };
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / Math.max(1, values.length);
}

function meanBy(indices: Int32Array, of: (index: number) => number): number {
  let sum = 0;
  for (const index of indices) sum += of(index);
  return sum / Math.max(1, indices.length);
}

/**
 * A number as people read it: as many digits as its place among others of this span asks for.
 *
 * @param span of the numbers it is one of, above 0
 */
export function numberText(value: number, span: number): string {
  const digits = span > 0 ? Math.max(0, Math.min(9, 4 - Math.ceil(Math.log10(span)))) : 4;
  return value.toFixed(digits).replace(/^-(0(\.0*)?)$/, '$1');
}

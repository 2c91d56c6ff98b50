import { HolotypeError } from '../../contract/errors.ts';
import type { Metrics } from '../../contract/metrics.ts';
import { expectedCalibrationError, logLossOf, reliability, softmaxRows } from './calibration.ts';
import { argmaxRows, classMetrics, confusionOf, macroF1, macroF1Sampler, weightedF1 } from './confusion.ts';
import { bootstrap, intervalsOf, resamples, wilson } from './intervals.ts';
import { averagePrecision, rocAuc } from './roc.ts';

export interface Answers {
  /** n x c, row-major, before softmax and before any temperature. */
  readonly logits: Float32Array;
  /** n class indices, 0..c-1. */
  readonly labels: Int32Array;
  /** c names, in the order of the logits. */
  readonly classes: readonly string[];
  /** Adds the calibrated figures: the logits divided by this (> 0). */
  readonly temperature?: number;
  /** Of the bootstrap; the same seed gives the same intervals. */
  readonly seed?: number;
}

/**
 * Everything the product says about a single-label classifier on photos whose class is known.
 * Definitions follow scikit-learn's where it has them; what is undefined is null.
 * @throws HolotypeError `failed` when sizes don't fit, a label is outside the classes or a logit isn't
 *   a finite number: no figure computed from those would mean anything
 */
export function evaluateClassifier(answers: Answers): Metrics {
  const { logits, labels, classes, temperature, seed = 0 } = answers;
  const n = labels.length;
  const c = classes.length;
  check(answers);

  const predicted = argmaxRows(logits, c);
  const correct = Uint8Array.from(labels, (label, i) => (label === predicted[i] ? 1 : 0));
  const hits = correct.reduce((sum, one) => sum + one, 0);
  const confusion = confusionOf(labels, predicted, classes);
  const perClass = classMetrics(confusion);
  const plain = calibrationAt(logits, predicted, correct, c, 1);
  const metrics: Metrics = {
    count: n,
    correct: hits,
    accuracy: n === 0 ? null : hits / n,
    accuracyInterval: wilson(hits, n),
    macroF1: macroF1(perClass),
    macroF1Interval: bootstrap(n, macroF1Sampler(labels, predicted, c), { seed, resamples }),
    weightedF1: weightedF1(perClass),
    logLoss: logLossOf(logits, labels, c),
    ece: plain.ece,
    perClass,
    confusion,
    reliability: plain.bins,
    intervals: intervalsOf(seed),
  };
  if (temperature !== undefined) {
    const calibrated = calibrationAt(logits, predicted, correct, c, temperature);
    metrics.temperature = temperature;
    metrics.logLossCalibrated = logLossOf(logits, labels, c, temperature);
    metrics.eceCalibrated = calibrated.ece;
    metrics.reliabilityCalibrated = calibrated.bins;
  }
  const positiveClass = classes[1];
  if (c === 2 && positiveClass !== undefined) {
    // The difference of the logits orders photos as the probability does, without its rounding to 0 and 1.
    const scores = Float64Array.from(labels, (_, i) => (logits[2 * i + 1] ?? 0) - (logits[2 * i] ?? 0));
    const positive = Uint8Array.from(labels);
    metrics.binary = {
      positiveClass,
      rocAuc: rocAuc(scores, positive),
      averagePrecision: averagePrecision(scores, positive),
    };
  }
  if (c > 5) metrics.top5 = topAccuracy(logits, labels, c, 5);
  return metrics;
}

/** Reliability bins and their error at one temperature. */
function calibrationAt(
  logits: Float32Array,
  predicted: Int32Array,
  correct: Uint8Array,
  c: number,
  temperature: number,
) {
  const probabilities = softmaxRows(logits, c, temperature);
  const confidences = Float32Array.from(predicted, (k, i) => probabilities[i * c + k] ?? 0);
  const bins = reliability(confidences, correct);
  return { bins, ece: expectedCalibrationError(bins) };
}

/** Part of the photos whose class is among the k likeliest; of equals, the first class wins. Null for none. */
export function topAccuracy(logits: Float32Array, labels: Int32Array, c: number, k: number): number | null {
  if (labels.length === 0) return null;
  let hits = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    const own = logits[i * c + label] ?? 0;
    let ahead = 0;
    for (let j = 0; j < c; j++) {
      const other = logits[i * c + j] ?? 0;
      if (other > own || (other === own && j < label)) ahead++;
    }
    if (ahead < k) hits++;
  }
  return hits / labels.length;
}

function check({ logits, labels, classes, temperature }: Answers): void {
  const n = labels.length;
  const c = classes.length;
  if (logits.length !== n * c)
    throw new HolotypeError('failed', `Expected ${n} x ${c} logits to evaluate, got ${logits.length}.`);
  if (temperature !== undefined && !(temperature > 0 && Number.isFinite(temperature)))
    throw new HolotypeError('failed', `The temperature must be above 0, not ${temperature}.`);
  for (let i = 0; i < n; i++) {
    const label = labels[i] ?? 0;
    if (label < 0 || label >= c)
      throw new HolotypeError('failed', `Photo ${i} has the label ${label}, but there are ${c} classes.`);
  }
  const bad = logits.findIndex((value) => !Number.isFinite(value));
  if (bad !== -1)
    throw new HolotypeError(
      'failed',
      `The model answered ${logits[bad]} for photo ${Math.floor(bad / c)}, class "${classes[bad % c]}".`,
      {
        remedy:
          'The training probably diverged. Train again with a lower learning rate, or check the model file.',
      },
    );
}

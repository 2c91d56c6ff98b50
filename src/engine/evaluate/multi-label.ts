/** Judging a model that gives photos any number of labels. */
import type { ClassMetrics, Metrics } from '../../contract/metrics.ts';
import { expectedCalibrationError, reliability } from './calibration.ts';
import { f1Of, macroF1, weightedF1 } from './confusion.ts';
import { bootstrap, intervalsOf, resamples, wilson } from './intervals.ts';
import { sigmoids, softplus } from './logistic.ts';
import { averagePrecision } from './roc.ts';

/** A label's threshold is only chosen where so many photos have it and so many have not. */
const enoughForThreshold = 25;
/** Where a label is given when there are too few photos to tell better. */
const usualThreshold = 0.5;

export interface LabelAnswers {
  /** n x c, row-major: before the sigmoid and before any temperature. */
  readonly logits: Float32Array;
  /** n x c: 1 where the photo has the label. */
  readonly targets: Float32Array;
  /** c names, in the order of the logits. */
  readonly classes: readonly string[];
  /** From these calibrated probabilities on a label is given; absent: 0.5 for each. */
  readonly thresholds?: readonly number[];
  /** Adds the calibrated figures: the logits divided by this (> 0). */
  readonly temperature?: number;
  /** Of the bootstrap; the same seed gives the same intervals. */
  readonly seed?: number;
}

/** Mean binary log loss of all decisions in nats, from logits; null for none. */
export function labelLogLoss(logits: Float32Array, targets: Float32Array, temperature = 1): number | null {
  if (logits.length === 0) return null;
  let total = 0;
  for (let i = 0; i < logits.length; i++) {
    const z = (logits[i] as number) / temperature;
    total += (targets[i] as number) > 0.5 ? softplus(-z) : softplus(z);
  }
  return total / logits.length;
}

/**
 * The temperature that makes the labels' probabilities match how often photos have them: minimizes the binary log loss
 * of sigmoid(z / T) by golden-section search over ln T in 0.05..20, where it is unimodal. As with classes, one that does
 * no better than none is not used, and targets are drawn in a little (Platt 1999), so that a perfect score on few
 * photos doesn't ask for infinite confidence.
 *
 * @returns 1 when there is nothing to learn from
 */
export function fitLabelTemperature(logits: Float32Array, targets: Float32Array): number {
  const n = logits.length;
  if (n === 0) return 1;
  const positives = targets.reduce((sum, target) => sum + target, 0);
  const [yes, no] = [(positives + 1) / (positives + 2), 1 / (n - positives + 2)];
  const loss = (temperature: number): number => {
    let total = 0;
    for (let i = 0; i < n; i++) {
      const z = (logits[i] as number) / temperature;
      const t = (targets[i] as number) > 0.5 ? yes : no;
      total += t * softplus(-z) + (1 - t) * softplus(z);
    }
    return total;
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.05), Math.log(20)];
  let [a, b] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atA, atB] = [loss(Math.exp(a)), loss(Math.exp(b))];
  while (high - low > 1e-6) {
    if (atA < atB) {
      high = b;
      [b, atB] = [a, atA];
      a = high - ratio * (high - low);
      atA = loss(Math.exp(a));
    } else {
      low = a;
      [a, atA] = [b, atB];
      b = low + ratio * (high - low);
      atB = loss(Math.exp(b));
    }
  }
  const fitted = Math.exp((low + high) / 2);
  const plain = labelLogLoss(logits, targets) ?? 0;
  return (labelLogLoss(logits, targets, fitted) ?? 0) < plain ? fitted : 1;
}

/**
 * For each label, the probability from which it is given: the one with the best F1 on these photos, of equals the
 * nearest to 0.5; 0.5 itself where there are too few photos with or without the label to tell.
 *
 * @param probabilities [n, c], calibrated
 * @param targets [n, c], 0 or 1
 */
export function chooseThresholds(probabilities: Float32Array, targets: Float32Array, c: number): number[] {
  const n = c === 0 ? 0 : probabilities.length / c;
  return Array.from({ length: c }, (_, label) => {
    const photos = Array.from({ length: n }, (__, row) => ({
      p: probabilities[row * c + label] as number,
      has: (targets[row * c + label] as number) > 0.5,
    })).sort((a, b) => b.p - a.p);
    const support = photos.filter(({ has }) => has).length;
    if (support < enoughForThreshold || n - support < enoughForThreshold) return usualThreshold;
    let best = { f1: -1, threshold: usualThreshold };
    let right = 0;
    for (const [index, { p, has }] of photos.entries()) {
      if (has) right += 1;
      const next = photos[index + 1]?.p ?? 0;
      if (next === p) continue;
      const f1 = f1Of(right, support, index + 1) ?? 0;
      // Anywhere between two photos is the same to them: as near to 0.5 as that allows, with some room.
      const threshold = next < usualThreshold && usualThreshold <= p ? usualThreshold : (p + next) / 2;
      const nearer = Math.abs(threshold - usualThreshold) < Math.abs(best.threshold - usualThreshold);
      if (f1 > best.f1 || (f1 === best.f1 && nearer)) best = { f1, threshold };
    }
    return best.threshold;
  });
}

/** Everything the product says about a model of several labels, on photos whose labels are known. */
export function evaluateLabels(answers: LabelAnswers): Metrics {
  const { logits, targets, classes, temperature, seed = 0 } = answers;
  const c = classes.length;
  const n = c === 0 ? 0 : logits.length / c;
  const thresholds = answers.thresholds ?? classes.map(() => usualThreshold);
  const plain = sigmoids(logits);
  const calibrated = temperature === undefined ? plain : sigmoids(logits, temperature);
  const given = Uint8Array.from(calibrated, (p, at) => (p >= (thresholds[at % c] ?? usualThreshold) ? 1 : 0));
  const truth = Uint8Array.from(targets, (target) => (target > 0.5 ? 1 : 0));

  const right = Uint8Array.from({ length: n }, (_, row) => {
    for (let label = 0; label < c; label++) if (given[row * c + label] !== truth[row * c + label]) return 0;
    return 1;
  });
  const correct = right.reduce((sum, one) => sum + one, 0);
  const all = { right: 0, given: 0, has: 0, wrong: 0 };
  const perClass = classes.map((name, label): ClassMetrics => {
    let [support, predicted, both] = [0, 0, 0];
    for (let row = 0; row < n; row++) {
      const [says, has] = [given[row * c + label] as number, truth[row * c + label] as number];
      support += has;
      predicted += says;
      both += says & has;
    }
    all.right += both;
    all.given += predicted;
    all.has += support;
    all.wrong += support + predicted - 2 * both;
    return {
      class: name,
      precision: predicted === 0 ? null : both / predicted,
      recall: support === 0 ? null : both / support,
      f1: f1Of(both, support, predicted),
      support,
      predicted,
      recallInterval: wilson(both, support),
      precisionInterval: wilson(both, predicted),
    };
  });
  const perLabel = classes.map((name, label) => ({
    class: name,
    averagePrecision: averagePrecision(
      Float64Array.from({ length: n }, (_, row) => logits[row * c + label] as number),
      Uint8Array.from({ length: n }, (_, row) => truth[row * c + label] as number),
    ),
    threshold: thresholds[label] ?? usualThreshold,
  }));
  const precisions = perLabel.flatMap(({ averagePrecision: own }) => own ?? []);
  const bins = reliability(plain, truth);
  const metrics: Metrics = {
    count: n,
    correct,
    accuracy: n === 0 ? null : correct / n,
    accuracyInterval: wilson(correct, n),
    macroF1: macroF1(perClass),
    macroF1Interval: bootstrap(n, macroF1Of(given, truth, c), { seed, resamples }),
    weightedF1: weightedF1(perClass),
    logLoss: labelLogLoss(logits, targets),
    ece: expectedCalibrationError(bins),
    perClass,
    confusion: { classes: [...classes], matrix: [] },
    reliability: bins,
    multiLabel: {
      hammingLoss: n * c === 0 ? null : all.wrong / (n * c),
      microF1: f1Of(all.right, all.has, all.given),
      meanAveragePrecision:
        precisions.length === 0 ? null : precisions.reduce((sum, own) => sum + own, 0) / precisions.length,
      perLabel,
    },
    intervals: intervalsOf(seed),
  };
  if (temperature !== undefined) {
    const corrected = reliability(calibrated, truth);
    metrics.temperature = temperature;
    metrics.logLossCalibrated = labelLogLoss(logits, targets, temperature);
    metrics.eceCalibrated = expectedCalibrationError(corrected);
    metrics.reliabilityCalibrated = corrected;
  }
  return metrics;
}

/** Macro-F1 of a sample of photos given by index; reuses its buffers. */
function macroF1Of(given: Uint8Array, truth: Uint8Array, c: number): (indices: Int32Array) => number | null {
  const right = new Int32Array(c);
  const both = new Int32Array(c); // has + given
  return (indices) => {
    right.fill(0);
    both.fill(0);
    for (const row of indices) {
      for (let label = 0; label < c; label++) {
        const [says, has] = [given[row * c + label] as number, truth[row * c + label] as number];
        both[label] = (both[label] as number) + says + has;
        right[label] = (right[label] as number) + (says & has);
      }
    }
    return macroF1(Array.from(both, (sum, label) => ({ f1: f1Of(right[label] as number, sum, 0) })));
  };
}

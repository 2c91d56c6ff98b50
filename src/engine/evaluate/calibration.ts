import type { ReliabilityBin } from '../../contract/metrics.ts';
import { wilson } from './intervals.ts';

/** Bins of the reliability diagram and of ECE: 15 of equal width, as in Guo et al. 2017. */
export const reliabilityBinCount = 15;

const lowestTemperature = 0.05;
const highestTemperature = 20;

/**
 * Probabilities from logits, row by row: exp(z / T) / sum exp(z / T).
 * @param logits n x c, row-major
 * @param temperature above 0; more than 1 makes every answer less confident
 * @returns n x c; each row sums to 1
 */
export function softmaxRows(logits: Float32Array, c: number, temperature = 1): Float32Array {
  const out = new Float32Array(logits.length);
  if (c === 0) return out;
  const row = new Float64Array(c);
  for (let start = 0; start < logits.length; start += c) {
    let max = -Infinity;
    for (let j = 0; j < c; j++) max = Math.max(max, logits[start + j] ?? 0);
    let sum = 0;
    for (let j = 0; j < c; j++) {
      const e = Math.exp(((logits[start + j] ?? 0) - max) / temperature);
      row[j] = e;
      sum += e;
    }
    for (let j = 0; j < c; j++) out[start + j] = (row[j] ?? 0) / sum;
  }
  return out;
}

/**
 * Mean negative log-likelihood of the labels in nats, in 64-bit and from logits, so that it stays finite
 * where a float32 probability is already 0. Null for no photos.
 */
export function logLossOf(
  logits: Float32Array,
  labels: Int32Array,
  c: number,
  temperature = 1,
): number | null {
  const n = labels.length;
  if (n === 0) return null;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const start = i * c;
    let max = -Infinity;
    for (let j = 0; j < c; j++) max = Math.max(max, logits[start + j] ?? 0);
    let sum = 0;
    for (let j = 0; j < c; j++) sum += Math.exp(((logits[start + j] ?? 0) - max) / temperature);
    total += Math.log(sum) - ((logits[start + (labels[i] ?? 0)] ?? 0) - max) / temperature;
  }
  return Math.max(0, total / n);
}

/**
 * The temperature that makes the confidence of these answers match how often they are right: the T > 0
 * that minimizes the negative log-likelihood of softmax(z / T) (Guo et al. 2017, "On Calibration of
 * Modern Neural Networks"). The problem is convex in 1 / T and is solved by a bracketed Newton search.
 *
 * Two guards for few photos. The right class has the target (n + 1) / (n + 2) instead of 1 (Platt 1999),
 * so that a perfect score on thirty photos doesn't ask for infinite confidence. And a temperature that
 * does worse than none (T = 1) on the very photos it was fitted to is not used.
 *
 * @param logits n x c, row-major
 * @param labels n class indices
 * @param classes c
 * @returns 0.05..20; 1 when there is nothing to learn from
 */
export function fitTemperature(logits: Float32Array, labels: Int32Array, classes: number): number {
  const n = labels.length;
  const c = classes;
  if (n === 0 || c < 2) return 1;
  const onRight = (n + 1) / (n + 2);
  const onOther = (1 - onRight) / (c - 1);

  // Mean logit under the targets: it doesn't depend on the temperature.
  let targetMean = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < c; j++)
      targetMean += (logits[i * c + j] ?? 0) * (j === labels[i] ? onRight : onOther);
  }
  targetMean /= n;

  /** First and second derivative of the loss by b = 1 / T: mean of E[z] - target, mean of Var[z]. */
  const derivatives = (b: number): [slope: number, curvature: number] => {
    let slope = 0;
    let curvature = 0;
    for (let i = 0; i < n; i++) {
      const start = i * c;
      let max = -Infinity;
      for (let j = 0; j < c; j++) max = Math.max(max, logits[start + j] ?? 0);
      let sum = 0;
      let first = 0;
      let second = 0;
      for (let j = 0; j < c; j++) {
        const d = (logits[start + j] ?? 0) - max;
        const e = Math.exp(d * b);
        sum += e;
        first += e * d;
        second += e * d * d;
      }
      const mean = first / sum;
      slope += mean + max;
      curvature += second / sum - mean * mean;
    }
    return [slope / n - targetMean, curvature / n];
  };

  let low = 1 / highestTemperature;
  let high = 1 / lowestTemperature;
  let b = 1;
  for (let step = 0; step < 60 && high - low > 1e-9 * high; step++) {
    const [slope, curvature] = derivatives(b);
    if (slope === 0) break;
    if (slope > 0) high = b;
    else low = b;
    const newton = b - slope / curvature;
    const next = newton > low && newton < high ? newton : Math.sqrt(low * high);
    if (Math.abs(next - b) <= 1e-9 * b) break;
    b = next;
  }
  const fitted = logLossOf(logits, labels, c, 1 / b);
  const plain = logLossOf(logits, labels, c, 1);
  return fitted !== null && plain !== null && fitted < plain ? 1 / b : 1;
}

/**
 * Photos sorted into bins of equal width by the confidence of their answer.
 * @param confidences probability of the predicted class, 0..1
 * @param correct 1 where the answer was right
 */
export function reliability(
  confidences: Float32Array,
  correct: Uint8Array,
  bins: number = reliabilityBinCount,
): ReliabilityBin[] {
  const counts = new Int32Array(bins);
  const right = new Int32Array(bins);
  const sums = new Float64Array(bins);
  for (let i = 0; i < confidences.length; i++) {
    const confidence = Math.min(1, confidences[i] ?? 0); // softmax in float32 may round above 1
    const bin = Math.max(0, Math.min(bins - 1, Math.ceil(confidence * bins) - 1)); // (low, high]
    counts[bin] = (counts[bin] ?? 0) + 1;
    right[bin] = (right[bin] ?? 0) + (correct[i] ?? 0);
    sums[bin] = (sums[bin] ?? 0) + confidence;
  }
  return Array.from({ length: bins }, (_, bin) => {
    const count = counts[bin] ?? 0;
    const hits = right[bin] ?? 0;
    return {
      low: bin / bins,
      high: (bin + 1) / bins,
      count,
      confidence: count === 0 ? null : Math.min(1, (sums[bin] ?? 0) / count),
      accuracy: count === 0 ? null : hits / count,
      accuracyInterval: wilson(hits, count),
    };
  });
}

/**
 * Expected calibration error: the mean gap between confidence and accuracy of the bins, weighted by
 * their photos (Naeini et al. 2015, Guo et al. 2017). Null for no photos.
 */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number | null {
  let gap = 0;
  let total = 0;
  for (const { count, confidence, accuracy } of bins) {
    if (confidence === null || accuracy === null) continue;
    gap += count * Math.abs(confidence - accuracy);
    total += count;
  }
  return total === 0 ? null : Math.min(1, gap / total);
}

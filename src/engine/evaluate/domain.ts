import type { Domain } from '../../contract/compare.ts';
import { seededRandom } from '../data/random.ts';

/** ImageNet's kinds of things; some networks have one answer more, "background", which comes first. */
export const imagenetClasses = 1000;

/**
 * With at least this share of the confidence that is usual on its own photos a backbone is near, with less than the
 * second far. Rough: it is said to people as "near", "some way off" and "far", beside the figures themselves.
 */
const nearAt = 0.75;
const farBelow = 0.4;

/** Resamples of the interval. */
const resamples = 1000;

/**
 * How familiar photos look to a network that names ImageNet's things, by how sure it is of its answers (the baseline
 * of Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and Out-of-Distribution Examples in Neural
 * Networks", ICLR 2017, https://arxiv.org/abs/1610.02136).
 *
 * @param answers a row a photo, [photos, classes]: probabilities, or scores before softmax, of 1000 classes or 1001
 * @param expected its accuracy on ImageNet, 0..1, where it is known
 * @returns undefined for a network with another number of answers, or without photos
 */
export function domainOf(
  answers: Float32Array,
  classes: number,
  expected: number | undefined,
  seed = 0,
): Domain | undefined {
  const background = classes - imagenetClasses;
  const photos = classes === 0 ? 0 : Math.floor(answers.length / classes);
  if ((background !== 0 && background !== 1) || photos === 0) return undefined;
  const best = new Float64Array(photos);
  let entropy = 0;
  for (let photo = 0; photo < photos; photo++) {
    const shares = sharesOf(answers.subarray(photo * classes, (photo + 1) * classes), background);
    best[photo] = shares.reduce((most, share) => Math.max(most, share), 0);
    for (const share of shares) if (share > 0) entropy -= share * Math.log(share);
  }
  const confidence = mean(best);
  return {
    photos,
    confidence,
    interval: intervalOf(best, seed),
    sure: best.filter((share) => share >= 0.5).length / photos,
    entropy: Math.min(1, Math.max(0, entropy / photos / Math.log(imagenetClasses))),
    expected: expected ?? null,
    nearness: expected === undefined ? null : nearnessOf(confidence / expected),
  };
}

function nearnessOf(share: number): NonNullable<Domain['nearness']> {
  if (share >= nearAt) return 'near';
  return share < farBelow ? 'far' : 'between';
}

/** Probabilities of the 1000 kinds of things, adding up to 1. */
function sharesOf(answers: Float32Array, background: number): Float64Array {
  const sum = answers.reduce((total, value) => total + value, 0);
  // Some networks end in a softmax, some before it.
  const isProbability = Math.abs(sum - 1) < 1e-3 && answers.every((value) => value >= 0);
  const most = answers.reduce((a, b) => Math.max(a, b), -Infinity);
  const shares = Float64Array.from(answers.subarray(background), (value) =>
    isProbability ? value : Math.exp(value - most),
  );
  const total = shares.reduce((a, b) => a + b, 0);
  return total > 0 ? shares.map((share) => share / total) : shares;
}

function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Percentile bootstrap, 95%. */
function intervalOf(values: Float64Array, seed: number): [number, number] {
  const random = seededRandom(seed);
  const means = Float64Array.from({ length: resamples }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[random.integer(values.length)] ?? 0;
    return sum / values.length;
  }).sort();
  const at = (share: number): number => means[Math.round(share * (resamples - 1))] ?? 0;
  return [at(0.025), at(0.975)];
}

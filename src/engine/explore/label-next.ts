import { seededRandom, shuffled } from '../data/random.ts';
import type { Pace } from './pace.ts';
import { rowsOf, squaredDistance } from './points.ts';
import type { Points } from './points.ts';

/** A photo worth labelling. */
export interface Next {
  readonly index: number;
  /** Above 0, up to 1: what its label would tell, the first one's being 1. */
  readonly score: number;
}

/** Photos that are considered, and photos that stand for all: more would hardly change the choice. */
const considered = 1_000;
const standing = 2_000;

/**
 * Chooses photos so that those without a label have a labelled one nearby, above all where answers are unsure: greedy
 * facility location, each photo weighing the square of its uncertainty. Diversity comes of it by itself, for a photo
 * next to a chosen one gains little. (Weighting a cover by uncertainty is Wei, Iyer, Bilmes, ICML 2015; that covering
 * matters most while labels are few is Hacohen, Dekel, Weinshall, ICML 2022.)
 *
 * @param labelled 1 for photos that have a label (or must not be chosen)
 * @param uncertainty 0..1 of each photo; undefined while nothing is labelled
 * @param count how many
 * @returns the most telling first
 */
export async function labelNext(
  points: Points,
  labelled: ArrayLike<number>,
  uncertainty: ArrayLike<number> | undefined,
  count: number,
  seed: number,
  pace: Pace,
): Promise<Next[]> {
  const random = seededRandom(seed);
  const rows = shuffled(Array(points.rows).keys(), random);
  const free = rows.filter((row) => labelled[row] !== 1);
  const candidates = free.slice(0, Math.max(considered, 2 * count));
  const reference = free.slice(-standing);
  const known = rows.filter((row) => labelled[row] === 1);
  if (candidates.length === 0) return [];
  const weights = Float64Array.from(reference, (row) => (uncertainty?.[row] ?? 1) ** 2);
  const nearest = await startOf(points, reference, known, pace);
  const own = rowsOf(points, reference);
  const options = rowsOf(points, candidates);
  const distances = new Float32Array(options.rows * own.rows);
  const { columns } = points;
  for (let a = 0; a < options.rows; a++) {
    for (let b = 0; b < own.rows; b++)
      distances[a * own.rows + b] = squaredDistance(
        options.data,
        a * columns,
        own.data,
        b * columns,
        columns,
      );
    if (pace.due) await pace.rest(a, options.rows);
  }
  const chosen: { index: number; gain: number }[] = [];
  const taken = new Uint8Array(options.rows);
  // What a photo brings only gets less as others are chosen: most need not be looked at again (Minoux 1978).
  const bound = new Float64Array(options.rows).fill(Infinity);
  while (chosen.length < Math.min(count, candidates.length)) {
    let best = -1;
    let most = -1;
    const order = Array.from(bound.keys()).sort(
      (a, b) => (bound[b] as number) - (bound[a] as number) || a - b,
    );
    for (const a of order) {
      if (taken[a] === 1) continue;
      if ((bound[a] as number) <= most) break;
      let gain = 0;
      for (let b = 0; b < own.rows; b++) {
        const less = (nearest[b] as number) - (distances[a * own.rows + b] as number);
        if (less > 0) gain += less * (weights[b] as number);
      }
      bound[a] = gain;
      if (gain > most) {
        most = gain;
        best = a;
      }
    }
    taken[best] = 1;
    chosen.push({ index: candidates[best] as number, gain: most });
    for (let b = 0; b < own.rows; b++)
      nearest[b] = Math.min(nearest[b] as number, distances[best * own.rows + b] as number);
    if (pace.due) await pace.rest(chosen.length, count);
  }
  const first = chosen[0]?.gain ?? 0;
  return chosen.map(({ index, gain }) => ({
    index,
    score: first > 0 ? Math.min(1, Math.max(Number.MIN_VALUE, gain / first)) : 1,
  }));
}

/** Squared distance of each reference photo to the nearest labelled one; without any, the mean distance of two photos. */
async function startOf(
  points: Points,
  reference: readonly number[],
  known: readonly number[],
  pace: Pace,
): Promise<Float64Array> {
  const { columns, data } = points;
  const some = known.slice(0, standing);
  const nearest = new Float64Array(reference.length).fill(Infinity);
  // The mean squared distance of two points is twice the variance; the columns are centred.
  let mean = 0;
  for (const value of data) mean += (2 * value * value) / points.rows;
  for (const [at, row] of reference.entries()) {
    for (const other of some)
      nearest[at] = Math.min(
        nearest[at] as number,
        squaredDistance(data, row * columns, data, other * columns, columns),
      );
    nearest[at] = Math.min(nearest[at] as number, mean);
    if (pace.due) await pace.rest(at, reference.length);
  }
  return nearest;
}

/**
 * How unsure answers of several labels are: that of the label which is closest to being decided otherwise, 1 - |2p - 1|.
 *
 * @param probabilities [photos, labels]
 * @returns 0..1 a photo
 */
export function labelUncertaintyOf(probabilities: Float32Array, labels: number): Float32Array {
  return Float32Array.from({ length: probabilities.length / labels }, (_, row) => {
    let most = 0;
    for (let label = 0; label < labels; label++)
      most = Math.max(most, 1 - Math.abs(2 * (probabilities[row * labels + label] as number) - 1));
    return most;
  });
}

/**
 * How unsure answers are: 1 minus the margin between the two likeliest classes.
 *
 * @param probabilities [photos, classes]
 * @returns 0..1 a photo
 */
export function uncertaintyOf(probabilities: Float32Array, classes: number): Float32Array {
  return Float32Array.from({ length: probabilities.length / classes }, (_, row) => {
    let [first, second] = [0, 0];
    for (let c = 0; c < classes; c++) {
      const value = probabilities[row * classes + c] as number;
      if (value > first) [first, second] = [value, first];
      else if (value > second) second = value;
    }
    return 1 - (first - second);
  });
}

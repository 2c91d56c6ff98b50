/**
 * Which of many new photos show something that a model did not learn. One photo is compared with training photos alone
 * (engine/evaluate/unknown.ts); many can also be compared with each other: where new photos lie close together and
 * training photos are few, something is new.
 *
 * This is learning from positive and unlabeled examples (Elkan and Noto, "Learning classifiers from only positive and
 * unlabeled data", KDD 2008; Scott and Blanchard, "Novelty detection: unlabeled data definitely help", AISTATS 2009): a
 * linear classifier tells the new photos from the training photos. Were all new photos of known kinds, it could not.
 *
 * Measured on flowers with MobileNetV2, each class in turn left out of training and asked about among the other photos
 * (test/bench/craft/unknown.ts): the area under the curve is some 0.12 larger than by comparing each photo alone, still
 * 0.1 larger when one photo in ten is new, and much the same when one in fifty is.
 */
import { seededRandom, shuffled } from '../data/random.ts';
import type { Novelty } from '../evaluate/unknown.ts';
import { keptPlaces, placeOf } from '../evaluate/unknown.ts';
import { cholesky, solveLower, solveUpper } from '../search/cholesky.ts';
import { ranksOf } from './anomalies.ts';
import type { Pace } from './pace.ts';
import { rowsOf, type Points } from './points.ts';
import { fitProjection, project } from './projection.ts';

/** Directions in which photos are compared. */
const directions = 128;
/** Training photos that say which: more take longer, and say the same. */
const sampled = 400;
/** How much the classifier is held back, as a share of its features' mean square. */
const restraint = 1;
const folds = 5;
/** The second time it is known better how many photos there are of each known class. */
const rounds = 2;
/** Limits of the score at which new photos and training photos are counted. */
const limits = 100;
/** Counted are limits that at least this share of the training photos lies below: in the tails chance rules. */
const body = 0.5;
/** Standard errors of a one-sided bound that holds 99 times of 100 at one limit; some limits are looked at. */
const sure = 2.326;

/** How photos are seen to compare many of them: by the directions in which training photos differ most. */
export interface PhotoView {
  /** What it was learned from. */
  readonly novelty: Novelty;
  readonly columns: number;
  /** Training photos, [rows, columns]. */
  readonly known: Points;
  /** The class of each training photo, by its index. */
  readonly classes: Int32Array;
  /** @param features of one photo as the head reads them @returns [columns] */
  of(features: Float32Array): Float32Array;
}

/** @throws the signal's reason @returns undefined where the classes of the training photos are not known */
export async function learnView(novelty: Novelty, seed: number, pace: Pace): Promise<PhotoView | undefined> {
  const { own } = novelty;
  if (own === undefined) return undefined;
  const places = keptPlaces(novelty);
  const rows = novelty.scales.length;
  const all = { rows, columns: novelty.columns, data: places };
  const some = shuffled(Array(rows).keys(), seededRandom(seed)).slice(0, sampled);
  const projection = await fitProjection(rowsOf(all, some), directions, seed, pace);
  const { columns } = projection;
  const known = { rows, columns, data: new Float32Array(rows * columns) };
  project(projection, places, known, 0);
  return {
    novelty,
    columns,
    known,
    classes: own,
    of: (features) => {
      const seen = { rows: 1, columns, data: new Float32Array(columns) };
      project(projection, placeOf(novelty, features), seen, 0);
      return seen.data;
    },
  };
}

/** New photos, in one order. */
export interface NewPhotos {
  /** By {@link PhotoView.of}, [rows, columns]. */
  readonly seen: Points;
  /** Of each alone: how unlike the training photos it is. */
  readonly novelty: ArrayLike<number>;
  /** The class that the model takes each for, by its index. */
  readonly classes: ArrayLike<number>;
}

/** What comparing new photos with each other shows. */
export interface Strangers {
  /** Of each photo, evenly spread over 0..1: 0.95 means that 95 of 100 are more like the training photos. */
  readonly scores: Float32Array;
  /** Estimated share of photos that show something new, 0..1. */
  readonly share: number;
  /** The share is at least this, some 95 times of 100; 0 when it may be chance. */
  readonly atLeast: number;
}

/**
 * Compares new photos with the training photos, and with each other.
 *
 * Training photos count as much as is needed to have classes in the proportions in which the model finds them among the
 * new photos: a folder of one known class alone is nothing new. The score of a photo is the mean of two ranks: by its
 * own novelty, and by a classifier that was not trained on it.
 *
 * The share of new photos is 1 less the least ratio of new photos to training photos below any limit of the
 * classifier's score (Scott and Blanchard, as above, section 4: known photos are there in full, new ones add to them).
 *
 * @throws the signal's reason
 */
export async function findStrangers(
  { known, classes }: PhotoView,
  { seen, novelty, classes: taken }: NewPhotos,
  seed: number,
  pace: Pace,
): Promise<Strangers> {
  const alone = ranksOf(Float64Array.from(novelty));
  let found: Strangers = { scores: alone, share: 0, atLeast: 0 };
  for (let round = 0; round < rounds; round++) {
    // What is new is of no class: it says nothing of how many photos there are of the known ones.
    const old = leastStrange(found).map((row) => taken[row] as number);
    const weights = weightsOf(classes, old, taken.length);
    const told = await tellApart(known, weights, seen, seed, pace);
    const unlike = ranksOf(told.subarray(known.rows));
    const scores = ranksOf(Float64Array.from(unlike, (rank, row) => rank + (alone[row] as number)));
    found = { scores, ...shareOf(told.subarray(0, known.rows), weights, told.subarray(known.rows)) };
  }
  return found;
}

/** The photos left when the share that shows something new is taken from them. */
function leastStrange({ scores, share }: Strangers): number[] {
  const order = [...scores.keys()].sort((a, b) => (scores[a] as number) - (scores[b] as number) || a - b);
  return order.slice(0, Math.ceil((1 - share) * order.length));
}

/** How much each training photo counts: together `total`, each class as `taken` has them. */
function weightsOf(classes: Int32Array, taken: ArrayLike<number>, total: number): Float64Array {
  const count = (some: ArrayLike<number>): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const one of Array.from(some)) counts.set(one, (counts.get(one) ?? 0) + 1);
    return counts;
  };
  const [before, now] = [count(classes), count(taken)];
  const weights = Float64Array.from(classes, (own) => (now.get(own) ?? 0) / (before.get(own) ?? 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  // Only classes that none of the training photos is of: then all of them count alike.
  return sum === 0
    ? weights.fill(total / Math.max(1, classes.length))
    : weights.map((weight) => (weight * total) / sum);
}

/**
 * Ridge regression of "is new", 1 or -1, for each photo from the folds that it is not in.
 *
 * @returns [known rows, then new rows]: the larger, the more like a new photo
 */
async function tellApart(
  known: Points,
  weights: Float64Array,
  seen: Points,
  seed: number,
  pace: Pace,
): Promise<Float64Array> {
  const rows = known.rows + seen.rows;
  const width = seen.columns + 1;
  const all = standardized(known, weights, seen);
  const fold = new Uint8Array(rows);
  for (const [place, row] of shuffled(Array(rows).keys(), seededRandom(seed)).entries())
    fold[row] = place % folds;

  const grams = Array.from({ length: folds }, () => new Float64Array(width * width));
  const sums = Array.from({ length: folds }, () => new Float64Array(width));
  for (let row = 0; row < rows; row++) {
    const isNew = row >= known.rows;
    const weight = isNew ? 1 : (weights[row] as number);
    // Every row belongs to a fold.
    const gram = grams[fold[row] as number] as Float64Array;
    const sum = sums[fold[row] as number] as Float64Array;
    for (let a = 0; a < width; a++) {
      const value = weight * (all[row * width + a] as number);
      sum[a] = (sum[a] as number) + (isNew ? value : -value);
      for (let b = 0; b <= a; b++)
        gram[a * width + b] = (gram[a * width + b] as number) + value * (all[row * width + b] as number);
    }
    if (pace.due) await pace.rest(row, rows);
  }
  const scores = new Float64Array(rows);
  for (let f = 0; f < folds; f++) {
    const rest = (parts: readonly Float64Array[]): Float64Array =>
      parts.reduce(
        (total, part, at) => (at === f ? total : total.map((value, i) => value + (part[i] as number))),
        new Float64Array(parts[0]?.length ?? 0),
      );
    const answer = solveRidge(rest(grams), rest(sums), width);
    for (let row = 0; row < rows; row++)
      if (fold[row] === f)
        for (let a = 0; a < width; a++)
          scores[row] = (scores[row] as number) + (all[row * width + a] as number) * (answer[a] as number);
    await pace.rest(rows, rows);
  }
  return scores;
}

/** All photos around their middle, in units of their spread over all directions, and a 1 for each: [rows, columns + 1]. */
function standardized(known: Points, weights: Float64Array, seen: Points): Float64Array {
  const { columns } = seen;
  const width = columns + 1;
  const rows = known.rows + seen.rows;
  const all = new Float64Array(rows * width);
  const mean = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const from = row < known.rows ? known.data : seen.data;
    const start = (row < known.rows ? row : row - known.rows) * columns;
    const weight = (row < known.rows ? (weights[row] as number) : 1) / (2 * seen.rows);
    for (let c = 0; c < columns; c++) {
      const value = from[start + c] as number;
      all[row * width + c] = value;
      mean[c] = (mean[c] as number) + weight * value;
    }
    all[row * width + columns] = 1;
  }
  let square = 0;
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) {
      const value = (all[row * width + c] as number) - (mean[c] as number);
      all[row * width + c] = value;
      square += value * value;
    }
  const spread = Math.sqrt(square / (rows * columns)) || 1;
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) all[row * width + c] = (all[row * width + c] as number) / spread;
  return all;
}

/** @param gram lower triangle, is overwritten @param sum is overwritten with the answer */
function solveRidge(gram: Float64Array, sum: Float64Array, width: number): Float64Array {
  let trace = 0;
  for (let a = 0; a < width; a++) trace += gram[a * width + a] as number;
  for (let a = 0; a < width; a++)
    gram[a * width + a] = (gram[a * width + a] as number) + (restraint * trace) / width;
  if (!cholesky(gram, width)) return sum.fill(0);
  solveLower(gram, width, sum);
  solveUpper(gram, width, sum);
  return sum;
}

function shareOf(
  known: Float64Array,
  weights: Float64Array,
  seen: Float64Array,
): Pick<Strangers, 'share' | 'atLeast'> {
  const order = [...known.keys()].sort((a, b) => (known[a] as number) - (known[b] as number));
  const sorted = seen.toSorted();
  const total = weights.reduce((a, b) => a + b, 0);
  // As many photos of equal weight would be as sure.
  const photos = total ** 2 / weights.reduce((a, b) => a + b * b, 0);
  let share = 0;
  let atLeast = 0;
  let below = 0;
  let next = 0;
  for (let step = 1; step <= limits; step++) {
    const at = Math.ceil((step / limits) * sorted.length);
    const limit = sorted[at - 1] ?? Infinity;
    for (; next < order.length && (known[order[next] as number] as number) <= limit; next++)
      below += weights[order[next] as number] as number;
    // Sums of fractions may end beyond 1.
    const ofKnown = Math.min(1, below / total);
    if (ofKnown < body) continue;
    const ofNew = at / sorted.length;
    const ratio = ofNew / ofKnown;
    const error =
      Math.sqrt((ofNew * (1 - ofNew)) / sorted.length + (ratio ** 2 * ofKnown * (1 - ofKnown)) / photos) /
      ofKnown;
    share = Math.max(share, 1 - ratio);
    atLeast = Math.max(atLeast, 1 - ratio - sure * error);
  }
  return { share, atLeast };
}

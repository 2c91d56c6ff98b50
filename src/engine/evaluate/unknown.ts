/**
 * Which photos are unlike those a model learned from: kernel ridge regression of "is of this class" on the features
 * (the mean of a Gaussian process; Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, eq. 2.25).
 * Its answers are near 1 for a class where photos of the class are near, and fall to 0 far from all of them. So both a
 * photo between the classes and one far from everything have a low best answer.
 *
 * Chosen by measurement on flowers with MobileNetV2, each class in turn unknown (test/bench/craft/unknown.ts): better
 * than the confidence of the head, its energy, nearest neighbours, and Mahalanobis distances, plain and relative.
 */
import { HolotypeError } from '../../contract/errors.ts';
import { seededRandom, shuffled } from '../data/random.ts';
import { solveLower, solveUpper } from '../search/cholesky.ts';
import { argmax } from './confusion.ts';

/** Photos that are kept to compare with: their features and weights are part of the saved model. */
export const keptPhotos = 1000;
/** Width of the kernel: at the middle distance between two photos it is exp(-sharpness). */
const sharpness = 4;
/** Added to the kernel's diagonal: how far a photo's own label is trusted, for some are wrong. */
const noise = 0.1;
/** Steps of 8-bit numbers. */
const steps = 127;
/** A turn for others after so many milliseconds. */
const turn = 40;

/** What it takes to say how unlike a photo is. */
export interface Novelty {
  /** Features of a photo. */
  readonly columns: number;
  /** [columns]: the middle of the photos, each brought to length 1. Places are told from there: they round less. */
  readonly mean: Float32Array<ArrayBuffer>;
  /** Places of the photos compared with, [rows, columns]: these times `scales[row]` divided by 127. */
  readonly kept: Int8Array<ArrayBuffer>;
  /** The largest magnitude of each row. */
  readonly scales: Float32Array<ArrayBuffer>;
  /** Answer weights [rows, classes]. */
  readonly weights: Float32Array<ArrayBuffer>;
  readonly classes: number;
  /** [rows]: the class of each photo compared with. Models that an earlier Holotype saved don't say. */
  readonly own?: Int32Array<ArrayBuffer> | undefined;
  /** The kernel of two photos is exp(-gamma |a - b|²). */
  readonly gamma: number;
}

/** Tells how unlike a photo is the photos a model learned from: 0 as one of them, 1 like none. */
export type HowUnlike = (features: Float32Array) => number;

/** @returns takes the features of a photo, [columns], as the head reads them */
export function howUnlike({ columns, mean, kept, scales, weights, classes, gamma }: Novelty): HowUnlike {
  const rows = scales.length;
  const squares = Float64Array.from({ length: rows }, (_, row) => squareOf(kept, row, columns, scales));
  return (features) => {
    const place = placeOf({ columns, mean }, features);
    let square = 0;
    for (let c = 0; c < columns; c++) square += (place[c] as number) ** 2;
    const answers = new Float64Array(classes);
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      let product = 0;
      for (let c = 0; c < columns; c++) product += (kept[start + c] as number) * (place[c] as number);
      const apart = square + (squares[row] as number) - (2 * product * (scales[row] as number)) / steps;
      const kernel = Math.exp(-gamma * Math.max(0, apart));
      for (let k = 0; k < classes; k++)
        answers[k] = (answers[k] as number) + kernel * (weights[row * classes + k] as number);
    }
    const best = answers.reduce((a, b) => Math.max(a, b), -Infinity);
    return 1 - Math.min(1, Math.max(0, best));
  };
}

/** Where a photo lies: its features brought to length 1, seen from the middle of the training photos. */
export function placeOf(
  { columns, mean }: Pick<Novelty, 'columns' | 'mean'>,
  features: Float32Array,
): Float32Array {
  const length = lengthOf(features, 0, columns) || 1;
  return mean.map((middle, c) => (features[c] as number) / length - middle);
}

/** Where the training photos lie that are compared with: [rows, columns], as {@link placeOf} says of others. */
export function keptPlaces({ columns, kept, scales }: Novelty): Float32Array {
  return Float32Array.from(
    kept,
    (value, at) => (value * (scales[Math.floor(at / columns)] as number)) / steps,
  );
}

/** Which of so many photos are compared with, in their order. Of no more than are kept: all. */
export function drawKept(photos: number, seed: number): number[] {
  return shuffled(Array(photos).keys(), seededRandom(seed))
    .slice(0, keptPhotos)
    .sort((a, b) => a - b);
}

/**
 * Learns which photos are like those of a training.
 *
 * @param features rows of training photos, [rows, columns], not standardized
 * @param memberships [rows, classes]: 1 where the photo is of the class, 0 where not; of a single class for tasks
 *   without classes, which leaves the distance alone
 * @yields between pieces of work, so that others get their turn
 * @throws the signal's reason; HolotypeError('failed') when the numbers are none
 */
export async function* learnNovelty(
  features: { readonly rows: number; readonly columns: number; readonly data: Float32Array },
  memberships: Float32Array,
  classes: number,
  seed: number,
  signal?: AbortSignal,
): AsyncGenerator<void, Novelty> {
  const { columns, data } = features;
  const chosen = drawKept(features.rows, seed);
  const rows = chosen.length;
  const { mean, kept, scales } = placesOf(data, columns, chosen);
  const turns = new Turns(signal);
  const distances = new Float64Array(rows * rows);
  const squares = Float64Array.from({ length: rows }, (_, row) => squareOf(kept, row, columns, scales));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      let product = 0;
      for (let c = 0; c < columns; c++)
        product += (kept[i * columns + c] as number) * (kept[j * columns + c] as number);
      const share = ((scales[i] as number) * (scales[j] as number)) / (steps * steps);
      const apart = (squares[i] as number) + (squares[j] as number) - 2 * product * share;
      distances[i * rows + j] = distances[j * rows + i] = Math.max(0, apart);
    }
    if (turns.isDue()) yield* turns.take();
  }
  const gamma = sharpness / (middle(distances, rows) || 1);
  const kernel = distances.map((apart) => Math.exp(-gamma * apart));
  for (let i = 0; i < rows; i++) kernel[i * rows + i] = 1 + noise;
  const wanted = new Float64Array(rows * classes);
  for (const [row, photo] of chosen.entries())
    for (let k = 0; k < classes; k++) wanted[row * classes + k] = memberships[photo * classes + k] as number;
  const weights = yield* solve(kernel, wanted, rows, classes, turns);
  if (!weights.every((weight) => Number.isFinite(weight)))
    throw new HolotypeError('failed', 'Features of the photos are no numbers: nothing can be compared.');
  const own = Int32Array.from(chosen, (photo) => argmax(memberships, photo * classes, classes));
  return { columns, mean, kept, scales, weights: Float32Array.from(weights), classes, own, gamma };
}

/** Where photos lie when each is brought to length 1, rounded to 8 bits around their middle. */
function placesOf(
  data: Float32Array,
  columns: number,
  photos: readonly number[],
): Pick<Novelty, 'mean' | 'kept' | 'scales'> {
  const lengths = photos.map((photo) => lengthOf(data, photo * columns, columns) || 1);
  const mean = new Float32Array(columns);
  for (const [row, photo] of photos.entries())
    for (let c = 0; c < columns; c++)
      mean[c] =
        (mean[c] as number) + (data[photo * columns + c] as number) / (lengths[row] ?? 1) / photos.length;
  const kept = new Int8Array(photos.length * columns);
  const scales = new Float32Array(photos.length);
  for (const [row, photo] of photos.entries()) {
    const place = Float32Array.from(
      mean,
      (middle, c) => (data[photo * columns + c] as number) / (lengths[row] ?? 1) - middle,
    );
    const most = place.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    scales[row] = most;
    for (const [c, value] of place.entries())
      kept[row * columns + c] = most === 0 ? 0 : Math.round((value / most) * steps);
  }
  return { mean, kept, scales };
}

/** The square of a kept place's distance from the middle. */
function squareOf(kept: Int8Array, row: number, columns: number, scales: Float32Array): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += (kept[row * columns + c] as number) ** 2;
  return (sum * (scales[row] as number) ** 2) / (steps * steps);
}

/** Lets others work, and hears of a cancellation, every {@link turn} ms. */
class Turns {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  isDue(): boolean {
    return performance.now() - this.#last > turn;
  }

  async *take(): AsyncGenerator<void, void> {
    yield;
    await new Promise((resolve) => setImmediate(resolve));
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}

/** Cholesky: the X of A X = B for a positive definite A [n, n], which it overwrites, and B [n, k]. */
async function* solve(
  a: Float64Array,
  b: Float64Array,
  n: number,
  k: number,
  turns: Turns,
): AsyncGenerator<void, Float64Array> {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let p = 0; p < j; p++) sum -= (a[i * n + p] as number) * (a[j * n + p] as number);
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / (a[j * n + j] as number);
    }
    if (turns.isDue()) yield* turns.take();
  }
  const x = new Float64Array(n * k);
  for (let c = 0; c < k; c++) {
    const column = Float64Array.from({ length: n }, (_, i) => b[i * k + c] as number);
    solveLower(a, n, column);
    solveUpper(a, n, column);
    for (const [i, value] of column.entries()) x[i * k + c] = value;
  }
  return x;
}

function lengthOf(data: Float32Array, start: number, columns: number): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) sum += (data[start + column] as number) ** 2;
  return Math.sqrt(sum);
}

/** The middle one of the distances between two different photos. */
function middle(squares: Float64Array, rows: number): number {
  const pairs: number[] = [];
  // A few thousand tell it well enough.
  const step = Math.max(1, Math.floor((rows * rows) / 20_000));
  for (let at = 0; at < rows * rows; at += step)
    if (Math.floor(at / rows) !== at % rows) pairs.push(squares[at] as number);
  pairs.sort((a, b) => a - b);
  return pairs[Math.floor(pairs.length / 2)] ?? 0;
}

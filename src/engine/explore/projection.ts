import { seededRandom } from '../data/random.ts';
import type { Random } from '../data/random.ts';
import type { Pace } from './pace.ts';
import { dotProducts } from './points.ts';
import type { Points } from './points.ts';
import { eigenOfSymmetric } from './symmetric.ts';

/** Principal components: what remains of long vectors when only the directions in which they differ most count. */
export interface Projection {
  /** Length of the vectors it takes. */
  readonly dimension: number;
  /** Length of the vectors it gives. */
  readonly columns: number;
  readonly mean: Float64Array;
  /** columns x dimension, orthonormal, the direction of the greatest variance first. */
  readonly components: Float64Array;
  /** Share of the variance that is kept, 0..1. */
  readonly kept: number;
}

/** Directions beyond the wanted ones that make the wanted ones exact, and passes that sharpen them. */
const extra = 10;
const passes = 2;

/**
 * Principal components by a randomized singular value decomposition (Halko, Martinsson, Tropp: "Finding structure with
 * randomness", SIAM Review 53, 2011, algorithms 4.4 and 5.1), which takes a few products of matrices where an exact one
 * takes minutes.
 *
 * @param sample the vectors that components are taken from; some thousands say as much as all
 * @param columns how many components are wanted; fewer where the sample has fewer rows or columns
 */
export async function fitProjection(
  sample: Points,
  columns: number,
  seed: number,
  pace: Pace,
): Promise<Projection> {
  const { rows, columns: dimension } = sample;
  const mean = new Float64Array(dimension);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < dimension; j++)
      mean[j] = (mean[j] as number) + (sample.data[row * dimension + j] as number) / rows;
  const centred = new Float64Array(rows * dimension);
  let variance = 0;
  for (let i = 0; i < centred.length; i++) {
    const value = (sample.data[i] as number) - (mean[i % dimension] as number);
    centred[i] = value;
    variance += value * value;
  }
  const wanted = Math.max(1, Math.min(columns, dimension, rows));
  const width = Math.min(wanted + extra, dimension, rows);
  const matrix: Matrix = { rows, columns: dimension, data: centred };

  let directions = gaussian(width, dimension, seededRandom(seed));
  let range: Float64Array = new Float64Array(0);
  for (let pass = 0; pass <= passes; pass++) {
    range = await timesTransposed(matrix, directions, width, pace); // width x rows
    orthonormalize(range, width, rows);
    directions = await transposedTimes(matrix, range, width, pace); // width x dimension
    if (pass < passes) orthonormalize(directions, width, dimension);
  }
  // directions = Q'A: its left singular vectors are those of its small Gram matrix.
  const gram = new Float64Array(width * width);
  for (let a = 0; a < width; a++)
    for (let b = 0; b <= a; b++) {
      const value = dot(directions, a * dimension, directions, b * dimension, dimension);
      gram[a * width + b] = value;
      gram[b * width + a] = value;
    }
  const { values, vectors } = eigenOfSymmetric(gram, width);
  const components = new Float64Array(wanted * dimension);
  let kept = 0;
  for (let c = 0; c < wanted; c++) {
    const size = Math.sqrt(Math.max(0, values[c] ?? 0));
    kept += size * size;
    for (let a = 0; a < width; a++) {
      const factor = size > 1e-9 ? (vectors[c * width + a] as number) / size : 0;
      axpy(factor, directions, a * dimension, components, c * dimension, dimension);
    }
  }
  return {
    dimension,
    columns: wanted,
    mean,
    components,
    kept: variance > 0 ? Math.min(1, kept / variance) : 1,
  };
}

/**
 * Projects vectors.
 *
 * @param vectors rows x `dimension` numbers
 * @param into where the results go, from row `first` on
 */
export function project(projection: Projection, vectors: Float32Array, into: Points, first: number): void {
  const { dimension, columns, mean, components } = projection;
  const rows = vectors.length / dimension;
  const own = new Float64Array(dimension);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < dimension; j++)
      own[j] = (vectors[row * dimension + j] as number) - (mean[j] as number);
    dotProducts(own, 0, components, columns, dimension, into.data, (first + row) * columns, 1);
  }
}

interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

function gaussian(rows: number, columns: number, random: Random): Float64Array {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < values.length; i++) values[i] = random.normal();
  return values;
}

/** (A B')' for B [width, columns]: width x rows. */
async function timesTransposed(a: Matrix, b: Float64Array, width: number, pace: Pace): Promise<Float64Array> {
  const out = new Float64Array(width * a.rows);
  for (let row = 0; row < a.rows; row++) {
    dotProducts(a.data, row * a.columns, b, width, a.columns, out, row, a.rows);
    if (pace.due) await pace.rest(row, a.rows);
  }
  return out;
}

/** Q A for Q [width, rows]: width x columns. */
async function transposedTimes(a: Matrix, q: Float64Array, width: number, pace: Pace): Promise<Float64Array> {
  const { rows, columns, data } = a;
  const out = new Float64Array(width * columns);
  let row = 0;
  // Four rows at a time, so that each sum is fetched and put back a quarter as often.
  for (; row + 3 < rows; row += 4) {
    const p0 = row * columns;
    const p1 = p0 + columns;
    const p2 = p1 + columns;
    const p3 = p2 + columns;
    for (let c = 0; c < width; c++) {
      const at = c * rows + row;
      const q0 = q[at] as number;
      const q1 = q[at + 1] as number;
      const q2 = q[at + 2] as number;
      const q3 = q[at + 3] as number;
      const to = c * columns;
      for (let j = 0; j < columns; j++)
        out[to + j] =
          (out[to + j] as number) +
          q0 * (data[p0 + j] as number) +
          q1 * (data[p1 + j] as number) +
          q2 * (data[p2 + j] as number) +
          q3 * (data[p3 + j] as number);
    }
    if (pace.due) await pace.rest(row, rows);
  }
  for (; row < rows; row++)
    for (let c = 0; c < width; c++)
      axpy(q[c * rows + row] as number, data, row * columns, out, c * columns, columns);
  return out;
}

/** Makes the rows orthonormal (modified Gram-Schmidt, twice: what rounding leaves is taken away). */
function orthonormalize(rows: Float64Array, count: number, length: number): void {
  for (let a = 0; a < count; a++) {
    for (let round = 0; round < 2; round++)
      for (let b = 0; b < a; b++)
        axpy(-dot(rows, a * length, rows, b * length, length), rows, b * length, rows, a * length, length);
    const size = Math.sqrt(dot(rows, a * length, rows, a * length, length));
    const factor = size > 1e-12 ? 1 / size : 0;
    for (let j = a * length; j < (a + 1) * length; j++) rows[j] = (rows[j] as number) * factor;
  }
}

function dot(a: Float64Array, startA: number, b: Float64Array, startB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[startA + i] as number) * (b[startB + i] as number);
  return sum;
}

/** y += factor x */
function axpy(
  factor: number,
  x: Float64Array,
  startX: number,
  y: Float64Array,
  startY: number,
  length: number,
): void {
  for (let i = 0; i < length; i++)
    y[startY + i] = (y[startY + i] as number) + factor * (x[startX + i] as number);
}

import type { Random } from '../data/random.ts';
import type { Pace } from './pace.ts';
import { dotProducts, rowsOf, squaredDistance } from './points.ts';
import type { Points } from './points.ts';

export interface Grouping {
  /** One row a group. */
  readonly centroids: Points;
  /** The group of each point, 0, 1, ... */
  readonly assignment: Int32Array;
  /** Squared distance of each point to its group's centroid. */
  readonly distances: Float32Array;
}

/** Rounds after which centroids hardly move. */
const mostRounds = 40;
/** Moving less than this share of the spread from one round to the next is standing still. */
const still = 1e-4;

/**
 * Groups points by k-means (Lloyd), started by k-means++ (Arthur and Vassilvitskii, SODA 2007). A group that loses all
 * its points takes the one that is farthest from its own centroid.
 *
 * @param k how many groups; no more than there are points
 * @param options.tries points drawn for each next centroid to begin with; 1 is the plain method
 * @param options.learnFrom rows that centroids are learned from, when they are some of many; all points are assigned
 */
export async function kMeans(
  points: Points,
  k: number,
  random: Random,
  pace: Pace,
  options: { learnFrom?: Int32Array; rounds?: number; tries?: number } = {},
): Promise<Grouping> {
  const { learnFrom, rounds = mostRounds, tries } = options;
  const own = learnFrom === undefined ? points : rowsOf(points, learnFrom);
  const groups = Math.max(1, Math.min(k, own.rows));
  const centroids = await startOf(own, groups, random, tries ?? 2 + Math.floor(Math.log(groups)), pace);
  const assignment = new Int32Array(own.rows);
  const distances = new Float32Array(own.rows);
  let before = Infinity;
  for (let round = 0; round < rounds; round++) {
    const spread = await assign(own, centroids, assignment, distances, pace);
    if (!(spread < before * (1 - still))) break;
    before = spread;
    recentre(own, centroids, assignment, distances);
  }
  if (learnFrom === undefined) {
    await assign(own, centroids, assignment, distances, pace);
    return { centroids, assignment, distances };
  }
  const all = { assignment: new Int32Array(points.rows), distances: new Float32Array(points.rows) };
  await assign(points, centroids, all.assignment, all.distances, pace);
  return { centroids, ...all };
}

/**
 * k-means++: each next centroid is a point, likelier the farther it is from those there are; of several drawn, the one
 * that brings the others nearest.
 */
async function startOf(
  points: Points,
  k: number,
  random: Random,
  tries: number,
  pace: Pace,
): Promise<Points> {
  const { rows, columns, data } = points;
  let nearest = new Float64Array(rows).fill(Infinity);
  let total = 0;
  const chosen: number[] = [];
  while (chosen.length < k) {
    let best: { row: number; nearest: Float64Array<ArrayBuffer>; total: number } | undefined;
    for (let turn = 0; turn < (chosen.length === 0 ? 1 : tries); turn++) {
      const row = chosen.length === 0 ? random.integer(rows) : drawn(nearest, random.next() * total);
      const own = nearest.slice();
      let sum = 0;
      for (let other = 0; other < rows; other++) {
        const distance = squaredDistance(data, other * columns, data, row * columns, columns);
        if (distance < (own[other] as number)) own[other] = distance;
        sum += own[other] as number;
      }
      if (best === undefined || sum < best.total) best = { row, nearest: own, total: sum };
      if (pace.due) await pace.rest(chosen.length, k);
    }
    if (best === undefined) break;
    chosen.push(best.row);
    ({ nearest, total } = best);
  }
  return rowsOf(points, chosen);
}

/** The place in a list of weights that an amount, used up from the front, ends at. */
function drawn(weights: Float64Array, amount: number): number {
  let left = amount;
  for (let row = 0; row < weights.length - 1; row++) {
    left -= weights[row] as number;
    if (left < 0) return row;
  }
  return weights.length - 1;
}

/** @returns the sum of squared distances */
async function assign(
  points: Points,
  centroids: Points,
  assignment: Int32Array,
  distances: Float32Array,
  pace: Pace,
): Promise<number> {
  const { rows, columns, data } = points;
  const count = centroids.rows;
  // By |x|² - 2 xc + |c|² in 64 bits: a product less to compute than by differences, and exact enough.
  const c = Float64Array.from(centroids.data);
  const squares = Float64Array.from({ length: count }, (_, group) => {
    let square = 0;
    for (let j = group * columns; j < (group + 1) * columns; j++) square += (c[j] as number) ** 2;
    return square;
  });
  const x = new Float64Array(columns);
  const near = new Float64Array(count);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let own = 0;
    for (let j = 0; j < columns; j++) {
      const value = data[row * columns + j] as number;
      x[j] = value;
      own += value * value;
    }
    dotProducts(x, 0, c, count, columns, near, 0, 1);
    let best = 0;
    let least = Infinity;
    for (let group = 0; group < count; group++) {
      const distance = (squares[group] as number) - 2 * (near[group] as number);
      if (distance < least) {
        least = distance;
        best = group;
      }
    }
    assignment[row] = best;
    distances[row] = Math.max(0, own + least);
    sum += distances[row] as number;
    if ((row & 63) === 0 && pace.due) await pace.rest(row, rows);
  }
  return sum;
}

function recentre(points: Points, centroids: Points, assignment: Int32Array, distances: Float32Array): void {
  const { rows, columns, data } = points;
  const sums = new Float64Array(centroids.rows * columns);
  const counts = new Int32Array(centroids.rows);
  for (let row = 0; row < rows; row++) {
    const group = assignment[row] as number;
    counts[group] = (counts[group] as number) + 1;
    for (let j = 0; j < columns; j++)
      sums[group * columns + j] = (sums[group * columns + j] as number) + (data[row * columns + j] as number);
  }
  for (let group = 0; group < centroids.rows; group++) {
    const count = counts[group] as number;
    if (count > 0) {
      for (let j = 0; j < columns; j++)
        centroids.data[group * columns + j] = (sums[group * columns + j] as number) / count;
      continue;
    }
    const farthest = distances.indexOf(distances.reduce((a, b) => Math.max(a, b), 0));
    distances[farthest] = 0; // not for the next empty one, too
    centroids.data.set(data.subarray(farthest * columns, (farthest + 1) * columns), group * columns);
  }
}

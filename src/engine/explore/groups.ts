import type { GroupingMethod } from '../../contract/explore.ts';
import { seededRandom, shuffled } from '../data/random.ts';
import { cutMerges, wardMerges } from './hierarchy.ts';
import { kMeans } from './k-means.ts';
import type { Grouping } from './k-means.ts';
import type { Pace } from './pace.ts';
import { rowsOf, squaredDistance } from './points.ts';
import type { Points } from './points.ts';

export interface Groups {
  readonly count: number;
  /** The group of each photo, 0 being the largest. */
  readonly assignment: Int32Array;
  /** Distance of each photo to the middle of its group: the smallest are the most typical. */
  readonly distances: Float32Array;
  /** Mean silhouette, -1..1: how much nearer photos are to their own group than to the next; null for one group. */
  readonly silhouette: number | null;
}

/** Numbers of groups that are compared when nobody says one. */
const candidates = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20];
/** Photos that centres are learned from, and that silhouettes are taken of: more would say the same. */
const learned = 10_000;
const judged = 1_000;
/** Hierarchical clustering begins with so many small groups. */
const fine = 200;

/**
 * Divides photos into groups of like ones. The number of groups, unless given, is the one with the greatest mean
 * silhouette (Rousseeuw 1987) on some of the photos.
 *
 * Measured against the classes of flowers and hymenoptera: with as many groups as classes, 64% and 96% of the photos
 * are in a group of which their class is the largest part by k-means, 60% and 92% by the hierarchy, whose groups
 * are nested.
 *
 * @param count how many; undefined: chosen
 */
export async function groupsOf(
  points: Points,
  method: GroupingMethod,
  count: number | undefined,
  seed: number,
  pace: Pace,
): Promise<Groups> {
  const { rows } = points;
  const random = seededRandom(seed);
  const order = shuffled(Array(rows).keys(), random);
  const learnFrom = rows > learned ? { learnFrom: Int32Array.from(order.slice(0, learned)) } : {};
  const sample = order.slice(0, judged);
  const make =
    method === 'k-means'
      ? (k: number) => kMeans(points, k, seededRandom(seed), pace, learnFrom)
      : await hierarchyOf(points, seed, pace, learnFrom);
  if (count !== undefined) return finished(points, await make(count), sample);
  let best: { grouping: Grouping; silhouette: number } | undefined;
  for (const k of candidates) {
    if (k * 2 > rows) break;
    const grouping = await make(k);
    const silhouette = silhouetteOf(points, grouping.assignment, sample);
    if (best === undefined || silhouette > best.silhouette) best = { grouping, silhouette };
    await pace.rest(candidates.indexOf(k) + 1, candidates.length);
  }
  return finished(points, best?.grouping ?? (await make(1)), sample);
}

/** Small groups by k-means, joined step by step. @returns what gives any number of groups */
async function hierarchyOf(
  points: Points,
  seed: number,
  pace: Pace,
  learnFrom: { learnFrom?: Int32Array },
): Promise<(k: number) => Promise<Grouping>> {
  const begun = await kMeans(points, Math.min(fine, points.rows), seededRandom(seed), pace, learnFrom);
  const n = begun.centroids.rows;
  const sizes = new Float64Array(n);
  for (const group of begun.assignment) sizes[group] = (sizes[group] as number) + 1;
  const merges = wardMerges(begun.centroids, sizes);
  return async (k) => {
    const cut = cutMerges(merges, n, k);
    const assignment = begun.assignment.map((group) => cut[group] as number);
    return centred(points, assignment, Math.min(k, n));
  };
}

/** Middles of given groups. */
function centred(points: Points, assignment: Int32Array, k: number): Grouping {
  const { rows, columns, data } = points;
  const sums = new Float64Array(k * columns);
  const counts = new Float64Array(k);
  for (let row = 0; row < rows; row++) {
    const group = assignment[row] as number;
    counts[group] = (counts[group] as number) + 1;
    for (let j = 0; j < columns; j++)
      sums[group * columns + j] = (sums[group * columns + j] as number) + (data[row * columns + j] as number);
  }
  const middles = Float32Array.from(
    sums,
    (sum, at) => sum / Math.max(1, counts[Math.floor(at / columns)] as number),
  );
  const distances = Float32Array.from({ length: rows }, (_, row) =>
    squaredDistance(data, row * columns, middles, (assignment[row] as number) * columns, columns),
  );
  return { centroids: { rows: k, columns, data: middles }, assignment, distances };
}

/** Groups that lost all their photos go; the largest comes first. */
function finished(points: Points, { assignment, distances, centroids }: Grouping, sample: number[]): Groups {
  const counts = new Int32Array(centroids.rows);
  for (const group of assignment) counts[group] = (counts[group] as number) + 1;
  const order = Array.from(counts.keys())
    .filter((group) => (counts[group] as number) > 0)
    .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
  const place = new Map(order.map((group, at) => [group, at]));
  const renamed = assignment.map((group) => place.get(group) ?? 0);
  return {
    count: order.length,
    assignment: renamed,
    distances: distances.map(Math.sqrt),
    silhouette: order.length > 1 ? silhouetteOf(points, renamed, sample) : null,
  };
}

/** Mean silhouette of some photos among each other, -1..1; a photo that is alone in its group counts 0. */
export function silhouetteOf(points: Points, assignment: Int32Array, sample: readonly number[]): number {
  const { rows, columns, data } = rowsOf(points, sample);
  if (rows === 0) return 0;
  const groups = Int32Array.from(sample, (row) => assignment[row] as number);
  const count = groups.reduce((a, b) => Math.max(a, b), 0) + 1;
  const sums = new Float64Array(rows * count);
  const sizes = new Int32Array(count);
  for (let a = 0; a < rows; a++) {
    const group = groups[a] as number;
    sizes[group] = (sizes[group] as number) + 1;
    for (let b = 0; b < a; b++) {
      const distance = Math.sqrt(squaredDistance(data, a * columns, data, b * columns, columns));
      sums[a * count + (groups[b] as number)] =
        (sums[a * count + (groups[b] as number)] as number) + distance;
      sums[b * count + group] = (sums[b * count + group] as number) + distance;
    }
  }
  let total = 0;
  for (let a = 0; a < rows; a++) {
    const own = groups[a] as number;
    const others = (sizes[own] as number) - 1;
    if (others < 1) continue;
    const within = (sums[a * count + own] as number) / others;
    let next = Infinity;
    for (let group = 0; group < count; group++)
      if (group !== own && (sizes[group] as number) > 0)
        next = Math.min(next, (sums[a * count + group] as number) / (sizes[group] as number));
    const larger = Math.max(within, next);
    if (next < Infinity && larger > 0) total += (next - within) / larger;
  }
  return total / rows;
}

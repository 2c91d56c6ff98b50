import { seededRandom } from '../data/random.ts';
import type { Random } from '../data/random.ts';
import type { Neighbors } from './neighbors.ts';
import type { Pace } from './pace.ts';
import type { Points } from './points.ts';

/** Places on a plane, x and y after each other, photo by photo. */
export type Places = Float32Array;

/** How often the whole graph is gone through. */
const epochsOf = (rows: number): number => (rows <= 10_000 ? 400 : 200);
/** For each pull at a pair, so many points taken at random push each other away. */
const pushes = 5;
/**
 * Nearness of two places is 1 / (1 + steep d²): UMAP's curve for a least distance of 0.1, but with the power 2 of
 * distance (instead of 1.8), which needs no powers to be computed.
 */
const steep = 1.6;
const longestMove = 4;
/** Side of the square that places begin in. */
const side = 20;

/** The first two principal components: a map that is there at once. */
export function flatMap({ rows, columns, data }: Points): Places {
  const places = new Float32Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    places[row * 2] = data[row * columns] as number;
    places[row * 2 + 1] = columns > 1 ? (data[row * columns + 1] as number) : 0;
  }
  return places;
}

/**
 * A map on which near neighbours lie together: UMAP (McInnes, Healy, Melville, arXiv:1802.03426). The neighbours' graph
 * gets weights that fall with distance, each point's scale being that of its own neighbourhood; places begin at the
 * first two principal components, and are moved by stochastic gradient descent: pairs of the graph towards each other,
 * points taken at random apart.
 */
export async function neighborMap(
  points: Points,
  neighbors: Neighbors,
  seed: number,
  pace: Pace,
): Promise<Places> {
  const { rows } = points;
  const random = seededRandom(seed);
  const places = startOf(points, random);
  if (rows < 3 || neighbors.k < 2) return places;
  const { heads, tails, weights } = edgesOf(neighbors);
  const largest = weights.reduce((a, b) => Math.max(a, b), 0);
  const epochs = epochsOf(rows);
  // An edge is due every so many epochs: the strongest each time.
  const every = weights.map((weight) => largest / weight);
  const due = every.slice();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const rate = 1 - (epoch - 1) / epochs;
    for (let edge = 0; edge < heads.length; edge++) {
      if ((due[edge] as number) > epoch) continue;
      due[edge] = (due[edge] as number) + (every[edge] as number);
      const [a, b] = [heads[edge] as number, tails[edge] as number];
      pull(places, a, b, rate);
      for (let i = 0; i < pushes; i++) {
        push(places, a, random.integer(rows), rate);
        push(places, b, random.integer(rows), rate);
      }
      if ((edge & 1023) === 0 && pace.due) await pace.rest(epoch - 1, epochs);
    }
  }
  return places;
}

function startOf(points: Points, random: Random): Places {
  const places = flatMap(points);
  let largest = 0;
  for (const value of places) largest = Math.max(largest, Math.abs(value));
  const scale = largest > 0 ? side / 2 / largest : 1;
  // A little noise, so that photos which are alike to the last bit can part.
  return places.map((value) => value * scale + 1e-3 * random.normal());
}

function pull(places: Places, a: number, b: number, rate: number): void {
  const dx = (places[a * 2] as number) - (places[b * 2] as number);
  const dy = (places[a * 2 + 1] as number) - (places[b * 2 + 1] as number);
  const square = dx * dx + dy * dy;
  const factor = (-2 * steep) / (1 + steep * square);
  const x = rate * bounded(factor * dx);
  const y = rate * bounded(factor * dy);
  places[a * 2] = (places[a * 2] as number) + x;
  places[a * 2 + 1] = (places[a * 2 + 1] as number) + y;
  places[b * 2] = (places[b * 2] as number) - x;
  places[b * 2 + 1] = (places[b * 2 + 1] as number) - y;
}

/** Moves `a` away from `b`. */
function push(places: Places, a: number, b: number, rate: number): void {
  const dx = (places[a * 2] as number) - (places[b * 2] as number);
  const dy = (places[a * 2 + 1] as number) - (places[b * 2 + 1] as number);
  const square = dx * dx + dy * dy;
  if (square === 0) return;
  const factor = 2 / ((0.001 + square) * (1 + steep * square));
  places[a * 2] = (places[a * 2] as number) + rate * bounded(factor * dx);
  places[a * 2 + 1] = (places[a * 2 + 1] as number) + rate * bounded(factor * dy);
}

const bounded = (move: number): number =>
  move > longestMove ? longestMove : move < -longestMove ? -longestMove : move;

interface Edges {
  readonly heads: Int32Array;
  readonly tails: Int32Array;
  /** Above 0, up to 1. */
  readonly weights: Float64Array;
}

/** UMAP's graph: exp(-(d - nearest) / scale) of either end, joined as a + b - a b; each pair once. */
function edgesOf(neighbors: Neighbors): Edges {
  const { rows, k, indices } = neighbors;
  const own = strengths(neighbors);
  const heads: number[] = [];
  const tails: number[] = [];
  const weights: number[] = [];
  for (let a = 0; a < rows; a++)
    for (let i = 0; i < k; i++) {
      const b = indices[a * k + i] as number;
      if (b < 0) continue;
      let back = 0;
      let mutual = false;
      for (let j = 0; j < k && !mutual; j++)
        if (indices[b * k + j] === a) {
          back = own[b * k + j] as number;
          mutual = true;
        }
      if (mutual && b < a) continue; // came with b
      const there = own[a * k + i] as number;
      const weight = there + back - there * back;
      if (weight < 1e-4) continue;
      heads.push(a);
      tails.push(b);
      weights.push(weight);
    }
  return {
    heads: Int32Array.from(heads),
    tails: Int32Array.from(tails),
    weights: Float64Array.from(weights),
  };
}

/** Each point's scale is found by bisection so that its neighbours' strengths add up to log2(k). */
function strengths({ rows, k, indices, distances }: Neighbors): Float64Array {
  const target = Math.log2(k);
  const result = new Float64Array(rows * k);
  const row = new Float64Array(k);
  for (let a = 0; a < rows; a++) {
    let nearest = Infinity;
    let mean = 0;
    for (let i = 0; i < k; i++) {
      const distance =
        (indices[a * k + i] as number) < 0 ? Infinity : Math.sqrt(distances[a * k + i] as number);
      row[i] = distance;
      if (distance > 0 && distance < nearest) nearest = distance;
      if (distance < Infinity) mean += distance / k;
    }
    if (nearest === Infinity) nearest = 0;
    let [low, high, scale] = [0, Infinity, 1];
    for (let round = 0; round < 64; round++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += Math.exp(-Math.max(0, (row[i] as number) - nearest) / scale);
      if (Math.abs(sum - target) < 1e-5) break;
      if (sum > target) high = scale;
      else low = scale;
      scale = high === Infinity ? scale * 2 : (low + high) / 2;
    }
    scale = Math.max(scale, 1e-3 * mean, 1e-12);
    for (let i = 0; i < k; i++)
      result[a * k + i] = Math.exp(-Math.max(0, (row[i] as number) - nearest) / scale);
  }
  return result;
}

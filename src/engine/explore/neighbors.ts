import { seededRandom, shuffled } from '../data/random.ts';
import { kMeans } from './k-means.ts';
import type { Pace } from './pace.ts';
import { dotProducts, squaredDistance } from './points.ts';
import type { Points } from './points.ts';

/** The nearest other points of each point. */
export interface Neighbors {
  readonly rows: number;
  /** How many of each; fewer than asked for where there are too few points. */
  readonly k: number;
  /** rows x k, nearest first. */
  readonly indices: Int32Array;
  /** rows x k, the squared distances. */
  readonly distances: Float32Array;
}

/** Up to this many points every pair is compared. */
const exactUpTo = 6_000;
/** Points a cell holds, and cells around its own in which a point's neighbours are looked for. */
const cellSize = 200;
const probes = 5;
/** Rounds in which neighbours of neighbours are looked at. */
const refinements = 2;

/**
 * The k nearest neighbours of every point. For few points all pairs are compared. For many, points are divided into
 * cells by k-means and compared within their own and the nearest cells (the inverted file of Jégou et al., PAMI 2011);
 * then neighbours of neighbours are tried (as NN-descent does: Dong, Moses, Li, WWW 2011).
 *
 */
export async function nearestNeighbors(
  points: Points,
  k: number,
  seed: number,
  pace: Pace,
): Promise<Neighbors> {
  const { rows } = points;
  const near = new Nearest(points, Math.max(0, Math.min(k, rows - 1)));
  if (near.k === 0) return near.result();
  if (rows <= exactUpTo) {
    const blocks: Int32Array[] = [];
    for (let start = 0; start < rows; start += cellSize)
      blocks.push(Int32Array.from({ length: Math.min(cellSize, rows - start) }, (_, i) => start + i));
    for (const [at, block] of blocks.entries()) {
      const own = blockOf(points, block);
      for (const other of blocks.slice(0, at + 1)) {
        compareBlocks(near, own, other === block ? own : blockOf(points, other));
        if (pace.due) await pace.rest(at, blocks.length);
      }
    }
    return near.result();
  }
  const random = seededRandom(seed);
  const wanted = Math.ceil(rows / cellSize);
  const learnFrom = Int32Array.from(shuffled(Array(rows).keys(), random).slice(0, wanted * 20));
  const { centroids, assignment } = await kMeans(points, wanted, random, pace, {
    learnFrom,
    rounds: 4,
    tries: 1,
  });
  const cells = centroids.rows;
  const members: number[][] = Array.from({ length: cells }, () => []);
  for (const [row, cell] of assignment.entries()) members[cell]?.push(row);
  const met = await compareCells(near, points, members, centroids, pace);
  const compared = (a: number, b: number): boolean =>
    met[(assignment[a] as number) * cells + (assignment[b] as number)] === 1;
  for (let round = 0; round < refinements; round++) await refine(near, compared, pace);
  return near.result();
}

/**
 * Every cell with itself and those around it, each pair of cells once.
 *
 * @returns cells x cells: 1 for the pairs that were compared
 */
async function compareCells(
  near: Nearest,
  points: Points,
  members: readonly (readonly number[])[],
  centroids: Points,
  pace: Pace,
): Promise<Uint8Array> {
  const count = centroids.rows;
  const { columns, data } = centroids;
  const met = new Uint8Array(count * count);
  for (let cell = 0; cell < count; cell++) {
    const own = blocksOf(points, members[cell] ?? []);
    const distances = Float64Array.from({ length: count }, (_, other) =>
      squaredDistance(data, cell * columns, data, other * columns, columns),
    );
    const around = Array.from({ length: count }, (_, i) => i)
      .sort((a, b) => (distances[a] as number) - (distances[b] as number) || a - b)
      .slice(0, probes);
    for (const other of around) {
      if (met[cell * count + other] === 1) continue;
      met[cell * count + other] = 1;
      met[other * count + cell] = 1;
      const theirs = other === cell ? own : blocksOf(points, members[other] ?? []);
      for (const [i, a] of own.entries())
        for (const [j, b] of theirs.entries()) {
          if (other === cell && j > i) continue;
          compareBlocks(near, a, b);
          if (pace.due) await pace.rest(cell, count);
        }
    }
  }
  return met;
}

/** Some points side by side, to be compared with others. */
interface Block {
  readonly rows: ArrayLike<number>;
  readonly columns: number;
  readonly data: Float64Array;
  /** Squared lengths. */
  readonly squares: Float64Array;
}

function blockOf({ columns, data }: Points, rows: ArrayLike<number>): Block {
  const own = new Float64Array(rows.length * columns);
  const squares = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const start = (rows[i] as number) * columns;
    let square = 0;
    for (let j = 0; j < columns; j++) {
      const value = data[start + j] as number;
      own[i * columns + j] = value;
      square += value * value;
    }
    squares[i] = square;
  }
  return { rows, columns, data: own, squares };
}

/** A cell may have grown large: in pieces that fit into the processor's own memory. */
function blocksOf(points: Points, rows: readonly number[]): Block[] {
  const blocks: Block[] = [];
  for (let start = 0; start < rows.length; start += 2 * cellSize)
    blocks.push(blockOf(points, rows.slice(start, start + 2 * cellSize)));
  return blocks;
}

/** All pairs of two blocks, or of one with itself. */
function compareBlocks(near: Nearest, a: Block, b: Block): void {
  const { columns } = a;
  const products = new Float64Array(b.rows.length);
  for (let i = 0; i < a.rows.length; i++) {
    const own = a.rows[i] as number;
    const square = a.squares[i] as number;
    const until = a === b ? i : b.rows.length;
    dotProducts(a.data, i * columns, b.data, until, columns, products, 0, 1);
    for (let j = 0; j < until; j++)
      near.note(own, b.rows[j] as number, square + (b.squares[j] as number) - 2 * (products[j] as number));
  }
}

/** Tries the neighbours of each point's neighbours that it was not compared with yet. */
async function refine(near: Nearest, compared: (a: number, b: number) => boolean, pace: Pace): Promise<void> {
  const { k, rows } = near;
  const before = near.indices.slice();
  const seen = new Int32Array(rows).fill(-1);
  for (let a = 0; a < rows; a++) {
    seen[a] = a;
    for (let i = 0; i < k; i++) {
      const known = before[a * k + i] as number;
      if (known >= 0) seen[known] = a;
    }
    for (let i = 0; i < k; i++) {
      const middle = before[a * k + i] as number;
      if (middle < 0) continue;
      for (let j = 0; j < k; j++) {
        const b = before[middle * k + j] as number;
        if (b < 0 || seen[b] === a || compared(a, b)) continue;
        seen[b] = a;
        near.compare(a, b);
      }
    }
    if ((a & 63) === 0 && pace.due) await pace.rest(a, rows);
  }
}

/** The nearest so far, in order. */
class Nearest {
  readonly k: number;
  readonly rows: number;
  readonly indices: Int32Array;
  readonly #distances: Float32Array;
  readonly #columns: number;
  readonly #data: Float32Array;

  constructor({ rows, columns, data }: Points, k: number) {
    this.k = k;
    this.rows = rows;
    this.indices = new Int32Array(rows * k).fill(-1);
    this.#distances = new Float32Array(rows * k).fill(Infinity);
    this.#columns = columns;
    this.#data = data;
  }

  /** Compares two points. */
  compare(a: number, b: number): void {
    const columns = this.#columns;
    const data = this.#data;
    this.note(a, b, squaredDistance(data, a * columns, data, b * columns, columns));
  }

  /** Notes each of two points with the other where it is near enough. */
  note(a: number, b: number, distance: number): void {
    const last = this.k - 1;
    if (distance < (this.#distances[a * this.k + last] as number)) this.#insert(a, b, distance);
    if (distance < (this.#distances[b * this.k + last] as number)) this.#insert(b, a, distance);
  }

  #insert(of: number, neighbor: number, distance: number): void {
    const start = of * this.k;
    const { indices } = this;
    const distances = this.#distances;
    let at = start + this.k - 1;
    for (let i = start; i <= at; i++) if (indices[i] === neighbor) return;
    for (; at > start && (distances[at - 1] as number) > distance; at--) {
      distances[at] = distances[at - 1] as number;
      indices[at] = indices[at - 1] as number;
    }
    distances[at] = Math.max(0, distance); // a product may be rounded below
    indices[at] = neighbor;
  }

  result(): Neighbors {
    return { rows: this.rows, k: this.k, indices: this.indices, distances: this.#distances };
  }
}

/**
 * The share of true neighbours that were found, looked at for some points: 0..1.
 *
 * @param some numbers of the points to look at
 */
export function recallOf(points: Points, found: Neighbors, some: ArrayLike<number>): number {
  const { rows, columns, data } = points;
  let right = 0;
  for (let s = 0; s < some.length; s++) {
    const own = some[s] as number;
    const distances = new Float32Array(rows);
    for (let other = 0; other < rows; other++)
      distances[other] =
        other === own ? Infinity : squaredDistance(data, own * columns, data, other * columns, columns);
    // Equals count as found: which of them is noted is chance.
    const limit = distances.slice().sort()[found.k - 1] as number;
    for (let i = 0; i < found.k; i++) {
      const other = found.indices[own * found.k + i] as number;
      if (other >= 0 && (distances[other] as number) <= limit * (1 + 1e-5)) right += 1;
    }
  }
  return some.length === 0 ? 1 : right / (some.length * found.k);
}

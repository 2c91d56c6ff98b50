import { squaredDistance } from './points.ts';
import type { Points } from './points.ts';

/** Two groups that become one. Groups 0..n-1 are those it began with; the i-th merge makes group n + i. */
export interface Merge {
  readonly a: number;
  readonly b: number;
  /** How much the sum of squared distances to the centroids grows. */
  readonly cost: number;
}

/**
 * Hierarchical clustering: joins, again and again, the two groups whose union spreads least (Ward 1963), with the
 * distances after each merge by the formula of Lance and Williams, and the nearest-neighbour chain (Murtagh 1983).
 * Takes n x n numbers of memory: for some hundred points, or centroids of many.
 *
 * @param weights how many photos each point stands for
 * @returns n - 1 merges, the cheapest first
 */
export function wardMerges(points: Points, weights: ArrayLike<number>): Merge[] {
  const { rows: n, columns, data } = points;
  const costs = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let b = 0; b < a; b++) {
      const [wa, wb] = [weights[a] as number, weights[b] as number];
      const cost =
        ((wa * wb) / Math.max(1e-12, wa + wb)) *
        squaredDistance(data, a * columns, data, b * columns, columns);
      costs[a * n + b] = cost;
      costs[b * n + a] = cost;
    }
  const sizes = Float64Array.from({ length: n }, (_, i) => weights[i] as number);
  const alive = new Uint8Array(n).fill(1);
  const found: { a: number; b: number; cost: number }[] = [];
  const chain: number[] = [];
  while (found.length < n - 1) {
    if (chain.length === 0) chain.push(alive.indexOf(1));
    const tip = chain.at(-1) as number;
    const before = chain.at(-2);
    // Of equals the one before wins: the chain must end.
    let nearest = before ?? -1;
    let least = before === undefined ? Infinity : (costs[tip * n + before] as number);
    for (let other = 0; other < n; other++) {
      if (alive[other] === 0 || other === tip) continue;
      const cost = costs[tip * n + other] as number;
      if (cost < least) {
        least = cost;
        nearest = other;
      }
    }
    if (nearest !== before) {
      chain.push(nearest);
      continue;
    }
    chain.length -= 2;
    found.push({ a: tip, b: nearest, cost: least });
    join(costs, sizes, alive, n, tip, nearest);
  }
  return named(found, n);
}

/** Group `a` takes in group `b`. */
function join(
  costs: Float64Array,
  sizes: Float64Array,
  alive: Uint8Array,
  n: number,
  a: number,
  b: number,
): void {
  const [sa, sb] = [sizes[a] as number, sizes[b] as number];
  const between = costs[a * n + b] as number;
  for (let other = 0; other < n; other++) {
    if (alive[other] === 0 || other === a || other === b) continue;
    const so = sizes[other] as number;
    const cost =
      ((sa + so) * (costs[a * n + other] as number) +
        (sb + so) * (costs[b * n + other] as number) -
        so * between) /
      Math.max(1e-12, sa + sb + so);
    costs[a * n + other] = cost;
    costs[other * n + a] = cost;
  }
  sizes[a] = sa + sb;
  alive[b] = 0;
}

/** The chain finds merges out of order, and names groups by a member: sorts and names them as {@link Merge} says. */
function named(found: readonly { a: number; b: number; cost: number }[], n: number): Merge[] {
  const sorted = found.map((merge, at) => ({ ...merge, at })).sort((x, y) => x.cost - y.cost || x.at - y.at);
  const name = Int32Array.from({ length: n }, (_, i) => i);
  const leader = Int32Array.from({ length: n }, (_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (leader[at] !== at) at = leader[at] as number;
    return at;
  };
  return sorted.map(({ a, b, cost }, i) => {
    const [ra, rb] = [find(a), find(b)];
    const merge = { a: name[ra] as number, b: name[rb] as number, cost };
    leader[rb] = ra;
    name[ra] = n + i;
    return merge;
  });
}

/**
 * The groups that are left when merging stops at `count` of them.
 *
 * @param n how many groups it began with
 * @returns for each of them its group, 0, 1, ... in the order of their first members
 */
export function cutMerges(merges: readonly Merge[], n: number, count: number): Int32Array {
  const parent = Int32Array.from({ length: 2 * n }, (_, i) => i);
  for (const [i, { a, b }] of merges.slice(0, Math.max(0, n - count)).entries()) {
    parent[a] = n + i;
    parent[b] = n + i;
  }
  const numbers = new Map<number, number>();
  return Int32Array.from({ length: n }, (_, i) => {
    let at = i;
    while (parent[at] !== at) at = parent[at] as number;
    const known = numbers.get(at) ?? numbers.size;
    numbers.set(at, known);
    return known;
  });
}

import { DisjointSets } from '../data/disjoint-sets.ts';
import { nearDuplicates } from '../data/perceptual-hash.ts';
import type { Neighbors } from './neighbors.ts';

/** Photos that are versions of one shot. */
export interface Duplicates {
  /** Ascending, two or more. */
  readonly photos: readonly number[];
  /** 0..1: the least cosine of the features of two that were found to be alike. */
  readonly similarity: number;
}

/**
 * So alike (cosine of the final features) are a photo and its crop or mirror image. Of 3,666 photos of flowers 9 pairs
 * are, beside those whose fingerprints tell; from 0.95 down most pairs merely show the same thing. Among 398 of ants
 * and bees there is none above 0.9.
 */
const alike = 0.96;
/**
 * ... where photos usually differ: no more than this share of what the nearest two differ by at the median, for there
 * are backbones to which everything looks alike.
 */
const unusual = 0.2;

/**
 * Finds copies that were changed: by fingerprints of their looks, and by features where those say nothing (crops,
 * mirror images).
 *
 * @param hashes perceptual hash of each photo
 * @param cosine of the full features of two photos
 * @returns the most alike first
 */
export function findDuplicates(
  hashes: readonly string[],
  neighbors: Neighbors,
  cosine: (a: number, b: number) => number,
): Duplicates[] {
  const { rows, k, indices } = neighbors;
  const sets = new DisjointSets(rows);
  const least = new Map<number, number>();
  const pairs: [number, number, number][] = [];
  for (const group of nearDuplicates(hashes))
    for (const [at, photo] of group.entries()) {
      const before = group[at - 1];
      if (before !== undefined) pairs.push([before, photo, cosine(before, photo)]);
    }
  const nearest = Float64Array.from({ length: k === 0 ? 0 : rows }, (_, row) => {
    const other = indices[row * k] as number;
    return other < 0 ? 1 : 1 - cosine(row, other);
  });
  const usual = nearest.slice().sort()[nearest.length >> 1] ?? 0;
  const wanted = Math.max(alike, 1 - unusual * usual);
  // The nearest few are enough: of many versions each is next to some.
  for (let a = 0; a < rows; a++)
    for (let i = 0; i < Math.min(k, 3); i++) {
      const b = indices[a * k + i] as number;
      if (b < 0) continue;
      const similarity = cosine(a, b);
      if (similarity >= wanted) pairs.push([a, b, similarity]);
    }
  for (const [a, b] of pairs) sets.union(a, b);
  for (const [a, , similarity] of pairs) {
    const leader = sets.find(a);
    least.set(leader, Math.min(least.get(leader) ?? 1, similarity));
  }
  return sets
    .groups()
    .filter((photos) => photos.length > 1)
    .map((photos) => ({
      photos,
      similarity: Math.min(1, Math.max(0, least.get(sets.find(photos[0] ?? 0)) ?? 0)),
    }))
    .sort((a, b) => b.similarity - a.similarity || (a.photos[0] ?? 0) - (b.photos[0] ?? 0));
}

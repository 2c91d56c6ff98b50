import type { OddFact } from '../../contract/explore.ts';
import { ranksOf } from './anomalies.ts';
import { normalQuantile } from './normal-quantile.ts';
import { oddFiles } from './odd-files.ts';
import type { FileFacts } from './odd-files.ts';
import type { Pace } from './pace.ts';

export interface OddPhotos {
  /** 0..1 a photo, evenly spread: 0.95 means that 95 of 100 photos belong more. */
  readonly scores: Float32Array;
  /** By photo: what is odd about its file. */
  readonly facts: ReadonlyMap<number, OddFact>;
}

/**
 * How little photos belong, by what they show and by their files together: photos from elsewhere often have another size,
 * shape or compression, which those who clean photo sets look at, too.
 *
 * Measured with 1% photos of ants and bees planted among flowers, and the other way round (30 seeds,
 * test/bench/craft/odd.ts): the share of them in the first 5% of the list.
 *
 * | planted among | network      | content alone | with their files | had they files like the others' |
 * | ------------- | ------------ | ------------- | ---------------- | ------------------------------- |
 * | ants and bees | MobileNetV2  | 0.36          | 0.82             | 0.04                            |
 * | ants and bees | Inception-v3 | 0.62          | 0.98             | 0.28                            |
 * | flowers       | MobileNetV2  | 0.69          | 0.99             | 0.68                            |
 * | flowers       | Inception-v3 | 0.52          | 0.995            | 0.51                            |
 *
 * These two sets differ in size: all flowers were scaled to a short side of at most 224 pixels. So their files give the
 * planted photos away, which is as it often is with photos from elsewhere, but not always. The last column is what it
 * costs where it is not so: the ants and bees are themselves of many sizes, and those that are unusual fill the first
 * places; so the list can be had by content alone. Where all photos come from one source their files are alike, and what
 * they show counts alone.
 *
 * @param content how little each photo belongs by what it shows (`anomalyScores`)
 * @param files a photo each; undefined where size or bytes are not known
 * @throws the signal's reason
 */
export async function oddPhotos(
  content: Float32Array,
  files: readonly (FileFacts | undefined)[],
  seed: number,
  pace: Pace,
): Promise<OddPhotos> {
  const { oddness, facts } = await oddFiles(files, seed, pace);
  return { scores: combinedScores(content, oddness), facts };
}

/**
 * Two orders of photos made one: the sum of both ranks as normal scores (Stouffer's method of combining tests: Stouffer,
 * Suchman, DeVinney, Star & Williams, "The American Soldier", vol. 1, 1949). Unlike a sum of ranks it lets a photo lead
 * that is far ahead in one of them alone. Equals share the middle of their ranks, so an order in which all are equal
 * changes nothing.
 *
 * @returns 0..1 a photo, evenly spread
 */
export function combinedScores(content: Float32Array, oddness: Float64Array): Float32Array {
  const byContent = ranksOf(Float64Array.from(content));
  const byFile = ranksOf(oddness);
  const rows = content.length;
  const normal = (rank: number): number => normalQuantile((rank * (rows - 1) + 0.5) / rows);
  return ranksOf(Float64Array.from(byContent, (rank, row) => normal(rank) + normal(byFile[row] as number)));
}

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheUse, cacheKinds } from '../contract/app.ts';
import { pruneFeatureCaches } from './feature-cache.ts';
import { storageError } from './storage-error.ts';

type CacheKind = (typeof cacheKinds)[number];

/** Where each kind of file that can be made again lies in the cache folder. */
const places: Readonly<Record<CacheKind, string>> = {
  thumbnails: 'thumbnails',
  features: 'features',
  facts: 'facts.jsonl',
  weights: 'models',
};

/**
 * What share of the limit a kind may take. Facts are few and bounded by themselves; weights are downloads that a
 * person has asked for, and go only when a person says so.
 */
export const cacheShares = { thumbnails: 0.25, features: 0.7 } as const;

/** How much each kind takes. A kind that isn't there takes nothing. */
export async function measureCaches(folder: string): Promise<CacheUse> {
  const kinds = Object.entries(places) as [CacheKind, string][];
  return Promise.all(
    kinds.map(async ([kind, name]) => {
      const sizes = await sizesIn(join(folder, name));
      return { kind, bytes: sizes.reduce((all, bytes) => all + bytes, 0), files: sizes.length };
    }),
  );
}

/**
 * Deletes kinds. What another process is writing to stays, and what is in use goes on working: it is made again.
 *
 * @throws HolotypeError('storage')
 */
export async function clearCaches(folder: string, kinds: readonly CacheKind[]): Promise<void> {
  for (const kind of new Set(kinds)) {
    const path = join(folder, places[kind]);
    try {
      // Features are in few large files that may be being written; they know which.
      if (kind === 'features') pruneFeatureCaches(path, 0);
      else await rm(path, { recursive: true, force: true });
    } catch (error) {
      throw storageError(error, path);
    }
  }
}

async function sizesIn(path: string): Promise<number[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  if (found.isFile()) return [found.size];
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes: number[] = [];
  for (const entry of entries) {
    const file = entry.isFile()
      ? await stat(join(entry.parentPath, entry.name)).catch(() => undefined)
      : undefined;
    if (file !== undefined) sizes.push(file.size);
  }
  return sizes;
}

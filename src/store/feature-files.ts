/** The files that feature caches consist of. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { acquireLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { errnoOf, storageError } from './storage-error.ts';

/** Names a file of a cache: the cache's own name, and a number. */
export const segmentName = /^([0-9a-f]{32})\.\d+\.features$/;

/** Where the file of a cache with this number is. */
export function segmentPath(folder: string, name: string, number: number): string {
  return join(folder, `${name}.${number}.features`);
}

/**
 * Deletes feature caches, the least recently used first, until the rest takes no more than `maxBytes`. Files
 * that a process is writing to stay.
 *
 * @returns what was deleted and the bytes that are left
 */
export function pruneFeatureCaches(
  folder: string,
  maxBytes: number,
): { removed: string[]; bytesFreed: number; bytesLeft: number } {
  const files = namesIn(folder)
    .filter((name) => segmentName.test(name))
    .flatMap((name) => {
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      return found ? [{ name, bytes: found.size, used: found.mtimeMs }] : [];
    })
    .sort((a, b) => a.used - b.used);
  const result = { removed: [] as string[], bytesFreed: 0, bytesLeft: 0 };
  for (const { bytes } of files) result.bytesLeft += bytes;
  for (const { name, bytes } of files) {
    if (result.bytesLeft <= maxBytes) break;
    const path = join(folder, name);
    const lock = tryLock(path);
    if (lock === undefined) continue;
    try {
      rmSync(path, { force: true });
    } catch (error) {
      throw storageError(error, path);
    } finally {
      lock.release();
    }
    result.removed.push(name);
    result.bytesFreed += bytes;
    result.bytesLeft -= bytes;
  }
  return result;
}

/** Takes a file for writing; undefined when another process has it. */
export function tryLock(path: string): Lock | undefined {
  try {
    return acquireLock(`${path}.lock`, `the feature cache "${path}"`, [path]);
  } catch (error) {
    if (error instanceof HolotypeError && error.code === 'busy') return undefined;
    throw error;
  }
}

/** What is in a folder, sorted; nothing when there is no such folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}

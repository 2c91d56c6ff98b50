import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { skipCodeSchema } from '../contract/dataset.ts';
import { HolotypeError } from '../contract/errors.ts';
import { decodeConcurrency } from '../engine/data/decode.ts';
import { factsVersion, photoFacts } from '../engine/data/facts.ts';
import { FactsCache } from '../store/facts-cache.ts';
import type { ContentFacts } from '../store/facts-cache.ts';
import { cancelled } from '../store/photos.ts';
import type { FoundFile } from '../store/photos.ts';
import { readPhotoFile } from './read-photo.ts';

/** A file and what it turned out to be; without an id it could not even be read. */
export interface ReadFile {
  /** Relative to its folder. */
  readonly path: string;
  readonly bytes: number;
  /** sha256 of its content, hex. */
  readonly id?: string;
  readonly facts: ContentFacts;
}

export interface ReadProgress {
  /** Files looked at, of `total`. */
  done: number;
  total: number;
  /** How many of them had to be read; the rest was remembered. */
  read: number;
}

export interface ReadOptions {
  /** Folder of caches, where facts about photos are remembered. */
  readonly cache: string;
  /** Told of each file when it is known what it is, in no certain order; `source` counts in the list of sources. */
  readonly onRead: (source: number, file: ReadFile) => void;
  readonly onProgress?: (progress: ReadProgress) => void;
  readonly signal?: AbortSignal;
}

const turnAfter = 250;

/**
 * Finds out what files are, a few at a time. Facts are remembered by content and by path, size and time, so files that
 * haven't changed are not read again. What can't be used is a fact, too: nothing is thrown for it.
 *
 * @returns what is known of a photo's content, also of photos that are not there any more
 * @throws HolotypeError('cancelled')
 */
export async function readFiles(
  sources: readonly { readonly folder: string; readonly files: readonly FoundFile[] }[],
  { cache, onRead, onProgress, signal }: ReadOptions,
): Promise<(id: string) => ContentFacts | undefined> {
  const facts = await FactsCache.open(join(cache, 'facts.jsonl'), String(factsVersion));
  const work = sources.flatMap(({ folder, files }, source) =>
    files.map((file) => ({ source, folder, file })),
  );
  let next = 0;
  let done = 0;
  let read = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < work.length; index = next++) {
      if (signal?.aborted === true) throw cancelled();
      const job = work[index];
      if (job === undefined) break;
      const { source, folder, file } = job;
      const key = { path: join(folder, file.path), bytes: file.bytes, mtimeMs: file.mtimeMs };
      const id = facts.idOf(key);
      const known = id === undefined ? undefined : facts.factsOf(id);
      let outcome: { id?: string; facts: ContentFacts };
      if (id !== undefined && known !== undefined) outcome = { id, facts: known };
      else {
        outcome = await examine(folder, file, key, facts);
        read += 1;
      }
      done += 1;
      onRead(source, { path: file.path, bytes: file.bytes, ...outcome });
      onProgress?.({ done, total: work.length, read });
      // Files that are remembered take no time: others must get a word in all the same.
      if (done % turnAfter === 0) await nextTurn();
    }
  };
  try {
    await Promise.all(Array.from({ length: decodeConcurrency() + 1 }, worker));
  } finally {
    next = work.length; // the first failure stops the other workers, too
    await facts.flush(); // what is done is kept
  }
  return (id) => facts.factsOf(id);
}

/** Reads, hashes and decodes one file; trouble becomes a fact. */
async function examine(
  folder: string,
  file: FoundFile,
  key: { path: string; bytes: number; mtimeMs: number },
  cache: FactsCache,
): Promise<{ id?: string; facts: ContentFacts }> {
  let bytes: Uint8Array;
  try {
    bytes = await readPhotoFile(folder, file.path, file.bytes);
  } catch (error) {
    return { facts: refusalOf(error) };
  }
  const id = createHash('sha256').update(bytes).digest('hex');
  let facts = cache.factsOf(id);
  if (facts === undefined) facts = await photoFacts(bytes).catch((error: unknown) => refusalOf(error));
  cache.remember(key, id, facts);
  return { id, facts };
}

/** An error about one photo as its reason for being skipped. */
function refusalOf(error: unknown): Extract<ContentFacts, { code: unknown }> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HolotypeError)) return { code: 'damaged', reason: message };
  const code = skipCodeSchema.safeParse(error.details?.['reason']);
  return { code: code.success ? code.data : 'unreadable', reason: message };
}

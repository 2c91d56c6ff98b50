import { createHash } from 'node:crypto';
import { constants, fstatSync, fsync, mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HolotypeError } from '../contract/errors.ts';
import { encodeHeader, encodeRecord, headerText, idBytes, loadSegment } from './feature-segment.ts';
import { readRecord, recordBytes } from './feature-segment.ts';
import type { FeatureCacheKey, LoadedSegment, OnDisk } from './feature-segment.ts';
import { fileSystem } from './file-system.ts';
import { acquireLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { errnoOf, storageError } from './storage-error.ts';

export type { FeatureCacheKey } from './feature-segment.ts';

/** Float32 vectors of one dimension by content id (sha256 of the photo, 64 hex digits), kept on disk. */
export interface FeatureCache {
  readonly dimension: number;
  /** Vectors in the cache. */
  readonly size: number;
  has(id: string): boolean;
  /** The vector (a view or a copy: don't change it), or undefined when there is none or it got damaged. */
  get(id: string): Float32Array | undefined;
  /**
   * Adds a vector (copied). An id that is there already stays as it is. Written in batches; call `flush` for
   * certainty.
   *
   * @throws HolotypeError('storage') when a batch can't be written; what is in the cache stays readable
   */
  put(id: string, vector: Float32Array): void;
  /** Writes what is pending and waits until the disk has it. */
  flush(): Promise<void>;
  /** Flushes and closes; safe to call twice. */
  close(): Promise<void>;
}

const suffix = '.features';
const batchBytes = 1 << 20;
const defaultMemoryBytes = 128 << 20;
const syncFile = promisify(fsync);

/**
 * Opens (or begins) the cache for a key. Up to `memoryBytes` of vectors are held in memory, the others are read
 * from the disk when asked for. Several processes may use the same cache: each writes a file of its own and sees
 * what the others had written when it was opened. The files may be deleted at any time.
 *
 * @param folder where caches live (made at the first write)
 * @throws HolotypeError('storage') when a file is there but can't be read
 */
export function openFeatureCache(
  folder: string,
  key: FeatureCacheKey,
  options: { memoryBytes?: number } = {},
): FeatureCache {
  if (!Number.isSafeInteger(key.dimension) || key.dimension < 1)
    throw new HolotypeError('failed', `A feature vector can't have the dimension ${key.dimension}.`);
  return new SegmentedCache(folder, key, options.memoryBytes ?? defaultMemoryBytes);
}

class SegmentedCache implements FeatureCache {
  readonly dimension: number;
  readonly #folder: string;
  readonly #key: FeatureCacheKey;
  readonly #name: string;
  readonly #index = new Map<string, Float32Array | OnDisk>();
  readonly #known = new Map<string, LoadedSegment>();
  readonly #recordBytes: number;
  #memoryLeft: number;
  #writer: { file: number; lock: Lock; path: string; bytes: number } | undefined;
  /** Records on their way to the disk, whose they are, and how many of them have been written. */
  #batch: Uint8Array<ArrayBuffer>;
  #batchIds: string[] = [];
  #batchWritten = 0;
  #closed = false;

  constructor(folder: string, key: FeatureCacheKey, memoryBytes: number) {
    this.dimension = key.dimension;
    this.#folder = folder;
    this.#key = key;
    this.#name = createHash('sha256').update(headerText(key)).digest('hex').slice(0, 32);
    this.#recordBytes = recordBytes(key.dimension);
    this.#memoryLeft = memoryBytes;
    this.#batch = this.#newBatch();
    for (const name of namesIn(folder)) {
      const match = segmentName.exec(name);
      if (match?.[1] === this.#name) this.#load(join(folder, name), this.#memoryLeft);
    }
  }

  get size(): number {
    return this.#index.size;
  }

  has(id: string): boolean {
    return this.#index.has(id);
  }

  get(id: string): Float32Array | undefined {
    const found = this.#index.get(id);
    if (found === undefined || found instanceof Float32Array) return found;
    const vector = readRecord(found, id, this.dimension);
    if (vector === undefined) this.#index.delete(id); // so that it is computed and stored anew
    return vector;
  }

  put(id: string, vector: Float32Array): void {
    this.#assertOpen();
    if (!/^[0-9a-f]{64}$/.test(id))
      throw new HolotypeError('failed', `"${id}" is no content id (sha256 as 64 hex digits).`);
    if (vector.length !== this.dimension)
      throw new HolotypeError(
        'failed',
        `A vector of ${vector.length} floats can't go into a cache of ${this.dimension}.`,
      );
    if (this.#index.has(id)) return;
    const step = this.#recordBytes;
    if ((this.#batchIds.length + 1) * step > this.#batch.length) this.#writeBatch();
    const offset = this.#batchIds.length * step;
    encodeRecord(this.#batch.subarray(offset, offset + step), id, vector);
    this.#index.set(id, new Float32Array(this.#batch.buffer, offset + idBytes, this.dimension));
    this.#batchIds.push(id);
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    this.#writeBatch();
    const writer = this.#writer;
    if (writer === undefined) return;
    try {
      await syncFile(writer.file);
    } catch (error) {
      throw storageError(error, writer.path);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.flush();
    } finally {
      this.#closed = true;
      this.#index.clear();
      if (this.#writer) fileSystem.closeSync(this.#writer.file);
      this.#writer?.lock.release();
      for (const { file } of this.#known.values()) if (file !== undefined) fileSystem.closeSync(file);
      this.#known.clear();
    }
  }

  #load(path: string, memoryBytes: number): LoadedSegment | undefined {
    const before = this.#known.get(path);
    const loaded = loadSegment(path, this.#key, memoryBytes, this.#index);
    if (loaded === undefined) return undefined;
    this.#memoryLeft -= loaded.residentBytes;
    // A file opened earlier under this path may still be needed for reading: it is kept under another name.
    if (before?.file !== undefined) this.#known.set(`${path}#${this.#known.size}`, before);
    this.#known.set(path, loaded);
    try {
      utimesSync(path, new Date(), new Date()); // last use, for pruning
    } catch {
      // a read-only cache is a cache nonetheless
    }
    return loaded;
  }

  #writeBatch(): void {
    const step = this.#recordBytes;
    const data = this.#batch.subarray(this.#batchWritten * step, this.#batchIds.length * step);
    if (data.length > 0) {
      this.#writer ??= this.#openWriter();
      const { file, path, bytes } = this.#writer;
      try {
        writeAt(file, data, bytes);
      } catch (error) {
        try {
          fileSystem.ftruncateSync(file, bytes);
        } catch {
          // half a record at the end is recognised when it is read, and overwritten by the next batch
        }
        throw storageError(error, path);
      }
      this.#writer.bytes += data.length;
      if (this.#memoryLeft >= data.length) {
        this.#memoryLeft -= data.length;
      } else {
        const written = this.#batchIds.slice(this.#batchWritten);
        for (const [at, id] of written.entries()) this.#index.set(id, { file, position: bytes + at * step });
      }
      this.#batchWritten = this.#batchIds.length;
    }
    if ((this.#batchIds.length + 1) * step <= this.#batch.length) return;
    // A fresh one: the index, or a caller, may hold views into the old.
    this.#batch = this.#newBatch();
    this.#batchIds = [];
    this.#batchWritten = 0;
  }

  /** Takes the first segment that no other process is writing to. */
  #openWriter(): { file: number; lock: Lock; path: string; bytes: number } {
    try {
      mkdirSync(this.#folder, { recursive: true });
    } catch (error) {
      throw storageError(error, this.#folder);
    }
    for (let number = 0; ; number += 1) {
      const path = join(this.#folder, `${this.#name}.${number}${suffix}`);
      const lock = tryLock(path);
      if (lock === undefined) continue;
      let file: number | undefined;
      try {
        file = fileSystem.openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
        const { size, ino } = fstatSync(file);
        let known = this.#known.get(path);
        // Somebody wrote to it since (or replaced it): learn what is there now, vectors to be read when needed.
        if (size > 0 && (known?.inode !== ino || known.goodBytes !== size)) known = this.#load(path, 0);
        let bytes = size > 0 && known?.inode === ino ? known.goodBytes : 0;
        if (size > bytes) fileSystem.ftruncateSync(file, bytes);
        if (bytes === 0) {
          const header = encodeHeader(this.#key);
          writeAt(file, header, 0);
          bytes = header.length;
        }
        return { file, lock, path, bytes };
      } catch (error) {
        lock.release();
        if (file !== undefined) fileSystem.closeSync(file);
        throw storageError(error, path);
      }
    }
  }

  #newBatch(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(Math.max(1, Math.floor(batchBytes / this.#recordBytes)) * this.#recordBytes);
  }

  #assertOpen(): void {
    if (this.#closed) throw new HolotypeError('failed', 'The feature cache has been closed.');
  }
}

const segmentName = /^([0-9a-f]{32})\.\d+\.features$/;

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

function tryLock(path: string): Lock | undefined {
  try {
    return acquireLock(`${path}.lock`, `the feature cache "${path}"`, [path]);
  } catch (error) {
    if (error instanceof HolotypeError && error.code === 'busy') return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}

function writeAt(file: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length)
    done += fileSystem.writeSync(file, bytes, done, bytes.length - done, position + done);
}

import { createHash } from 'node:crypto';
import { constants, fstatSync, fsync, mkdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HolotypeError } from '../contract/errors.ts';
import { namesIn, segmentName, segmentPath, tryLock } from './feature-files.ts';
import { encodeHeader, encodeRecord, headerText, idBytes, loadSegment } from './feature-segment.ts';
import { float16, float32, readRecord, readRecordAhead, recordBytes } from './feature-segment.ts';
import type { FeatureCacheKey, FeatureVector, Layout, LoadedSegment, OnDisk } from './feature-segment.ts';
import { fileSystem } from './file-system.ts';
import type { Lock } from './lock.ts';
import { storageError } from './storage-error.ts';

export { pruneFeatureCaches } from './feature-files.ts';
export type { FeatureCacheKey } from './feature-segment.ts';

/** Vectors of one dimension by content id (sha256 of the photo, 64 hex digits), kept on disk. */
export interface FeatureCache<Vector extends FeatureVector = Float32Array> {
  readonly dimension: number;
  /** What a vector takes on disk. */
  readonly vectorBytes: number;
  /** Vectors in the cache. */
  readonly size: number;
  has(id: string): boolean;
  /** The vector (a view or a copy: don't change it), or undefined when there is none or it got damaged. */
  get(id: string): Vector | undefined;
  /** The same, without holding up the caller while the disk is read. */
  read(id: string): Promise<Vector | undefined>;
  /**
   * Adds a vector (copied). An id that is there already stays as it is. Written in batches; call `flush` for
   * certainty.
   *
   * @throws HolotypeError('storage') when a batch can't be written; what is in the cache stays readable
   */
  put(id: string, vector: Vector): void;
  /** Writes what is pending and, but for activations, waits until the disk has it. */
  flush(): Promise<void>;
  /** Flushes and closes; safe to call twice. */
  close(): Promise<void>;
}

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
  const memoryBytes = options.memoryBytes ?? defaultMemoryBytes;
  return new SegmentedCache(folder, { key, numbers: float32 }, { memoryBytes, bulky: false });
}

/**
 * The same for float16 vectors of many kilobytes each, as their bits. They are read from the disk each time and
 * checked then: opening reads nothing but ids (so `has` may be true of one that turns out to be damaged), and neither
 * `flush` nor `close` wait for the disk. What a power failure costs is computed anew.
 */
export function openActivationCache(folder: string, key: FeatureCacheKey): FeatureCache<Uint16Array> {
  return new SegmentedCache(folder, { key, numbers: float16 }, { memoryBytes: 0, bulky: true });
}

class SegmentedCache<Vector extends FeatureVector> implements FeatureCache<Vector> {
  readonly dimension: number;
  readonly vectorBytes: number;
  readonly #folder: string;
  readonly #layout: Layout<Vector>;
  readonly #bulky: boolean;
  readonly #name: string;
  readonly #index = new Map<string, Vector | OnDisk>();
  readonly #known = new Map<string, LoadedSegment>();
  readonly #reading = new Set<Promise<unknown>>();
  #memoryLeft: number;
  #writer: { file: number; lock: Lock; path: string; bytes: number } | undefined;
  /** Records on their way to the disk, whose they are, and how many of them have been written. */
  #batch: Uint8Array<ArrayBuffer>;
  #batchIds: string[] = [];
  #batchWritten = 0;
  #closed = false;

  constructor(
    folder: string,
    layout: Layout<Vector>,
    { memoryBytes, bulky }: { memoryBytes: number; bulky: boolean },
  ) {
    const { dimension } = layout.key;
    if (!Number.isSafeInteger(dimension) || dimension < 1)
      throw new HolotypeError('failed', `A feature vector can't have the dimension ${dimension}.`);
    this.dimension = dimension;
    this.#folder = folder;
    this.#layout = layout;
    this.#bulky = bulky;
    this.#name = createHash('sha256').update(headerText(layout)).digest('hex').slice(0, 32);
    this.vectorBytes = recordBytes(layout);
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

  get(id: string): Vector | undefined {
    const found = this.#index.get(id);
    if (found === undefined || ArrayBuffer.isView(found)) return found;
    const vector = readRecord(found, id, this.#layout);
    if (vector === undefined) this.#index.delete(id); // so that it is computed and stored anew
    return vector;
  }

  async read(id: string): Promise<Vector | undefined> {
    const found = this.#index.get(id);
    if (found === undefined || ArrayBuffer.isView(found)) return found;
    const reading = readRecordAhead(found, id, this.#layout);
    this.#reading.add(reading);
    const vector = await reading;
    this.#reading.delete(reading);
    if (vector === undefined && this.#index.get(id) === found) this.#index.delete(id);
    return vector;
  }

  put(id: string, vector: Vector): void {
    this.#assertOpen();
    if (!/^[0-9a-f]{64}$/.test(id))
      throw new HolotypeError('failed', `"${id}" is no content id (sha256 as 64 hex digits).`);
    if (vector.length !== this.dimension)
      throw new HolotypeError(
        'failed',
        `A vector of ${vector.length} numbers can't go into a cache of ${this.dimension}.`,
      );
    if (this.#index.has(id)) return;
    const step = this.vectorBytes;
    if ((this.#batchIds.length + 1) * step > this.#batch.length) this.#writeBatch();
    const offset = this.#batchIds.length * step;
    encodeRecord(this.#batch.subarray(offset, offset + step), id, vector);
    this.#index.set(id, this.#layout.numbers.view(this.#batch.buffer, offset + idBytes, this.dimension));
    this.#batchIds.push(id);
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    this.#writeBatch();
    const writer = this.#writer;
    if (writer === undefined || this.#bulky) return;
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
      // A file that is closed may be another one's number by the time it is read.
      await Promise.allSettled(this.#reading);
      if (this.#writer) fileSystem.closeSync(this.#writer.file);
      this.#writer?.lock.release();
      for (const { file } of this.#known.values()) if (file !== undefined) fileSystem.closeSync(file);
      this.#known.clear();
    }
  }

  #load(path: string, memoryBytes: number): LoadedSegment | undefined {
    const before = this.#known.get(path);
    const loaded = loadSegment(path, this.#layout, memoryBytes, this.#index, this.#bulky);
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
    const step = this.vectorBytes;
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
      const path = segmentPath(this.#folder, this.#name, number);
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
          const header = encodeHeader(this.#layout);
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
    return new Uint8Array(Math.max(1, Math.floor(batchBytes / this.vectorBytes)) * this.vectorBytes);
  }

  #assertOpen(): void {
    if (this.#closed) throw new HolotypeError('failed', 'The feature cache has been closed.');
  }
}

function writeAt(file: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length)
    done += fileSystem.writeSync(file, bytes, done, bytes.length - done, position + done);
}

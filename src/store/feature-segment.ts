import { fstatSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { fileSystem } from './file-system.ts';
import { errnoOf, storageError } from './storage-error.ts';

/**
 * One file of a feature cache. Little-endian throughout:
 *
 *     header   "HLTFEAT1", u32 length and u32 CRC-32 of the JSON that follows, the JSON padded with spaces so
 *              that records begin at a multiple of 16
 *     records  32 bytes of content id, `dimension` float32 or float16, u32 CRC-32 of both; all of the same size
 *
 * It only ever grows. A record that a crash left unfinished or that the disk damaged fails its checksum and
 * counts as absent: a cache may forget, never lie.
 */

export const featureFormatVersion = 1;

/** Float32, or float16 as their bits. */
export type FeatureVector = Float32Array | Uint16Array;

/** How the numbers of vectors are stored. */
export interface NumberFormat<Vector extends FeatureVector> {
  readonly name: 'float32' | 'float16';
  /** Bytes of one number. */
  readonly bytes: number;
  view(buffer: ArrayBuffer, offset: number, length: number): Vector;
}

export const float32: NumberFormat<Float32Array> = {
  name: 'float32',
  bytes: 4,
  view: (buffer, offset, length) => new Float32Array(buffer, offset, length),
};

export const float16: NumberFormat<Uint16Array> = {
  name: 'float16',
  bytes: 2,
  view: (buffer, offset, length) => new Uint16Array(buffer, offset, length),
};

/** What the records of a file are. */
export interface Layout<Vector extends FeatureVector> {
  readonly key: FeatureCacheKey;
  readonly numbers: NumberFormat<Vector>;
}

/** What the vectors of a cache belong to; any difference means another cache. */
export interface FeatureCacheKey {
  /** Hash of the frozen part of the model. */
  graphHash: string;
  /** Hash of the input policy (size, resize, normalization). */
  policyHash: string;
  /** Which view of the photo: 'plain', 'flip', ... */
  view: string;
  /** Numbers in a vector. */
  dimension: number;
}

/** A vector that is read from the disk each time. */
export interface OnDisk {
  file: number;
  /** Byte offset of its record. */
  position: number;
}

export interface LoadedSegment {
  /** Open for reading, when some vectors are to be read from the disk later. */
  file: number | undefined;
  inode: number;
  /** Bytes up to the end of the last good record; 0 when the header is not a good one. */
  goodBytes: number;
  /** Bytes now held in memory. */
  residentBytes: number;
}

const magic = 'HLTFEAT1';
const prefixBytes = 16;
export const idBytes = 32;
const checksumBytes = 4;
const streamBytes = 4 << 20;

export function recordBytes({ key, numbers }: Layout<FeatureVector>): number {
  return idBytes + key.dimension * numbers.bytes + checksumBytes;
}

export function encodeHeader(layout: Layout<FeatureVector>): Uint8Array {
  const json = headerText(layout);
  const text = new TextEncoder().encode(json);
  const padded = new Uint8Array(Math.ceil(text.length / 16) * 16).fill(0x20);
  padded.set(text);
  const header = new Uint8Array(prefixBytes + padded.length);
  header.set(new TextEncoder().encode(magic));
  const fields = new DataView(header.buffer);
  fields.setUint32(8, padded.length, true);
  fields.setUint32(12, crc32(padded), true);
  header.set(padded, prefixBytes);
  return header;
}

/** The text that tells caches apart; also what their file names are made from. */
export function headerText({ key, numbers }: Layout<FeatureVector>): string {
  const { graphHash, policyHash, view, dimension } = key;
  const stored = numbers.name === 'float32' ? {} : { numbers: numbers.name };
  return JSON.stringify({ version: featureFormatVersion, graphHash, policyHash, view, dimension, ...stored });
}

/** Writes a record at the start of `target` ({@link recordBytes} long). */
export function encodeRecord(target: Uint8Array, id: string, vector: FeatureVector): void {
  const data = target.length - checksumBytes;
  target.set(Buffer.from(id, 'hex'));
  target.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength), idBytes);
  new DataView(target.buffer, target.byteOffset).setUint32(data, crc32(target.subarray(0, data)), true);
}

/** Is the record what was once written? */
export function isGoodRecord(record: Uint8Array): boolean {
  const data = record.length - checksumBytes;
  const stored = new DataView(record.buffer, record.byteOffset).getUint32(data, true);
  return stored === crc32(record.subarray(0, data));
}

/** Reads one record; undefined when it is gone or damaged. */
export function readRecord<Vector extends FeatureVector>(
  place: OnDisk,
  id: string,
  layout: Layout<Vector>,
): Vector | undefined {
  const record = new Uint8Array(recordBytes(layout));
  try {
    if (readFully(place.file, record, place.position) < record.length) return undefined;
  } catch {
    return undefined; // drive gone: the caller computes the vector anew
  }
  return vectorOf(record, id, layout);
}

/** The same, while the caller does something else. */
export async function readRecordAhead<Vector extends FeatureVector>(
  place: OnDisk,
  id: string,
  layout: Layout<Vector>,
): Promise<Vector | undefined> {
  const record = new Uint8Array(recordBytes(layout));
  let done = 0;
  try {
    while (done < record.length) {
      const read = await readSome(place.file, record, done, place.position + done);
      if (read === 0) return undefined;
      done += read;
    }
  } catch {
    return undefined;
  }
  return vectorOf(record, id, layout);
}

function vectorOf<Vector extends FeatureVector>(
  record: Uint8Array<ArrayBuffer>,
  id: string,
  { key, numbers }: Layout<Vector>,
): Vector | undefined {
  if (!isGoodRecord(record) || idOf(record) !== id) return undefined;
  return numbers.view(record.buffer, idBytes, key.dimension);
}

function readSome(file: number, target: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fileSystem.read(file, target, offset, target.length - offset, position, (error, read) => {
      if (error === null) resolve(read);
      else reject(error);
    });
  });
}

/**
 * Reads all records of a segment file into `index`: vectors in memory if the whole file fits into
 * `memoryBytes` (one read, views into one buffer), else their places in the file (read in bounded chunks).
 * Records that `index` has already are left as they are.
 *
 * @param idsOnly reads nothing but the ids, and the last record of an id counts: whether one is good is seen when it
 *   is read
 * @returns undefined when there is no such file
 * @throws HolotypeError('storage') when it can't be read
 */
export function loadSegment<Vector extends FeatureVector>(
  path: string,
  layout: Layout<Vector>,
  memoryBytes: number,
  index: Map<string, Vector | OnDisk>,
  idsOnly: boolean,
): LoadedSegment | undefined {
  const { key, numbers } = layout;
  let file: number;
  try {
    file = fileSystem.openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw storageError(error, path);
  }
  let keepOpen = false;
  try {
    const { size, ino } = fstatSync(file);
    const expected = encodeHeader(layout);
    const header = new Uint8Array(expected.length);
    const complete = readFully(file, header, 0) === header.length;
    if (!complete || !Buffer.from(header).equals(expected))
      return { file: undefined, inode: ino, goodBytes: 0, residentBytes: 0 };

    const step = recordBytes(layout);
    const count = Math.floor((size - expected.length) / step);
    if (idsOnly) {
      keepOpen = true;
      const id = new Uint8Array(idBytes);
      for (let record = 0; record < count; record += 1) {
        const position = expected.length + record * step;
        if (readFully(file, id, position) < idBytes) break;
        // Of two records of one id the first was found to be damaged, or the second would not have been written.
        index.set(idOf(id), { file, position });
      }
      return { file, inode: ino, goodBytes: expected.length + count * step, residentBytes: 0 };
    }
    const resident = count * step <= memoryBytes;
    const chunkRecords = resident ? count : Math.max(1, Math.floor(streamBytes / step));
    const chunk = new Uint8Array(Math.min(chunkRecords, count) * step);
    let goodBytes = expected.length;
    for (let first = 0; first < count; first += chunkRecords) {
      const start = expected.length + first * step;
      const read = readFully(file, chunk, start);
      for (let offset = 0; offset + step <= read; offset += step) {
        const record = chunk.subarray(offset, offset + step);
        if (!isGoodRecord(record)) continue;
        goodBytes = start + offset + step;
        const id = idOf(record);
        if (index.has(id)) continue;
        if (resident) index.set(id, numbers.view(chunk.buffer, offset + idBytes, key.dimension));
        else index.set(id, { file, position: start + offset });
      }
    }
    keepOpen = !resident;
    const residentBytes = resident ? chunk.length : 0;
    return { file: keepOpen ? file : undefined, inode: ino, goodBytes, residentBytes };
  } catch (error) {
    keepOpen = false;
    throw storageError(error, path);
  } finally {
    if (!keepOpen) fileSystem.closeSync(file);
  }
}

function idOf(record: Uint8Array): string {
  return Buffer.from(record.buffer, record.byteOffset, idBytes).toString('hex');
}

/** Fills `target` from `position` as far as the file goes; returns the bytes read. */
function readFully(file: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    const read = fileSystem.readSync(file, target, done, target.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

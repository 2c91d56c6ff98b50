import { fstatSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { fileSystem } from './file-system.ts';
import { errnoOf, storageError } from './storage-error.ts';

/**
 * One file of a feature cache. Little-endian throughout:
 *
 *     header   "HLTFEAT1", u32 length and u32 CRC-32 of the JSON that follows, the JSON padded with spaces so
 *              that records begin at a multiple of 16
 *     records  32 bytes of content id, `dimension` float32, u32 CRC-32 of both; all of the same size
 *
 * It only ever grows. A record that a crash left unfinished or that the disk damaged fails its checksum and
 * counts as absent: a cache may forget, never lie.
 */

export const featureFormatVersion = 1;

/** What the vectors of a cache belong to; any difference means another cache. */
export interface FeatureCacheKey {
  /** Hash of the frozen part of the model. */
  graphHash: string;
  /** Hash of the input policy (size, resize, normalization). */
  policyHash: string;
  /** Which view of the photo: 'plain', 'flip', ... */
  view: string;
  /** Floats in a vector. */
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

export function recordBytes(dimension: number): number {
  return idBytes + dimension * 4 + checksumBytes;
}

export function encodeHeader(key: FeatureCacheKey): Uint8Array {
  const json = headerText(key);
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
export function headerText({ graphHash, policyHash, view, dimension }: FeatureCacheKey): string {
  return JSON.stringify({ version: featureFormatVersion, graphHash, policyHash, view, dimension });
}

/** Writes a record at the start of `target` ({@link recordBytes} long). */
export function encodeRecord(target: Uint8Array, id: string, vector: Float32Array): void {
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

/** Reads one record again; undefined when it is gone or damaged. */
export function readRecord(place: OnDisk, id: string, dimension: number): Float32Array | undefined {
  const record = new Uint8Array(recordBytes(dimension));
  try {
    if (readFully(place.file, record, place.position) < record.length) return undefined;
  } catch {
    return undefined; // drive gone: the caller computes the vector anew
  }
  if (!isGoodRecord(record) || idOf(record) !== id) return undefined;
  return new Float32Array(record.buffer, idBytes, dimension);
}

/**
 * Reads all records of a segment file into `index`: vectors in memory if the whole file fits into
 * `memoryBytes` (one read, views into one buffer), else their places in the file (read in bounded chunks).
 * Records that `index` has already are left as they are.
 *
 * @returns undefined when there is no such file
 * @throws HolotypeError('storage') when it can't be read
 */
export function loadSegment(
  path: string,
  key: FeatureCacheKey,
  memoryBytes: number,
  index: Map<string, Float32Array | OnDisk>,
): LoadedSegment | undefined {
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
    const expected = encodeHeader(key);
    const header = new Uint8Array(expected.length);
    const complete = readFully(file, header, 0) === header.length;
    if (!complete || !Buffer.from(header).equals(expected))
      return { file: undefined, inode: ino, goodBytes: 0, residentBytes: 0 };

    const step = recordBytes(key.dimension);
    const count = Math.floor((size - expected.length) / step);
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
        if (resident) index.set(id, new Float32Array(chunk.buffer, offset + idBytes, key.dimension));
        else index.set(id, { file, position: start + offset });
      }
    }
    keepOpen = !resident;
    const residentBytes = resident ? chunk.length : 0;
    return { file: keepOpen ? file : undefined, inode: ino, goodBytes, residentBytes };
  } catch (error) {
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

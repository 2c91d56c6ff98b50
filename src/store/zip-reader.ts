import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { HolotypeError } from '../contract/errors.ts';
import { fileSystem } from './file-system.ts';
import { storageError } from './storage-error.ts';
import {
  deflated,
  encryptedFlag,
  max16,
  max32,
  signatures,
  sizes,
  stored,
  zip64Extra,
} from './zip-format.ts';

/** A file in an archive. */
export interface ZipEntry {
  /** As the archive spells it, but with `/`: may be anything, `../../x` included. Folders end with `/`. */
  readonly name: string;
  /** Unpacked. */
  readonly bytes: number;
  readonly packed: number;
  readonly method: number;
  readonly crc: number;
  /** Of its local header in the file. */
  readonly offset: number;
  readonly encrypted: boolean;
  /** A symbolic link, as Unix tools pack them. */
  readonly link: boolean;
}

/** An archive that is open for reading, in pieces. */
export interface ZipFile {
  readonly entries: readonly ZipEntry[];
  /** sha256 of the list of contents, names and checksums included: archives of the same content have the same. */
  readonly contentHash: string;
  /**
   * A file's bytes. Never more than its entry promises.
   *
   * @throws HolotypeError 'bad-input' when they are not what the entry says, 'not-supported', 'storage'
   */
  read(entry: ZipEntry): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** A list of contents larger than this is none of ours: it has to be held in memory. */
const largestDirectory = 256 * 2 ** 20;
const mostEntries = 2_000_000;
const chunkBytes = 1 << 18;

/**
 * Opens a ZIP archive by the list of contents at its end (ZIP64 included).
 *
 * @throws HolotypeError 'bad-input' when it is none or damaged, 'storage'
 */
export async function openZip(path: string): Promise<ZipFile> {
  const handle = await fileSystem.open(path, 'r').catch((error: unknown) => {
    throw storageError(error, path);
  });
  try {
    const source = new Source(handle, path, (await handle.stat()).size);
    const { start, length, count } = await findDirectory(source);
    if (length > largestDirectory || count > mostEntries)
      throw source.damaged('its list of contents is too long');
    const directory = await source.read(start, length);
    const entries = parseDirectory(directory, count, source);
    return {
      entries,
      contentHash: createHash('sha256').update(directory).digest('hex'),
      read: (entry) => readEntry(source, entry),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw storageError(error, path);
  }
}

class Source {
  readonly size: number;
  readonly path: string;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, path: string, size: number) {
    this.#handle = handle;
    this.path = path;
    this.size = size;
  }

  /** @throws HolotypeError('bad-input') when the file has no such part */
  async read(start: number, length: number): Promise<Buffer> {
    if (start < 0 || length < 0 || start + length > this.size) throw this.damaged('it is cut off');
    const buffer = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(buffer, done, length - done, start + done);
      if (bytesRead === 0) throw this.damaged('it is cut off');
      done += bytesRead;
    }
    return buffer;
  }

  damaged(reason: string, cause?: unknown): HolotypeError {
    return new HolotypeError('bad-input', `The archive "${this.path}" can't be unpacked: ${reason}.`, {
      remedy: 'Copy or download it again.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

interface Directory {
  start: number;
  length: number;
  count: number;
}

/** The end record stands before a comment of up to 65,535 bytes. */
async function findDirectory(source: Source): Promise<Directory> {
  const length = Math.min(source.size, sizes.end + max16);
  const tail = await source.read(source.size - length, length);
  let at = tail.length - sizes.end;
  while (at >= 0 && !(tail.readUInt32LE(at) === signatures.end && commentFits(tail, at))) at -= 1;
  if (at < 0) throw source.damaged('it is no ZIP archive, or cut off');
  const found: Directory = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    start: tail.readUInt32LE(at + 16),
  };
  if (found.count !== max16 && found.length !== max32 && found.start !== max32) return found;

  const locatorAt = source.size - length + at - sizes.end64Locator;
  if (locatorAt < 0) return found;
  const locator = await source.read(locatorAt, sizes.end64Locator);
  if (locator.readUInt32LE(0) !== signatures.end64Locator) return found;
  const end64 = await source.read(exact(locator.readBigUInt64LE(8), source), sizes.end64);
  if (end64.readUInt32LE(0) !== signatures.end64) throw source.damaged('its list of contents is damaged');
  return {
    count: exact(end64.readBigUInt64LE(32), source),
    length: exact(end64.readBigUInt64LE(40), source),
    start: exact(end64.readBigUInt64LE(48), source),
  };
}

const commentFits = (tail: Buffer, at: number): boolean =>
  at + sizes.end + tail.readUInt16LE(at + 20) === tail.length;

function parseDirectory(directory: Buffer, count: number, source: Source): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (
      at + sizes.centralHeader > directory.length ||
      directory.readUInt32LE(at) !== signatures.centralHeader
    )
      throw source.damaged('its list of contents is damaged');
    const nameLength = directory.readUInt16LE(at + 28);
    const extraLength = directory.readUInt16LE(at + 30);
    const commentLength = directory.readUInt16LE(at + 32);
    const nameAt = at + sizes.centralHeader;
    const next = nameAt + nameLength + extraLength + commentLength;
    if (next > directory.length) throw source.damaged('its list of contents is cut off');
    const extra = directory.subarray(nameAt + nameLength, nameAt + nameLength + extraLength);
    const wide = wideNumbers(extra, source);
    // In this order, and only those that don't fit into 32 bits.
    const full = (value: number): number => (value === max32 ? (wide.shift() ?? value) : value);
    const bytes = full(directory.readUInt32LE(at + 24));
    const packed = full(directory.readUInt32LE(at + 20));
    const offset = full(directory.readUInt32LE(at + 42));
    const unix = directory.readUInt8(at + 5) === 3;
    const mode = directory.readUInt32LE(at + 38) >>> 16;
    entries.push({
      name: directory.toString('utf8', nameAt, nameAt + nameLength).replaceAll('\\', '/'),
      bytes,
      packed,
      offset,
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      encrypted: (directory.readUInt16LE(at + 8) & encryptedFlag) !== 0,
      link: unix && (mode & 0o170000) === 0o120000,
    });
    at = next;
  }
  return entries;
}

/** The 64-bit numbers of the ZIP64 extra field. */
function wideNumbers(extra: Buffer, source: Source): number[] {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    const end = at + 4 + length;
    if (extra.readUInt16LE(at) === zip64Extra && end <= extra.length) {
      const numbers: number[] = [];
      for (let field = at + 4; field + 8 <= end; field += 8)
        numbers.push(exact(extra.readBigUInt64LE(field), source));
      return numbers;
    }
    at = end;
  }
  return [];
}

function exact(value: bigint, source: Source): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw source.damaged('its list of contents is damaged');
  return Number(value);
}

async function* readEntry(source: Source, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const { name, method, encrypted } = entry;
  if (encrypted || (method !== stored && method !== deflated))
    throw new HolotypeError(
      'not-supported',
      `"${name}" in the archive "${source.path}" is ${encrypted ? 'protected by a password' : 'packed in a way that is not known here'}.`,
      { remedy: 'Pack it again as an ordinary ZIP archive.' },
    );
  const header = await source.read(entry.offset, sizes.localHeader);
  if (header.readUInt32LE(0) !== signatures.localHeader)
    throw source.damaged(`"${name}" is not where it should be`);
  const start = entry.offset + sizes.localHeader + header.readUInt16LE(26) + header.readUInt16LE(28);
  const content = method === stored ? pieces(source, start, entry.packed) : inflated(source, start, entry);
  let bytes = 0;
  let crc = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > entry.bytes) throw source.damaged(`"${name}" is larger than it says`);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (bytes !== entry.bytes || crc !== entry.crc) throw source.damaged(`"${name}" is damaged`);
}

async function* pieces(source: Source, start: number, length: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < length; done += chunkBytes)
    yield await source.read(start + done, Math.min(chunkBytes, length - done));
}

async function* inflated(source: Source, start: number, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(pieces(source, start, entry.packed), { objectMode: false });
  const unpacker = createInflateRaw();
  packed.on('error', (error) => unpacker.destroy(error));
  try {
    for await (const chunk of packed.pipe(unpacker) as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    if (error instanceof HolotypeError) throw error;
    throw source.damaged(`"${entry.name}" is damaged`, error);
  } finally {
    packed.destroy();
  }
}

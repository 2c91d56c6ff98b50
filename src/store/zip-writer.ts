import type { FileHandle } from 'node:fs/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { Readable } from 'node:stream';
import { HolotypeError } from '../contract/errors.ts';
import { renameReplacing, syncFolder, temporaryPath } from './atomic.ts';
import { fileSystem } from './file-system.ts';
import { storageError } from './storage-error.ts';
import { deflated, max16, max32, signatures, sizes, stored, utf8Flag, zip64Extra } from './zip-format.ts';
import { dirname } from 'node:path';

export type ZipContent = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Writes a ZIP archive of any size, a piece of a file in memory at a time. */
export interface ZipWriter {
  /**
   * Adds a file; one at a time.
   *
   * @param name with `/`; written as UTF-8
   * @param options.deflate compress it: for text; photos are compressed already (default: no)
   * @param options.modified (default: now)
   * @throws HolotypeError 'storage', or what `content` throws; the archive can only be abandoned then
   */
  add(name: string, content: ZipContent, options?: { deflate?: boolean; modified?: Date }): Promise<void>;
  /** Writes the list of contents and puts the archive in its place. @returns its size in bytes */
  finish(): Promise<number>;
  /** Removes what has been written; does nothing after `finish`. */
  abandon(): Promise<void>;
}

interface Written {
  name: Uint8Array;
  method: number;
  time: number;
  crc: number;
  packed: number;
  bytes: number;
  offset: number;
}

/**
 * Begins an archive at `path`, where it appears only once it is finished. ZIP64 is used where numbers ask for it: an
 * archive larger than 4 GiB, or of more than 65,535 files. A single file may have up to 4 GiB.
 *
 * @throws HolotypeError('storage')
 */
export async function createZip(path: string): Promise<ZipWriter> {
  const temporary = temporaryPath(path);
  const told = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw storageError(error, path);
    });
  const handle = await told(fileSystem.open(temporary, 'wx'));
  const out = new Out(handle);
  const entries: Written[] = [];
  let over = false;

  const add: ZipWriter['add'] = async (name, content, { deflate = false, modified = new Date() } = {}) => {
    const entry: Written = {
      name: new TextEncoder().encode(name),
      method: deflate ? deflated : stored,
      time: dosTime(modified),
      crc: 0,
      packed: 0,
      bytes: 0,
      offset: out.position,
    };
    const header = localHeader(entry); // written again once the numbers are known
    await told(out.write(header));
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of content) {
        entry.crc = crc32(chunk, entry.crc);
        entry.bytes += chunk.length;
        yield chunk;
      }
    };
    const packed = deflate ? compressed(counted()) : counted();
    for await (const chunk of packed) {
      await told(out.write(chunk));
      entry.packed += chunk.length;
      if (entry.packed > max32 || entry.bytes > max32)
        throw new HolotypeError('not-supported', `"${name}" is larger than 4 GiB.`, {
          remedy: 'Leave it out.',
        });
    }
    header.set(localHeader(entry));
    await told(out.rewrite(entry.offset, header));
    entries.push(entry);
  };

  return {
    add,
    async finish() {
      const start = out.position;
      for (const entry of entries) await told(out.write(centralHeader(entry)));
      const length = out.position - start;
      await told(out.write(endOf({ count: entries.length, start, length })));
      await told(out.flush());
      await told(handle.sync());
      await told(handle.close());
      over = true;
      await renameReplacing(temporary, path);
      await syncFolder(dirname(path));
      return out.position;
    },
    async abandon() {
      if (over) return;
      over = true;
      await handle.close().catch(() => undefined);
      await fileSystem.rm(temporary, { force: true }).catch(() => undefined);
    },
  };
}

/** Collects small pieces, for fifty thousand headers must not be as many calls of the system. */
class Out {
  position = 0;
  readonly #handle: FileHandle;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.position += bytes.length;
    if (this.#waitingBytes >= 1 << 20) await this.flush();
  }

  /** Bytes that were given to `write` have been changed since: on the disk, too, if they are there already. */
  async rewrite(position: number, bytes: Uint8Array): Promise<void> {
    if (position < this.position - this.#waitingBytes)
      await this.#handle.write(bytes, 0, bytes.length, position);
  }

  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    const start = this.position - bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
    let offset = 0;
    while (offset < bytes.length) {
      const { bytesWritten } = await this.#handle.write(bytes, offset, bytes.length - offset, start + offset);
      offset += bytesWritten;
    }
  }
}

function compressed(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const source = Readable.from(content, { objectMode: false });
  const packer = createDeflateRaw();
  source.on('error', (error) => packer.destroy(error));
  return source.pipe(packer);
}

function localHeader({ name, method, time, crc, packed, bytes }: Written): Uint8Array {
  const header = Buffer.alloc(sizes.localHeader + name.length);
  header.writeUInt32LE(signatures.localHeader, 0);
  header.writeUInt16LE(20, 4); // version needed: 2.0
  header.writeUInt16LE(utf8Flag, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(time, 10);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(Math.min(packed, max32), 18);
  header.writeUInt32LE(Math.min(bytes, max32), 22);
  header.writeUInt16LE(name.length, 26);
  header.set(name, sizes.localHeader);
  return header;
}

function centralHeader({ name, method, time, crc, packed, bytes, offset }: Written): Uint8Array {
  const far = offset >= max32;
  const extra = far ? 12 : 0;
  const header = Buffer.alloc(sizes.centralHeader + name.length + extra);
  header.writeUInt32LE(signatures.centralHeader, 0);
  header.writeUInt16LE((3 << 8) | 45, 4); // made on Unix, by version 4.5
  header.writeUInt16LE(far ? 45 : 20, 6);
  header.writeUInt16LE(utf8Flag, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(time, 12);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(packed, 20);
  header.writeUInt32LE(bytes, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra, 30);
  header.writeUInt32LE((0o100644 << 16) >>> 0, 38); // a plain file
  header.writeUInt32LE(far ? max32 : offset, 42);
  header.set(name, sizes.centralHeader);
  if (far) {
    const at = sizes.centralHeader + name.length;
    header.writeUInt16LE(zip64Extra, at);
    header.writeUInt16LE(8, at + 2);
    header.writeBigUInt64LE(BigInt(offset), at + 4);
  }
  return header;
}

function endOf({ count, start, length }: { count: number; start: number; length: number }): Uint8Array {
  const end = Buffer.alloc(sizes.end);
  end.writeUInt32LE(signatures.end, 0);
  end.writeUInt16LE(Math.min(count, max16), 8);
  end.writeUInt16LE(Math.min(count, max16), 10);
  end.writeUInt32LE(Math.min(length, max32), 12);
  end.writeUInt32LE(Math.min(start, max32), 16);
  if (count < max16 && start < max32 && length < max32) return end;

  const end64 = Buffer.alloc(sizes.end64 + sizes.end64Locator);
  end64.writeUInt32LE(signatures.end64, 0);
  end64.writeBigUInt64LE(BigInt(sizes.end64 - 12), 4);
  end64.writeUInt16LE((3 << 8) | 45, 12);
  end64.writeUInt16LE(45, 14);
  end64.writeBigUInt64LE(BigInt(count), 24);
  end64.writeBigUInt64LE(BigInt(count), 32);
  end64.writeBigUInt64LE(BigInt(length), 40);
  end64.writeBigUInt64LE(BigInt(start), 48);
  end64.writeUInt32LE(signatures.end64Locator, sizes.end64);
  end64.writeBigUInt64LE(BigInt(start + length), sizes.end64 + 8);
  end64.writeUInt32LE(1, sizes.end64 + 16);
  return Buffer.concat([end64, end]);
}

/** Seconds go by twos; years before 1980 can't be said. */
function dosTime(date: Date): number {
  const year = Math.min(2107, Math.max(1980, date.getFullYear()));
  const day = ((year - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate();
  const time = (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1);
  return ((day << 16) | time) >>> 0;
}

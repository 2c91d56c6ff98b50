import type { FileHandle } from 'node:fs/promises';
import { fileSystem } from './file-system.ts';
import { describeIssues, syncFolder, writeAll } from './atomic.ts';
import type { Parser } from './atomic.ts';
import { errnoOf, storageError } from './storage-error.ts';
import { dirname } from 'node:path';

/** A line of a JSONL file that could not be used; lines count from 1. */
export interface BadLine {
  line: number;
  reason: string;
}

export interface JsonlContent<T> {
  records: T[];
  /** The last line was cut off by a crash, and has been ignored. */
  torn: boolean;
  /** Complete lines that could not be used; the rest has been read. */
  badLines: BadLine[];
}

/** Appends records to a JSONL file, in the order of the calls. */
export interface JsonlWriter {
  path: string;
  /**
   * Writes one record as one line.
   *
   * @param options.sync wait until the disk has it (fsync): for what a person would miss after a power cut
   * @throws HolotypeError('storage'); the file then ends with the last good record and can be written again
   */
  append(record: unknown, options?: { sync?: boolean }): Promise<void>;
  /** Waits for what was appended so far, and fsyncs it. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const newline = 0x0a;
const chunkBytes = 1 << 16;

/**
 * Reads a JSONL file. A missing file is an empty one. A torn last line (no newline at its end and no complete
 * record) is ignored and reported; a bad line before it is reported with its number and the rest goes on.
 *
 * @param schema checks each record (zod or alike); without it records are any JSON value
 * @throws HolotypeError('storage') when the file can't be read
 */
export async function readJsonl(path: string): Promise<JsonlContent<unknown>>;
export async function readJsonl<T>(path: string, schema: Parser<T>): Promise<JsonlContent<T>>;
export async function readJsonl<T>(path: string, schema?: Parser<T>): Promise<JsonlContent<unknown>> {
  const content: JsonlContent<unknown> = { records: [], torn: false, badLines: [] };
  let number = 0;
  for await (const line of readLines(path)) {
    number += 1;
    const parsed = parseLine(line.bytes, number === 1);
    if (parsed.kind === 'blank') continue;
    if (!line.terminated && !isWhole(parsed)) {
      content.torn = true;
      break;
    }
    if (parsed.kind === 'bad') {
      content.badLines.push({ line: number, reason: parsed.reason });
      continue;
    }
    try {
      content.records.push(schema ? schema.parse(parsed.value) : parsed.value);
    } catch (error) {
      content.badLines.push({ line: number, reason: describeIssues(error) });
    }
  }
  return content;
}

/**
 * Opens a JSONL file for appending, creating it if need be. A torn last line is cut off first, so that the next
 * record begins on a line of its own. Only one writer may have the file open at a time (see lock.ts).
 */
export async function appendJsonl(path: string): Promise<JsonlWriter> {
  const good = await goodLength(path);
  let handle: FileHandle;
  try {
    handle = await fileSystem.open(path, 'a');
  } catch (error) {
    throw storageError(error, path);
  }
  const writer = new Writer(path, handle, good.bytes);
  try {
    const { size } = await handle.stat();
    if (size > good.bytes) await handle.truncate(good.bytes);
    if (good.needsNewline) await writer.appendBytes(Uint8Array.of(newline), false);
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw storageError(error, path);
  }
  await syncFolder(dirname(path));
  return writer;
}

class Writer implements JsonlWriter {
  readonly path: string;
  readonly #handle: FileHandle;
  /** Bytes of the file up to the end of the last good record. */
  #length: number;
  /** A write failed half-way and its bytes may still stand at the end of the file. */
  #dirty = false;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(path: string, handle: FileHandle, length: number) {
    this.path = path;
    this.#handle = handle;
    this.#length = length;
  }

  append(record: unknown, options: { sync?: boolean } = {}): Promise<void> {
    const text = JSON.stringify(record);
    if (text === undefined)
      return Promise.reject(
        new TypeError('A JSONL record must be a JSON value, not undefined or a function.'),
      );
    return this.appendBytes(new TextEncoder().encode(`${text}\n`), options.sync ?? false);
  }

  appendBytes(bytes: Uint8Array, sync: boolean): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#dirty) await this.#repair();
      try {
        await writeAll(this.#handle, bytes);
        if (sync) await this.#handle.sync();
      } catch (error) {
        this.#dirty = true;
        // If even this fails (drive gone), the next append tries again before it writes.
        await this.#repair().catch(() => undefined);
        throw error;
      }
      this.#length += bytes.length;
    });
  }

  flush(): Promise<void> {
    return this.#enqueue(() => this.#handle.sync());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    const done = this.#enqueue(() => this.#handle.sync());
    this.#closed = true;
    try {
      await done;
    } finally {
      await this.#handle.close();
    }
  }

  async #repair(): Promise<void> {
    await this.#handle.truncate(this.#length);
    this.#dirty = false;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    if (this.#closed) return Promise.reject(new Error(`"${this.path}" has been closed.`));
    const result = this.#queue.then(work).catch((error: unknown) => {
      throw storageError(error, this.path);
    });
    this.#queue = result.catch(() => undefined); // one failed record must not fail the next
    return result;
  }
}

type Parsed = { kind: 'blank' } | { kind: 'bad'; reason: string } | { kind: 'value'; value: unknown };

function parseLine(bytes: Uint8Array, first: boolean): Parsed {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: !first }).decode(bytes);
  } catch {
    return { kind: 'bad', reason: 'not valid UTF-8' };
  }
  if (text.trim() === '') return { kind: 'blank' };
  try {
    return { kind: 'value', value: JSON.parse(text) };
  } catch {
    return { kind: 'bad', reason: 'not valid JSON' };
  }
}

/** Without a newline at the end, only closing brackets prove that nothing is missing: 12 may have been 123. */
function isWhole(parsed: Parsed): boolean {
  return parsed.kind === 'value' && typeof parsed.value === 'object' && parsed.value !== null;
}

/** Where the last good record ends; `needsNewline` when it is complete but for the newline (edited by hand). */
async function goodLength(path: string): Promise<{ bytes: number; needsNewline: boolean }> {
  let bytes = 0;
  let number = 0;
  for await (const line of readLines(path)) {
    number += 1;
    if (line.terminated) bytes = line.end;
    else if (isWhole(parseLine(line.bytes, number === 1))) return { bytes: line.end, needsNewline: true };
  }
  return { bytes, needsNewline: false };
}

interface Line {
  bytes: Uint8Array;
  /** Offset behind the line and its newline. */
  end: number;
  terminated: boolean;
}

/** The lines of a file, one chunk of it in memory at a time; nothing for a missing file. */
async function* readLines(path: string): AsyncGenerator<Line> {
  let handle: FileHandle;
  try {
    handle = await fileSystem.open(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw storageError(error, path);
  }
  try {
    let parts: Uint8Array[] = []; // the line so far, from earlier chunks
    let end = 0;
    for (;;) {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, null);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      let start = 0;
      for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
        const bytes = Buffer.concat([...parts, chunk.subarray(start, at)]);
        parts = [];
        start = at + 1;
        end += bytes.length + 1;
        yield { bytes, end, terminated: true };
      }
      if (start < chunk.length) parts.push(chunk.subarray(start));
    }
    if (parts.length > 0) {
      const bytes = Buffer.concat(parts);
      yield { bytes, end: end + bytes.length, terminated: false };
    }
  } catch (error) {
    throw storageError(error, path);
  } finally {
    await handle.close();
  }
}

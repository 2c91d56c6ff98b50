import type { FileHandle } from 'node:fs/promises';
import { fileSystem } from './file-system.ts';
import { errnoOf, storageError } from './storage-error.ts';

const newline = 0x0a;
const chunkBytes = 1 << 16;

/**
 * Reads lines of a file by their numbers while somebody else still appends to it. What is kept in memory is where each
 * line begins.
 */
export class LineFile {
  readonly #path: string;
  /** Where each complete line begins, and behind them where the next one will. */
  readonly #starts: number[] = [0];
  /** What has been looked through. */
  #seen = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param path of the file; it may not be there yet */
  constructor(path: string) {
    this.#path = path;
  }

  /** How many complete lines there are now. @throws HolotypeError('storage') */
  async count(): Promise<number> {
    await this.#within((handle) => this.#look(handle));
    return this.#starts.length - 1;
  }

  /** Up to `limit` complete lines from number `offset` (counted from 0) on. @throws HolotypeError('storage') */
  async read(offset: number, limit: number): Promise<string[]> {
    const lines = await this.#within(async (handle) => {
      await this.#look(handle);
      const first = Math.min(offset, this.#starts.length - 1);
      const last = Math.min(first + limit, this.#starts.length - 1);
      const from = this.#starts[first] ?? 0;
      const length = (this.#starts[last] ?? from) - from;
      if (length === 0) return [];
      const buffer = Buffer.alloc(length);
      await readAll(handle, buffer, from);
      return buffer.toString('utf8').slice(0, -1).split('\n');
    });
    return lines ?? [];
  }

  /** Looks through what was appended since the last time. */
  async #look(handle: FileHandle): Promise<void> {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, this.#seen);
      if (bytesRead === 0) return;
      const chunk = buffer.subarray(0, bytesRead);
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, at + 1))
        this.#starts.push(this.#seen + at + 1);
      this.#seen += bytesRead;
    }
  }

  /** One at a time; undefined while there is no file. */
  #within<Result>(work: (handle: FileHandle) => Promise<Result>): Promise<Result | undefined> {
    const turn = this.#last.then(async () => {
      try {
        const handle = await fileSystem.open(this.#path, 'r');
        try {
          return await work(handle);
        } finally {
          await handle.close();
        }
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw storageError(error, this.#path);
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

async function readAll(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, position + done);
    if (bytesRead === 0) return; // cut off meanwhile: what is missing reads as nothing
    done += bytesRead;
  }
}

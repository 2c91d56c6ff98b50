import { open } from 'node:fs/promises';
import { storageError } from './storage-error.ts';

/** A file that is read piece by piece. */
export interface OpenedFile {
  readonly bytes: number;
  /** Has to be read to its end or broken off (`return`), which closes the file. Read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

const chunkBytes = 256 * 1024;

/**
 * Opens a file of any size without holding more than a piece of it in memory.
 *
 * @throws HolotypeError('storage') when it can't be opened; what goes wrong later is thrown by `chunks`
 */
export async function openStream(path: string): Promise<OpenedFile> {
  try {
    const file = await open(path, 'r');
    try {
      const found = await file.stat();
      if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
      return {
        bytes: found.size,
        // The size has been promised: what is appended meanwhile is not sent.
        chunks: file.createReadStream({
          highWaterMark: chunkBytes,
          ...(found.size === 0 ? {} : { end: found.size - 1 }),
        }) as AsyncIterable<Uint8Array>,
      };
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    throw storageError(error, path);
  }
}

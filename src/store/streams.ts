import { open, stat } from 'node:fs/promises';
import { storageError } from './storage-error.ts';

/** A file that is read piece by piece. */
export interface FileStream {
  readonly bytes: number;
  /** Opens the file when the first piece is asked for, and closes it after the last or when broken off. Read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

const chunkBytes = 256 * 1024;

/**
 * Looks at a file of any size, to be read without holding more than a piece of it in memory.
 *
 * @throws HolotypeError('storage') when it isn't there; what goes wrong later is thrown by `chunks`
 */
export async function openStream(path: string): Promise<FileStream> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
    return { bytes: found.size, chunks: read(path, found.size) };
  } catch (error) {
    throw storageError(error, path);
  }
}

/** So many bytes and no more: that many have been promised. @throws HolotypeError('storage') also when there are fewer */
async function* read(path: string, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  try {
    const file = await open(path, 'r');
    try {
      while (left > 0) {
        const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(chunkBytes, left)));
        if (bytesRead === 0) throw Object.assign(new Error('shorter than it was'), { code: 'EIO' });
        left -= bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw storageError(error, path);
  }
}

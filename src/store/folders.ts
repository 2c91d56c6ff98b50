import { readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, storageError } from './storage-error.ts';

/** Names in a folder, sorted; none when there is no such folder. @throws HolotypeError('storage') */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw storageError(error, path);
  }
}

/** Whether there is a file or folder of that name. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Whether the path is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A file's size in bytes, or undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.size,
    () => undefined,
  );
}

/**
 * Bytes that can still be written to the disk a folder is on, or will be on once it is made.
 *
 * @throws HolotypeError('storage') when the disk can't be asked
 */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && dirname(path) !== path) return freeBytes(dirname(path));
    throw storageError(error, path);
  }
}

/** A file's bytes. @throws HolotypeError('storage') or, when it isn't there, 'not-found' */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Removes a file if it is there. @throws HolotypeError('storage') */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw storageError(error, path);
  }
}

/** Removes a folder with all that is in it, if it is there. @throws HolotypeError('storage') */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw storageError(error, path);
  }
}

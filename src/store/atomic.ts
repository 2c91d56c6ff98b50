import { constants } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HolotypeError } from '../contract/errors.ts';
import { fileSystem } from './file-system.ts';
import { tokenState, uniqueToken } from './process-identity.ts';
import { errnoOf, storageError } from './storage-error.ts';

export { storageError } from './storage-error.ts';

export type FileData = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Anything with zod's `parse`: returns the value in its right type or throws. */
export interface Parser<T> {
  parse(value: unknown): T;
}

const temporaryName = /^\.holotype-(.+)\.tmp$/;
const dayMs = 24 * 60 * 60 * 1000;

/** A path beside `path` (or in the folder `path` names, with `inside`) that nobody else uses. */
export function temporaryPath(path: string, inside = false): string {
  // Not made from the file's own name: that may already be as long as the disk allows.
  return join(inside ? path : dirname(path), `.holotype-${uniqueToken()}.tmp`);
}

/**
 * Writes a file so that, whatever happens, `path` holds either all of the old content or all of the new: a
 * unique temporary file in the same folder, fsync, rename, fsync of the folder.
 *
 * @param data text (written as UTF-8), bytes, or a stream of bytes; an error of the stream is passed on as it is
 * @param options.mode permissions of the new file (default: what the umask leaves of 0o666)
 * @param options.confirm called when all that is left is the rename; throws to leave the old content after all
 * @throws HolotypeError('storage') with a remedy; the temporary file is gone and the old content untouched
 */
export async function writeFileAtomic(
  path: string,
  data: FileData,
  options: { mode?: number; confirm?: () => void } = {},
): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await writeFileSynced(temporary, data, options, path);
    options.confirm?.();
    await renameReplacing(temporary, path);
  } catch (error) {
    await fileSystem.rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** {@link writeFileAtomic} of a value as indented JSON with a final newline. */
export function writeJsonAtomic(
  path: string,
  value: unknown,
  options: { mode?: number; confirm?: () => void } = {},
): Promise<void> {
  return writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`, options);
}

/**
 * Writes a new file (it must not exist) and fsyncs it; neither temporary nor renamed: for files inside a folder
 * that becomes visible only when it is renamed as a whole.
 *
 * @param reportedPath the name an error should mention, when `path` is a temporary one
 */
export async function writeFileSynced(
  path: string,
  data: FileData,
  options: { mode?: number } = {},
  reportedPath = path,
): Promise<void> {
  const handle = await storage(reportedPath, fileSystem.open(path, 'wx', options.mode ?? 0o666));
  try {
    for await (const chunk of chunksOf(data)) await storage(reportedPath, writeAll(handle, chunk));
    await storage(reportedPath, handle.sync());
  } catch (error) {
    await handle.close().catch(() => undefined); // the first error is the one to tell
    throw error;
  }
  await storage(reportedPath, handle.close());
}

/** Renames a file or folder over what is there; on Windows it waits a moment for virus scanners to let go. */
export async function renameReplacing(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await fileSystem.rename(from, to);
      return;
    } catch (error) {
      const code = errnoOf(error);
      const passing = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(code ?? '');
      if (!passing || attempt >= 8) throw storageError(error, to);
      await sleep(10 * 2 ** attempt);
    }
  }
}

/** Makes a rename or a new file in the folder survive a power cut, on systems where that is a thing. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows can't open a folder, and some network drives refuse: the data itself has been synced already.
  if (process.platform === 'win32') return;
  let handle: FileHandle;
  try {
    handle = await fileSystem.open(folder, constants.O_RDONLY);
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch (error) {
    if (errnoOf(error) === 'EIO') throw storageError(error, folder);
  } finally {
    await handle.close();
  }
}

/** Makes a folder and the ones above it, with storage errors translated. */
export async function ensureFolder(path: string): Promise<void> {
  await storage(path, fileSystem.mkdir(path, { recursive: true }));
}

/**
 * Reads a JSON file.
 *
 * @param schema a zod schema, or any object with such a `parse`
 * @throws HolotypeError 'not-found' when there is no such file, 'bad-input' when it is no JSON or not of this
 *   form (naming the field), 'storage' when it can't be read
 */
export async function readJson<T>(path: string, schema: Parser<T>): Promise<T> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT')
      throw new HolotypeError('not-found', `There is no file "${path}".`, {
        remedy: 'Check the path.',
        details: { path },
        cause: error,
      });
    throw storageError(error, path);
  }
  return parseJson(bytes, path, schema);
}

/** The parsing half of {@link readJson}; `path` is only named in errors. */
export function parseJson<T>(bytes: Uint8Array, path: string, schema: Parser<T>): T {
  const damaged = (reason: string, cause: unknown): HolotypeError =>
    new HolotypeError('bad-input', `"${path}" is damaged: ${reason}.`, {
      remedy: 'Restore the file from a backup, or delete it and start over.',
      details: { path },
      cause,
    });
  let value: unknown;
  try {
    // The decoder drops a byte order mark, which some editors add.
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged(`it is not valid JSON (${bytes.length} bytes)`, error);
  }
  try {
    return schema.parse(value);
  } catch (error) {
    if (error instanceof HolotypeError) throw error;
    throw damaged(describeIssues(error), error);
  }
}

/** First problem a zod error names, as `field: what is wrong`; the message of any other error. */
export function describeIssues(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'issues' in error && Array.isArray(error.issues)) {
    const issue: unknown = error.issues[0];
    if (typeof issue === 'object' && issue !== null && 'path' in issue && 'message' in issue) {
      const field = Array.isArray(issue.path) ? issue.path.map(String).join('.') : '';
      return field === '' ? String(issue.message) : `${field}: ${String(issue.message)}`;
    }
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * Removes temporary files and folders that a crashed or killed process left in `folder`. Those of living
 * processes stay; those of other machines (a shared drive) go when nothing has touched them for a day.
 *
 * @returns the names that were removed
 */
export async function cleanTemporaryFiles(folder: string): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await leftoverNames(folder)) {
    // Cleaning is a courtesy: what can't be removed must not stop the work that asked for it.
    await fileSystem.rm(join(folder, name), { recursive: true, force: true }).then(
      () => removed.push(name),
      () => undefined,
    );
  }
  return removed;
}

/** The names that {@link cleanTemporaryFiles} would remove. */
export async function leftoverNames(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return []; // nothing to clean where there is nothing to list
  }
  const leftovers: string[] = [];
  for (const name of names) {
    const token = temporaryName.exec(name)?.[1];
    const state = token === undefined ? undefined : tokenState(token);
    if (state === undefined || state === 'alive') continue;
    if (state === 'unknown') {
      const age = await stat(join(folder, name)).then(
        (found) => Date.now() - found.mtimeMs,
        () => 0,
      );
      if (age < dayMs) continue;
    }
    leftovers.push(name);
  }
  return leftovers;
}

/** Writes all of `bytes`, however many calls the system needs for it. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}

function chunksOf(data: FileData): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (typeof data === 'string') return [new TextEncoder().encode(data)];
  if (data instanceof Uint8Array) return [data];
  return data;
}

async function storage<T>(path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw storageError(error, path);
  }
}

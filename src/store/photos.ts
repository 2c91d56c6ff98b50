import { constants } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { HolotypeError } from '../contract/errors.ts';
import { errnoOf, storageError } from './storage-error.ts';

export interface FoundFile {
  /** Relative to the folder that was listed, with `/` on every system, spelled as on disk. */
  path: string;
  bytes: number;
  mtimeMs: number;
}

/** Told while {@link listFiles} walks. */
export interface WalkReport {
  /** Every folder below the root that is not passed over, by its relative path. */
  folder?(path: string): void;
  /** A folder or file that can't be looked at, and why. */
  problem?(path: string, reason: string): void;
}

/** Deeper than any tidy person goes; symbolic links can make a tree endless in ways a loop check misses. */
const maxDepth = 40;
/** How many files are asked for their size at once. */
const statBatch = 64;

/** What systems and programs leave in folders without asking. */
const passedOver = new Set(['thumbs.db', 'desktop.ini', '__macosx', '@eadir', '$recycle.bin', 'ehthumbs.db']);

/** Whether a file or folder is passed over silently: hidden ones (.DS_Store, ._x, .git) and system ones. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || passedOver.has(name.toLowerCase()) || name === 'Icon\r';
}

/**
 * Every file below `root`, in an order that is the same everywhere (by the code units of the names, folder by
 * folder). Symbolic links are followed, except those that lead back into themselves.
 *
 * @throws HolotypeError 'not-found' | 'bad-usage' | 'storage' when the root itself can't be listed, 'cancelled'
 */
export async function* listFiles(
  root: string,
  signal?: AbortSignal,
  report: WalkReport = {},
): AsyncGenerator<FoundFile> {
  const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    throw rootError(error, root);
  });
  yield* walk(resolve(root), '', entries, [await realpath(root)], signal, report);
}

/**
 * The bytes of one file below `root`.
 *
 * @param path relative, as {@link listFiles} gives it; links in it are followed, for photo collections made of
 *   links are common, but no path leads out of the root by itself
 * @throws HolotypeError 'bad-usage' for a path that leaves the root, 'storage' when it can't be read
 */
export async function readPhoto(root: string, path: string): Promise<Uint8Array> {
  const full = contained(root, path);
  try {
    return await readFile(full);
  } catch (error) {
    throw storageError(error, full);
  }
}

/** The first `count` bytes of a file (fewer when it is shorter). @throws as {@link readPhoto} */
export async function readHead(root: string, path: string, count: number): Promise<Uint8Array> {
  const full = contained(root, path);
  try {
    const handle = await open(full, constants.O_RDONLY);
    try {
      const buffer = new Uint8Array(count);
      const { bytesRead } = await handle.read(buffer, 0, count, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw storageError(error, full);
  }
}

/** Size and time of one file below `root`; undefined when there is no such file. @throws as {@link readPhoto} */
export async function photoFacts(
  root: string,
  path: string,
): Promise<{ bytes: number; mtimeMs: number } | undefined> {
  const full = contained(root, path);
  const found = await stat(full).catch(() => undefined);
  return found?.isFile() === true ? { bytes: found.size, mtimeMs: found.mtimeMs } : undefined;
}

function contained(root: string, path: string): string {
  const base = resolve(root);
  const full = resolve(base, path);
  const inside = full.startsWith(base.endsWith(sep) ? base : base + sep);
  if (!inside || path.includes('\0')) {
    throw new HolotypeError('bad-usage', `"${path}" is not a path inside "${root}".`, {
      remedy: 'Give the path of a photo relative to its folder.',
    });
  }
  return full;
}

async function* walk(
  folder: string,
  prefix: string,
  entries: Dirent[],
  ancestors: readonly string[],
  signal: AbortSignal | undefined,
  report: WalkReport,
): AsyncGenerator<FoundFile> {
  const visible = entries.filter((entry) => !isHidden(entry.name));
  visible.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (let start = 0; start < visible.length; start += statBatch) {
    if (signal?.aborted === true) throw cancelled();
    const batch = visible.slice(start, start + statBatch);
    // Links are followed by stat; a folder's own size is of no interest.
    const looks = await Promise.all(
      batch.map(async (entry) =>
        entry.isDirectory()
          ? ('folder' as const)
          : stat(join(folder, entry.name)).catch((error: unknown) => ({ error })),
      ),
    );
    for (const [index, entry] of batch.entries()) {
      const path = prefix + entry.name;
      const look = looks[index];
      if (look === undefined) continue;
      if (look === 'folder' || ('isDirectory' in look && look.isDirectory())) {
        yield* enter(join(folder, entry.name), path, ancestors, signal, report);
      } else if ('error' in look) {
        report.problem?.(path, refusal(look.error, entry.isSymbolicLink()));
      } else if (look.isFile()) {
        yield { path, bytes: look.size, mtimeMs: look.mtimeMs };
      } // sockets, pipes and devices hold no photos
    }
  }
}

async function* enter(
  folder: string,
  path: string,
  ancestors: readonly string[],
  signal: AbortSignal | undefined,
  report: WalkReport,
): AsyncGenerator<FoundFile> {
  if (ancestors.length > maxDepth) {
    report.problem?.(path, `folders go deeper than ${maxDepth} levels`);
    return;
  }
  try {
    const real = await realpath(folder);
    if (ancestors.includes(real)) return; // a link to a folder that holds it: everything there is listed already
    const entries = await readdir(folder, { withFileTypes: true });
    report.folder?.(path);
    yield* walk(folder, `${path}/`, entries, [...ancestors, real], signal, report);
  } catch (error) {
    if (error instanceof HolotypeError) throw error;
    report.problem?.(path, refusal(error, false));
  }
}

/** Why the system refuses a file or folder, as one phrase. */
function refusal(error: unknown, link: boolean): string {
  switch (errnoOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'no permission to read it';
    case 'ENOENT':
      return link ? 'a link to something that is not there' : 'its name is not valid text, or it is gone';
    case 'ELOOP':
      return 'a link that leads back to itself';
    case 'ENAMETOOLONG':
      return 'its path is too long for this system';
    default:
      return `it can't be read (${errnoOf(error) ?? String(error)})`;
  }
}

function rootError(error: unknown, root: string): HolotypeError {
  if (errnoOf(error) === 'ENOENT') {
    return new HolotypeError('not-found', `There is no folder "${root}".`, {
      remedy: 'Check the path; a path with spaces needs quotes.',
      cause: error,
    });
  }
  if (errnoOf(error) === 'ENOTDIR') {
    return new HolotypeError('bad-input', `"${root}" is a file, not a folder of photos.`, {
      remedy: 'Give the folder that holds one folder of photos for each class.',
      cause: error,
    });
  }
  return storageError(error, root);
}

/** What every long loop throws when its signal is aborted. */
export function cancelled(): HolotypeError {
  return new HolotypeError('cancelled', 'Cancelled.');
}

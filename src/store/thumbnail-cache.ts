import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureFolder, temporaryPath, writeAll } from './atomic.ts';
import { fileSystem } from './file-system.ts';

/** Small pictures (JPEG) by content and size, kept on disk. Trouble with the disk costs time, and nothing else. */
export interface ThumbnailCache {
  /** The picture, or undefined when there is none or it got damaged. @param key hex digits, `-` and a number */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keeps a picture if it can. Never fails. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** From now on all pictures together take no more than this (bytes); the least recently used go first. */
  limitTo(maxBytes: number): Promise<void>;
}

/** Changes whenever the same photo would get another picture. */
const version = '1';
/** When there are too many, so many are removed that the next time is not soon. */
const keptShare = 0.8;
/** A file's time says when it was last used, to about a day: writing it each time would double the work. */
const usedAgainAfterMs = 24 * 3_600_000;

/**
 * @param folder made at the first picture; what older versions left in it is removed then
 * @param now for tests
 */
export function openThumbnailCache(
  folder: string,
  maxBytes: number,
  now: () => number = Date.now,
): ThumbnailCache {
  let limit = maxBytes;
  /** Bytes in the folder, counted once and kept up to date with what this process adds. */
  let total: Promise<number> | undefined;
  let pruning: Promise<void> = Promise.resolve();
  const pathOf = (key: string): string => {
    if (!/^[0-9a-f]{16,64}-\d{1,5}$/.test(key)) throw new RangeError(`"${key}" is no key of a thumbnail.`);
    return join(folder, version, key.slice(0, 2), `${key.slice(2)}.jpg`);
  };
  const prune = (): Promise<void> => {
    pruning = pruning.then(async () => {
      if ((await (total ??= countAll(folder, version))) <= limit) return;
      total = pruneOldest(folder, limit * keptShare);
      await total;
    });
    return pruning;
  };
  return {
    get: (key) => read(pathOf(key), now()),
    put: async (key, bytes) => {
      if (!(await write(pathOf(key), bytes))) return;
      total = (total ?? countAll(folder, version).then((all) => all - bytes.length)).then(
        (all) => all + bytes.length,
      );
      await prune();
    },
    limitTo: async (bytes) => {
      const lower = bytes < limit;
      limit = bytes;
      // Looking through tens of thousands of files is for when it matters.
      if (lower || total !== undefined) await prune();
    },
  };
}

async function read(path: string, now: number): Promise<Uint8Array | undefined> {
  try {
    const file = await fileSystem.open(path, 'r');
    try {
      const { mtimeMs } = await file.stat();
      const bytes = await file.readFile();
      if (now - mtimeMs > usedAgainAfterMs)
        await file.utimes(new Date(now), new Date(now)).catch(() => undefined);
      // After a power cut a file may have its size, but not its content.
      return isWhole(bytes) ? bytes : undefined;
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // not there, or not to be read: it is made again
  }
}

/** JPEG's first and last marker. */
const isWhole = (bytes: Uint8Array): boolean =>
  bytes[0] === 0xff && bytes[1] === 0xd8 && bytes.at(-2) === 0xff && bytes.at(-1) === 0xd9;

/** Without fsync: thousands are written at a time, and none is worth waiting for. */
async function write(path: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = temporaryPath(path);
  try {
    await ensureFolder(dirname(path));
    const file = await fileSystem.open(temporary, 'wx');
    try {
      await writeAll(file, bytes);
    } finally {
      await file.close();
    }
    await fileSystem.rename(temporary, path);
    return true;
  } catch {
    await fileSystem.rm(temporary, { force: true }).catch(() => undefined);
    return false;
  }
}

interface Kept {
  readonly path: string;
  readonly bytes: number;
  readonly used: number;
}

async function countAll(folder: string, current: string): Promise<number> {
  const others = (await readdir(folder).catch(() => [])).filter((name) => name !== current);
  for (const name of others)
    await fileSystem.rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  return sum(await listAll(folder));
}

async function pruneOldest(folder: string, maxBytes: number): Promise<number> {
  const files = (await listAll(folder)).sort((a, b) => a.used - b.used);
  let left = sum(files);
  for (const { path, bytes } of files) {
    if (left <= maxBytes) break;
    await fileSystem.rm(path, { force: true }).then(
      () => (left -= bytes),
      () => undefined,
    );
  }
  return left;
}

/** What is there, also what a killed process left half-written. */
async function listAll(folder: string): Promise<Kept[]> {
  const files: Kept[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) files.push({ path, bytes: found.size, used: found.mtimeMs });
  }
  return files;
}

const sum = (files: readonly Kept[]): number => files.reduce((all, { bytes }) => all + bytes, 0);

import { join } from 'node:path';
import { ensureFolder, readJson, writeJsonAtomic } from './atomic.ts';
import { cacheFolder } from './cache-folder.ts';

/** Something found out about this machine, kept in the cache folder: losing it costs time and nothing else. */
export interface CachedNote {
  /** @returns undefined where nothing (or nothing readable) was kept */
  read(): Promise<unknown>;
  /** Where it can't be kept, it is found out again next time. */
  write(value: unknown): Promise<void>;
}

/** @param name of the file in the cache folder */
export function cachedNote(name: string): CachedNote {
  // Asked for each time: tests move the cache folder.
  const file = (): string => join(cacheFolder(), name);
  return {
    read: () => readJson(file(), { parse: (value: unknown) => value }).catch(() => undefined),
    write: async (value) => {
      try {
        await ensureFolder(cacheFolder());
        await writeJsonAtomic(file(), value);
      } catch {
        // A full disk is reported by what needs it.
      }
    },
  };
}

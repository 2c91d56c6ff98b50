import { join } from 'node:path';
import { ensureFolder, readJson, writeJsonAtomic } from './atomic.ts';
import { cacheFolder } from './cache-folder.ts';

/** What was found out about this machine's devices, in the cache folder. */
export const deviceMemory = {
  /** @returns undefined where nothing (or nothing readable) was kept */
  read: (): Promise<unknown> => readJson(file(), { parse: (value: unknown) => value }).catch(() => undefined),
  /** Where it can't be kept, devices are looked for again next time. */
  write: async (value: unknown): Promise<void> => {
    try {
      await ensureFolder(cacheFolder());
      await writeJsonAtomic(file(), value);
    } catch {
      // A full disk is reported by what needs it.
    }
  },
};

const file = (): string => join(cacheFolder(), 'devices.json');

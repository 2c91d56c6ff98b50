import { join } from 'node:path';
import { cleanTemporaryFiles, ensureFolder, temporaryPath } from './atomic.ts';
import { removeFolder } from './folders.ts';

/** A folder for files that are of no use once this process has ended. */
export interface ScratchFolder {
  /** The path of a file in it; the folder is there. @throws HolotypeError('storage') */
  file(name: string): Promise<string>;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

/**
 * @param parent made when it is needed. What processes that were killed left in it is removed then
 */
export function createScratch(parent: string): ScratchFolder {
  const folder = temporaryPath(parent, true);
  let made: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    await ensureFolder(folder);
    await cleanTemporaryFiles(parent);
  };
  return {
    file: async (name) => {
      await (made ??= make());
      return join(folder, name);
    },
    // What can't be removed now is removed by the next process.
    remove: () => removeFolder(folder).catch(() => undefined),
  };
}

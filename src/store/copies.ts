import { constants } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ensureFolder } from './atomic.ts';
import { errnoOf, storageError } from './storage-error.ts';

/** Longest name (in UTF-16 units) that is kept; the disk's own limit is 255 bytes. */
const longestName = 100;

/**
 * A class name as a folder's: what no system allows in a name is replaced, and so are names with a meaning of
 * their own (`..`, `CON`).
 */
export function folderName(text: string): string {
  const safe = Array.from(text, (character) =>
    character < ' ' || '<>:"/\\|?*'.includes(character) ? '_' : character,
  )
    .join('')
    .slice(0, longestName)
    .replace(/[. ]+$/, '');
  return safe === '' || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(safe) ? `_${safe}` : safe;
}

/**
 * Copies a file into a folder without ever replacing another: `name (2).jpg` when the name is taken.
 *
 * @returns the copy's path
 * @throws HolotypeError('storage')
 */
export async function copyInto(source: string, folder: string, name: string): Promise<string> {
  await ensureFolder(folder);
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let n = 1; ; n += 1) {
    const target = join(folder, n === 1 ? name : `${stem} (${n})${extension}`);
    try {
      await copyFile(source, target, constants.COPYFILE_EXCL);
      return target;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw storageError(error, target);
    }
  }
}

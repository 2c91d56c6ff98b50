import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, resolve } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';

/**
 * The folders that the page's picker may look into.
 *
 * @param given by a person; each has to be a folder
 * @returns absolute paths; without `given` the home folder and where this system puts drives
 * @throws HolotypeError('not-found')
 */
export async function pickerRoots(given: readonly string[] | undefined): Promise<string[]> {
  if (given === undefined) {
    const usual = [homedir(), ...drives()];
    const there = await Promise.all(usual.map(isFolder));
    return usual.filter((_, index) => there[index]);
  }
  for (const root of given)
    if (!(await isFolder(root)))
      throw new HolotypeError('not-found', `There is no folder "${root}".`, {
        remedy: 'Give --root a folder that exists.',
      });
  return [...new Set(given.map((root) => resolve(root)))];
}

function drives(): string[] {
  if (process.platform === 'win32') return Array.from('DEFGHIJKLMNOPQRSTUVWXYZ', (letter) => `${letter}:\\`);
  if (process.platform === 'darwin') return ['/Volumes'];
  const name = process.env['USER'] ?? basename(homedir());
  return [`/media/${name}`, `/run/media/${name}`, '/mnt'];
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

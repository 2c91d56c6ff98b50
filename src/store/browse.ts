import { lstat, opendir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { projectFormat } from '../contract/project.ts';
import { HolotypeError } from '../contract/errors.ts';
import { isHidden } from './photos.ts';
import { storageError } from './storage-error.ts';

/** What a person sees of a folder when choosing one. */
export interface Browsed {
  readonly folders: readonly {
    readonly name: string;
    /** Absolute. */
    readonly path: string;
    /** Pictures directly in it, by their names; undefined when counting would take too long. */
    readonly pictures: number | undefined;
    /** It holds a project of Holotype. */
    readonly project: boolean;
  }[];
  /** Files that can be chosen where a file is asked for. */
  readonly files: readonly { readonly name: string; readonly path: string; readonly bytes: number }[];
}

const pictureName = /\.(?:jpe?g|jfif|png|webp|gif|tiff?|bmp|avif)$/i;
/** Archives, models and lists of labels. */
const fileName = /\.(?:zip|onnx|tflite|json|csv)$/i;
/** More than anybody scrolls through. */
const mostEntries = 10_000;
/** Entries looked at to count pictures: in one folder, and in all of them together. */
const mostCounted = { folder: 5_000, all: 40_000 };

/** Whether `path` is one of the roots or inside one, when all links are followed. */
export async function isWithin(path: string, roots: readonly string[]): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return false;
  for (const root of roots) {
    const top = await realpath(root).catch(() => undefined);
    if (top !== undefined && (real === top || real.startsWith(top.endsWith(sep) ? top : top + sep)))
      return true;
  }
  return false;
}

/**
 * Lists a folder for a person to choose from. Hidden things are left out, and so are links that lead out of `roots`.
 *
 * @throws HolotypeError 'not-found' when the folder is not there (any more) or not inside `roots`, 'storage'
 */
export async function browse(folder: string, roots: readonly string[]): Promise<Browsed> {
  if (!(await isWithin(folder, roots)))
    throw new HolotypeError('not-found', 'This folder is not there (any more), or may not be looked into.', {
      remedy: 'Choose another one.',
    });
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw storageError(error, folder);
  });
  const visible = entries
    .filter(({ name }) => !isHidden(name))
    .sort(byName)
    .slice(0, mostEntries);
  const folders: Browsed['folders'][number][] = [];
  const files: Browsed['files'][number][] = [];
  let left = mostCounted.all;
  for (const entry of visible) {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink() && !(await isWithin(path, roots))) continue;
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) {
      const counted = await countPictures(path, Math.min(left, mostCounted.folder));
      left -= counted.looked;
      folders.push({ name: entry.name, path, pictures: counted.pictures, project: await isProject(path) });
    } else if (found?.isFile() === true && fileName.test(entry.name)) {
      files.push({ name: entry.name, path, bytes: found.size });
    }
  }
  return { folders, files };
}

/** As people count: 2 before 10. */
function byName(a: Dirent, b: Dirent): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true, sensitivity: 'base' });
}

async function countPictures(
  folder: string,
  most: number,
): Promise<{ pictures: number | undefined; looked: number }> {
  let [pictures, looked] = [0, 0];
  try {
    for await (const entry of await opendir(folder, { bufferSize: 512 })) {
      looked += 1;
      if (looked > most) return { pictures: undefined, looked };
      if (!entry.isDirectory() && !isHidden(entry.name) && pictureName.test(entry.name)) pictures += 1;
    }
  } catch {
    return { pictures: undefined, looked }; // it may not be looked into, and is shown all the same
  }
  return { pictures, looked };
}

/** A saved model has a holotype.json, too. */
async function isProject(folder: string): Promise<boolean> {
  try {
    const path = resolve(folder, 'holotype.json');
    const { size } = await lstat(path);
    if (size > 16 * 2 ** 20) return false;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return typeof value === 'object' && value !== null && 'format' in value && value.format === projectFormat;
  } catch {
    return false;
  }
}

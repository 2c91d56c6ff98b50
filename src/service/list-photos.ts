import { basename, join, resolve } from 'node:path';
import type { Skipped, Split, Warning } from '../contract/dataset.ts';
import { HolotypeError } from '../contract/errors.ts';
import { looksLikeLabels, parseLabelsCsv } from '../engine/data/csv.ts';
import type { LabelsCsv } from '../engine/data/csv.ts';
import { layoutPhotos } from '../engine/data/layout.ts';
import type { LabelledItem } from '../engine/data/layout.ts';
import { listFiles, readPhoto } from '../store/photos.ts';
import type { FoundFile } from '../store/photos.ts';

/** The files of a folder and what is said of them; nothing of them has been read. */
export interface ListedPhotos {
  /** Absolute. */
  readonly folder: string;
  /** All but the table of labels. */
  readonly files: readonly FoundFile[];
  readonly items: readonly LabelledItem[];
  /** What can't be looked at, or is listed but not there; paths are relative to the folder. */
  readonly skipped: readonly Skipped[];
  readonly warnings: readonly Warning[];
}

export interface ListOptions {
  /** A labels file; without it the only one that lies in a folder without class folders is taken. */
  readonly labelsCsv?: string;
  /** Only the photos that the labels file lists are looked at; whatever else lies in the folder is no concern. */
  readonly onlyListed?: boolean;
  readonly groupColumn?: string;
  /** What all photos here are for. */
  readonly split?: Split;
  /** Files that are none of the folder's photos. */
  readonly ignore?: (path: string) => boolean;
  readonly signal?: AbortSignal;
  /** Files found so far. */
  readonly onFound?: (count: number) => void;
}

/** A table of labels is no larger than this. */
const largestTable = 32 * 2 ** 20;

/**
 * Walks a folder and tells labels and splits from where its files lie, and from a table of labels.
 *
 * @throws HolotypeError 'not-found' when there is no such folder or labels file, 'bad-input' when the table can't be
 *   used, 'cancelled'
 */
export async function listPhotos(folder: string, options: ListOptions = {}): Promise<ListedPhotos> {
  const { signal, split, groupColumn, onFound } = options;
  const base = resolve(folder);
  const skipped: Skipped[] = [];
  const problem = (path: string, reason: string): void => {
    skipped.push({ path, reason, code: 'unreadable' });
  };
  const folders: string[] = [];
  const found: FoundFile[] = [];
  for await (const file of listFiles(base, signal, { problem, folder: (path) => folders.push(path) })) {
    if (options.ignore?.(file.path) === true) continue;
    found.push(file);
    onFound?.(found.length);
  }
  const labels = await labelsOf(base, found, options.labelsCsv);
  const listed =
    options.onlyListed === true ? new Set(labels?.csv.rows.map(({ filename }) => filename)) : undefined;
  const files = found.filter(
    (file) => join(base, file.path) !== labels?.path && listed?.has(file.path) !== false,
  );
  const layout = layoutPhotos({
    paths: files.map((file) => file.path),
    folders: folders.filter((path) => options.ignore?.(`${path}/`) !== true),
    ...(labels === undefined ? {} : { csv: labels.csv }),
    ...(groupColumn === undefined ? {} : { groupColumn }),
    ...(split === undefined ? {} : { split }),
  });
  const warnings: Warning[] = [];
  if (labels?.found === true) {
    const message = `Labels are taken from "${labels.csv.name}", which lies among the photos.`;
    warnings.push({ code: 'labels-found', message });
  }
  warnings.push(...layout.warnings);
  return { folder: base, files, items: layout.items, skipped: [...skipped, ...layout.skipped], warnings };
}

interface FoundLabels {
  csv: LabelsCsv;
  path: string;
  /** Not given by the person but found. */
  found: boolean;
}

/** The labels file that was given, or the only one that lies in a folder without class folders. */
async function labelsOf(
  base: string,
  files: readonly FoundFile[],
  givenPath: string | undefined,
): Promise<FoundLabels | undefined> {
  if (givenPath !== undefined) {
    const path = resolve(givenPath);
    const bytes = await readPhoto(resolve(path, '..'), basename(path)).catch((error: unknown) => {
      throw new HolotypeError('not-found', `The labels file "${givenPath}" can't be read.`, {
        remedy: 'Check the path given with --labels.',
        cause: error,
      });
    });
    return { csv: parseLabelsCsv(bytes, basename(path)), path, found: false };
  }
  const tables = files.filter((file) => /^[^/]+\.(csv|tsv)$/i.test(file.path) && file.bytes < largestTable);
  const candidates: FoundLabels[] = [];
  for (const { path } of tables) {
    const bytes = await readPhoto(base, path);
    if (!looksLikeLabels(bytes)) continue;
    candidates.push({ csv: parseLabelsCsv(bytes, path), path: join(base, path), found: true });
  }
  const [only, another] = candidates;
  const flat = files.some((file) => !file.path.includes('/') && !/\.(csv|tsv|txt|md|json)$/i.test(file.path));
  return only !== undefined && another === undefined && flat ? only : undefined;
}

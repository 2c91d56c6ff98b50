import { resolve } from 'node:path';
import type { Dataset, Photo, Skipped, UnlabeledPhoto, Warning } from '../contract/dataset.ts';
import { displayPath } from '../contract/dataset.ts';
import type { Task } from '../contract/project.ts';
import { parseGroupBy } from '../engine/data/groups.ts';
import type { GroupBy } from '../engine/data/groups.ts';
import { cacheFolder } from '../store/cache-folder.ts';
import { assembleDataset } from './assemble-dataset.ts';
import type { ReadItem } from './assemble-dataset.ts';
import { listPhotos } from './list-photos.ts';
import type { ListedPhotos } from './list-photos.ts';
import { readFiles } from './read-files.ts';
import type { ReadFile, ReadProgress } from './read-files.ts';

export interface OpenDatasetOptions {
  /** A labels file: `filename,label[,split][,group][,target]`. */
  labelsCsv?: string;
  /** What labels are: one class, any number of labels (`a;b` in the labels file), or a number; default: one class. */
  task?: Task;
  /** Only the photos that the labels file lists are looked at; whatever else lies in the folder is no concern. */
  onlyListed?: boolean;
  /** Folders, laid out like the main one, whose photos are all for validation or all for testing. */
  valFolder?: string;
  testFolder?: string;
  /** Only `csv` matters here (it chooses the column for `Photo.group`); the rest is groupPhotos' business. */
  groupBy?: GroupBy | string;
  /**
   * A photo under two labels can teach neither: it is left out ("exclude", the default), or kept under each ("keep");
   * it never straddles a split, for its copies are one group. Reported either way.
   */
  conflicts?: 'exclude' | 'keep';
  /** Fewer classes than this are an error (default 2; 0 also allows a folder without any labels). */
  minClasses?: number;
  /** Where facts about photos are remembered (default: the cache folder). */
  cache?: string;
  signal?: AbortSignal;
  onProgress?: (progress: OpenProgress) => void;
}

export type OpenProgress = ReadProgress;

/**
 * Opens a folder of photos: finds them and their labels, reads each file once (a few at a time), finds out what can
 * be decoded, and what is a copy of what. Files that can't be used are listed with the reason; none stops the rest.
 * Facts are remembered by content and by path, size and time, so opening an unchanged folder again reads no photo.
 *
 * @param folder of photos: a folder per class, or within train/, val/ and test/, or flat with a labels file
 * @throws HolotypeError 'not-found' when there is no such folder or labels file, 'bad-input' when there are no
 *   photos, too few classes, or classes that train/ does not have, 'cancelled' when the signal says so
 */
export async function openDataset(folder: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const { signal, onProgress } = options;
  const by = typeof options.groupBy === 'string' ? parseGroupBy(options.groupBy) : options.groupBy;
  const groupColumn = by?.kind === 'csv' ? by.column : undefined;
  const roots = [folder, options.valFolder, options.testFolder].filter((root) => root !== undefined);
  const given = [undefined, ...(options.valFolder === undefined ? [] : ['val' as const]), 'test' as const];
  const skipped: Skipped[] = [];
  const warnings: Warning[] = [];
  const sources: ListedPhotos[] = [];

  for (const [root, name] of roots.entries()) {
    const split = given[root];
    const listed = await listPhotos(name, {
      ...(options.labelsCsv === undefined ? {} : { labelsCsv: options.labelsCsv }),
      onlyListed: options.onlyListed === true,
      ...(groupColumn === undefined ? {} : { groupColumn }),
      ...(split === undefined ? {} : { split }),
      ...(signal === undefined ? {} : { signal }),
    });
    warnings.push(...listed.warnings);
    for (const one of listed.skipped) {
      // With several folders, one CSV lists the photos of all: what is missing here may be there.
      if (one.code === 'missing-file' && roots.length > 1) continue;
      skipped.push({ ...one, path: displayPath(absolute(roots), { root, path: one.path }) });
    }
    sources.push(listed);
  }

  const items = await readItems(sources, options.cache ?? cacheFolder(), signal, onProgress);
  return assembleDataset({
    roots: absolute(roots),
    items,
    skipped,
    warnings,
    conflicts: options.conflicts ?? 'exclude',
    minClasses: options.minClasses ?? 2,
    task: options.task ?? 'single-label',
  });
}

const absolute = (roots: readonly string[]): string[] => roots.map((root) => resolve(root));

/** What was found out about each file, in the order of the layout. */
async function readItems(
  sources: readonly ListedPhotos[],
  cache: string,
  signal: AbortSignal | undefined,
  onProgress: OpenDatasetOptions['onProgress'],
): Promise<ReadItem[]> {
  const found = sources.map(() => new Map<string, ReadFile>());
  await readFiles(sources, {
    cache,
    onRead: (source, file) => found[source]?.set(file.path, file),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return sources.flatMap(({ items }, root) =>
    items.flatMap((item) => {
      const file = found[root]?.get(item.path);
      return file === undefined ? [] : [{ ...item, root, ...file }];
    }),
  );
}

export type { Dataset, Photo, UnlabeledPhoto };

import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import type { Dataset, Photo, Skipped, UnlabeledPhoto, Warning } from '../contract/dataset.ts';
import { displayPath, skipCodeSchema } from '../contract/dataset.ts';
import { HolotypeError } from '../contract/errors.ts';
import { looksLikeLabels, parseLabelsCsv } from '../engine/data/csv.ts';
import type { LabelsCsv } from '../engine/data/csv.ts';
import { decodeConcurrency } from '../engine/data/decode.ts';
import { factsVersion, photoFacts } from '../engine/data/facts.ts';
import { parseGroupBy } from '../engine/data/groups.ts';
import type { GroupBy } from '../engine/data/groups.ts';
import { layoutPhotos } from '../engine/data/layout.ts';
import type { LabelledItem } from '../engine/data/layout.ts';
import { cacheFolder } from '../store/cache-folder.ts';
import { FactsCache } from '../store/facts-cache.ts';
import type { ContentFacts } from '../store/facts-cache.ts';
import { cancelled, listFiles, readPhoto } from '../store/photos.ts';
import type { FoundFile } from '../store/photos.ts';
import { assembleDataset } from './assemble-dataset.ts';
import type { ReadItem } from './assemble-dataset.ts';
import { readPhotoFile } from './read-photo.ts';

export interface OpenDatasetOptions {
  /** A labels file: `filename,label[,split][,group][,target]`. */
  labelsCsv?: string;
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

export interface OpenProgress {
  /** Files looked at, of `total`. */
  done: number;
  total: number;
  /** How many of them had to be read; the rest was remembered. */
  read: number;
}

/** A table of labels is no larger than this. */
const largestTable = 32 * 2 ** 20;

interface Source {
  folder: string;
  root: number;
  files: FoundFile[];
  items: LabelledItem[];
}

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
  const sources: Source[] = [];

  for (const [root, name] of roots.entries()) {
    const base = resolve(name);
    const problem = (path: string, reason: string): void => {
      skipped.push({ path: displayPath(absolute(roots), { root, path }), reason, code: 'unreadable' });
    };
    const folders: string[] = [];
    const files: FoundFile[] = [];
    for await (const file of listFiles(base, signal, { problem, folder: (path) => folders.push(path) })) {
      files.push(file);
    }
    const labels = await labelsOf(base, files, options.labelsCsv);
    const listed =
      options.onlyListed === true ? new Set(labels?.csv.rows.map(({ filename }) => filename)) : undefined;
    const photoFiles = files.filter(
      (file) => join(base, file.path) !== labels?.path && listed?.has(file.path) !== false,
    );
    const split = given[root];
    const layout = layoutPhotos({
      paths: photoFiles.map((file) => file.path),
      folders,
      ...(labels === undefined ? {} : { csv: labels.csv }),
      ...(groupColumn === undefined ? {} : { groupColumn }),
      ...(split === undefined ? {} : { split }),
    });
    if (labels?.found === true) {
      const message = `Labels are taken from "${labels.csv.name}", which lies among the photos.`;
      warnings.push({ code: 'labels-found', message });
    }
    warnings.push(...layout.warnings);
    for (const one of layout.skipped) {
      // With several folders, one CSV lists the photos of all: what is missing here may be there.
      if (one.code === 'missing-file' && roots.length > 1) continue;
      skipped.push({ ...one, path: displayPath(absolute(roots), { root, path: one.path }) });
    }
    sources.push({ folder: base, root, files: photoFiles, items: layout.items });
  }

  const items = await readItems(sources, options.cache ?? cacheFolder(), signal, onProgress);
  return assembleDataset({
    roots: absolute(roots),
    items,
    skipped,
    warnings,
    conflicts: options.conflicts ?? 'exclude',
    minClasses: options.minClasses ?? 2,
  });
}

const absolute = (roots: readonly string[]): string[] => roots.map((root) => resolve(root));

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

/** Finds out what every file is, a few at a time; order is kept. */
async function readItems(
  sources: readonly Source[],
  cache: string,
  signal: AbortSignal | undefined,
  onProgress: OpenDatasetOptions['onProgress'],
): Promise<ReadItem[]> {
  const facts = await FactsCache.open(join(cache, 'facts.jsonl'), String(factsVersion));
  const work = sources.flatMap((source) => source.files.map((file) => ({ source, file })));
  const outcomes = Array.from<{ id?: string; facts: ContentFacts } | undefined>({ length: work.length });
  let next = 0;
  let done = 0;
  let read = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < work.length; index = next++) {
      if (signal?.aborted === true) throw cancelled();
      const job = work[index];
      if (job === undefined) break;
      const { source, file } = job;
      const key = { path: join(source.folder, file.path), bytes: file.bytes, mtimeMs: file.mtimeMs };
      const id = facts.idOf(key);
      const known = id === undefined ? undefined : facts.factsOf(id);
      if (id !== undefined && known !== undefined) outcomes[index] = { id, facts: known };
      else {
        outcomes[index] = await examine(source.folder, file, key, facts);
        read += 1;
      }
      done += 1;
      onProgress?.({ done, total: work.length, read });
    }
  };
  try {
    await Promise.all(Array.from({ length: decodeConcurrency() + 1 }, worker));
  } finally {
    next = work.length; // the first failure stops the other workers, too
    await facts.flush(); // what is done is kept
  }

  const items: ReadItem[] = [];
  let offset = 0;
  for (const { root, files, items: labelled } of sources) {
    const positions = new Map(files.map((file, index) => [file.path, offset + index]));
    for (const item of labelled) {
      const position = positions.get(item.path) ?? -1;
      const outcome = outcomes[position];
      if (outcome === undefined) continue;
      items.push({ ...item, root, bytes: work[position]?.file.bytes ?? 0, ...outcome });
    }
    offset += files.length;
  }
  return items;
}

/** Reads, hashes and decodes one file; trouble becomes a fact. */
async function examine(
  folder: string,
  file: FoundFile,
  key: { path: string; bytes: number; mtimeMs: number },
  cache: FactsCache,
): Promise<{ id?: string; facts: ContentFacts }> {
  let bytes: Uint8Array;
  try {
    bytes = await readPhotoFile(folder, file.path, file.bytes);
  } catch (error) {
    return { facts: refusalOf(error) };
  }
  const id = createHash('sha256').update(bytes).digest('hex');
  let facts = cache.factsOf(id);
  if (facts === undefined) facts = await photoFacts(bytes).catch((error: unknown) => refusalOf(error));
  cache.remember(key, id, facts);
  return { id, facts };
}

/** An error about one photo as its reason for being skipped. */
function refusalOf(error: unknown): Extract<ContentFacts, { code: unknown }> {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HolotypeError)) return { code: 'damaged', reason: message };
  const code = skipCodeSchema.safeParse(error.details?.['reason']);
  return { code: code.success ? code.data : 'unreadable', reason: message };
}

export type { Dataset, Photo, UnlabeledPhoto };

import { HolotypeError } from '../../contract/errors.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { nearDuplicateBits, nearDuplicates } from './perceptual-hash.ts';

/** What makes photos belong together. */
export type GroupBy =
  | { readonly kind: 'folder' }
  /** Of the path below the root: the first capture group, or the whole match. */
  | { readonly kind: 'regex'; readonly regex: RegExp }
  /** A column of the labels file, which openDataset puts into `Photo.group`. */
  | { readonly kind: 'csv'; readonly column: string }
  /** Taken within so many seconds of the one before, in the same folder. */
  | { readonly kind: 'burst'; readonly seconds: number };

/** Longest pause within a burst. */
export const burstSeconds = 3;

/**
 * Reads what `--group-by` takes: `folder`, `burst`, `csv:COLUMN`, or a regular expression (JavaScript's syntax) for
 * photos' paths, whose first capture group is the group's name.
 *
 * @throws HolotypeError('bad-usage')
 */
export function parseGroupBy(text: string): GroupBy {
  if (text === 'folder') return { kind: 'folder' };
  if (text === 'burst') return { kind: 'burst', seconds: burstSeconds };
  if (text.startsWith('csv:')) {
    const column = text.slice(4).trim();
    if (column !== '') return { kind: 'csv', column };
    throw new HolotypeError('bad-usage', '--group-by csv: names no column.', {
      remedy: 'Write the column after the colon, such as --group-by csv:specimen.',
    });
  }
  const remedy =
    'Give folder, burst, csv:COLUMN, or a regular expression such as "(plant[0-9]+)_", in quotes.';
  if (text.trim() === '') throw new HolotypeError('bad-usage', '--group-by is empty.', { remedy });
  try {
    return { kind: 'regex', regex: new RegExp(text, 'u') };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new HolotypeError('bad-usage', `--group-by "${text}" is not a regular expression: ${said}.`, {
      remedy,
      cause: error,
    });
  }
}

/** What grouping needs to know of a photo. */
export interface GroupablePhoto {
  readonly id: string;
  readonly path: string;
  readonly root: number;
  readonly group?: string | undefined;
  readonly takenAt?: string | undefined;
  readonly perceptualHash: string;
}

/**
 * Which photos must stay on the same side of every split: those of one `group`, those that `by` puts together, exact
 * duplicates, and near duplicates; and what any chain of these connects.
 *
 * @param by further grouping, as `--group-by` says
 * @param threshold bits in which near duplicates may differ; negative: only exact ones count
 * @returns for each photo the index of its group, counted from 0 in order of the first photo of each
 * @throws HolotypeError('bad-input') when `by` finds nothing to go by in any photo
 */
export function groupPhotos(
  photos: readonly GroupablePhoto[],
  by?: GroupBy,
  threshold = nearDuplicateBits,
): Int32Array {
  const sets = new DisjointSets(photos.length);
  unite(
    sets,
    photos.map((photo) => photo.id),
  );
  unite(
    sets,
    photos.map((photo) => photo.group),
  );
  if (threshold >= 0) {
    for (const group of nearDuplicates(
      photos.map((photo) => photo.perceptualHash),
      threshold,
    )) {
      for (const index of group) sets.union(group[0] ?? index, index);
    }
  }
  if (by !== undefined && photos.length > 0) uniteBy(sets, photos, by);

  const groups = new Int32Array(photos.length);
  for (const [number, members] of sets.groups().entries()) {
    for (const index of members) groups[index] = number;
  }
  return groups;
}

function uniteBy(sets: DisjointSets, photos: readonly GroupablePhoto[], by: GroupBy): void {
  switch (by.kind) {
    case 'folder':
      unite(
        sets,
        photos.map((photo) => `${photo.root}/${folderOf(photo.path)}`),
      );
      return;
    case 'regex': {
      const keys = photos.map((photo) => {
        const match = by.regex.exec(photo.path);
        return match === null ? undefined : (match[1] ?? match[0]);
      });
      const example = photos[0]?.path ?? '';
      if (keys.every((key) => key === undefined)) {
        throw new HolotypeError(
          'bad-input',
          `--group-by "${by.regex.source}" matches no photo; the first is "${example}".`,
          { remedy: 'The expression is matched against the path below the folder of photos.' },
        );
      }
      unite(sets, keys);
      return;
    }
    case 'csv':
      if (photos.every((photo) => photo.group === undefined)) {
        throw new HolotypeError('bad-input', `The column "${by.column}" is empty for every photo.`, {
          remedy: 'Name the column that tells which photos belong together.',
        });
      }
      return; // Photo.group has been looked at already
    case 'burst':
      if (photos.every((photo) => photo.takenAt === undefined)) {
        throw new HolotypeError(
          'bad-input',
          'No photo says when it was taken (EXIF), so there are no bursts.',
          {
            remedy: 'Use --group-by folder or a regular expression; many programs remove EXIF data.',
          },
        );
      }
      uniteBursts(sets, photos, by.seconds);
  }
}

/** Chained: each photo within `seconds` of the one before it in its folder (two cameras keep two folders). */
function uniteBursts(sets: DisjointSets, photos: readonly GroupablePhoto[], seconds: number): void {
  const byFolder = new Map<string, { index: number; time: number }[]>();
  for (const [index, photo] of photos.entries()) {
    if (photo.takenAt === undefined) continue;
    const time = Date.parse(`${photo.takenAt}Z`);
    if (!Number.isFinite(time)) continue;
    const folder = `${photo.root}/${folderOf(photo.path)}`;
    const taken = byFolder.get(folder);
    if (taken === undefined) byFolder.set(folder, [{ index, time }]);
    else taken.push({ index, time });
  }
  for (const taken of byFolder.values()) {
    taken.sort((a, b) => a.time - b.time);
    for (const [position, { index, time }] of taken.entries()) {
      const before = taken[position - 1];
      if (before !== undefined && time - before.time <= seconds * 1000) sets.union(before.index, index);
    }
  }
}

/** Puts those with the same key together; those without a key stay alone. */
function unite(sets: DisjointSets, keys: readonly (string | undefined)[]): void {
  const first = new Map<string, number>();
  for (const [index, key] of keys.entries()) {
    if (key === undefined) continue;
    const other = first.get(key);
    if (other === undefined) first.set(key, index);
    else sets.union(other, index);
  }
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

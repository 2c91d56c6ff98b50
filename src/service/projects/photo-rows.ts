import type { PhotoRow } from '../../contract/photos.ts';
import type { Asset } from '../../contract/project.ts';

/** Whether people see it: what has been replaced by its edited self is only kept. */
export const isShown = (asset: Asset): boolean => asset.replacedBy === undefined;

/**
 * A photo as the grid needs it.
 *
 * @param gone the folder of photos can't be reached: every photo is missing
 */
export function photoRow(asset: Asset, gone: boolean): PhotoRow {
  const { id, path, labels, target, split, excluded, missing, width, height, takenAt } = asset;
  return {
    id,
    path,
    labels,
    ...(target !== undefined && { target }),
    ...(split !== undefined && { split }),
    ...(excluded === true && { excluded }),
    ...((missing === true || gone) && { missing: true }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(takenAt !== undefined && { takenAt }),
  };
}

/** Ids of the photos that are shown, in the order of their paths (by code units, as everywhere). */
export function sortedIds(assets: ReadonlyMap<string, Asset>): string[] {
  const shown = [...assets.values()].filter(isShown);
  shown.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.id < b.id ? -1 : 1));
  return shown.map(({ id }) => id);
}

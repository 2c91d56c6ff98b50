import type { PhotoRow } from '../../contract/photos.ts';

/**
 * The photos of the open project as one immutable table. A change of labels replaces rows in a copy of the array
 * and keeps `index`; only photos that come, go or move make a new one. Whatever depends on names and dates alone
 * can therefore be remembered by `index`.
 */
export interface PhotoTable {
  /** In the order of their paths. */
  readonly rows: readonly PhotoRow[];
  /** Photo id to position in `rows`. */
  readonly index: ReadonlyMap<string, number>;
  /** Of the project, when these rows were true. */
  readonly revision: number;
}

export const noPhotos: PhotoTable = { rows: [], index: new Map(), revision: 0 };

/** A table of these rows, which come in the order of their paths. */
export function photoTable(rows: readonly PhotoRow[], revision: number): PhotoTable {
  return { rows, index: new Map(rows.map((row, position) => [row.id, position])), revision };
}

export function photoById(table: PhotoTable, id: string): PhotoRow | undefined {
  const position = table.index.get(id);
  return position === undefined ? undefined : table.rows[position];
}

/** The table after `photos.changed`. */
export function changePhotos(
  table: PhotoTable,
  changed: readonly PhotoRow[],
  removed: readonly string[],
  revision: number,
): PhotoTable {
  const inPlace =
    removed.every((id) => !table.index.has(id)) &&
    changed.every((row) => {
      const before = photoById(table, row.id);
      return before !== undefined && before.path === row.path && before.takenAt === row.takenAt;
    });
  if (inPlace) {
    if (changed.length === 0) return table.revision === revision ? table : { ...table, revision };
    const rows = [...table.rows];
    for (const row of changed) {
      const position = table.index.get(row.id);
      if (position !== undefined) rows[position] = row;
    }
    return { rows, index: table.index, revision };
  }
  const byId = new Map(table.rows.map((row) => [row.id, row]));
  for (const id of removed) byId.delete(id);
  for (const row of changed) byId.set(row.id, row);
  return photoTable(
    [...byId.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    revision,
  );
}

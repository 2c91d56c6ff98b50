import type { PhotoRow } from '../../contract/photos.ts';
import { changePhotos, photoById, type PhotoTable } from './photo-table.ts';

/** What a person does to photos, as the engine is asked for it. */
export type PhotoChange =
  | { readonly kind: 'label'; readonly label: string | null; readonly mode: 'set' | 'add' | 'remove' }
  | { readonly kind: 'number'; readonly target: number | null }
  | { readonly kind: 'exclude'; readonly excluded: boolean };

/** A change that is shown already but that the engine has not answered for yet. */
export interface PhotoEdit {
  readonly id: number;
  readonly photos: ReadonlySet<string>;
  readonly change: PhotoChange;
}

/** Changes on their way, oldest first. */
export interface PendingEdits {
  readonly edits: readonly PhotoEdit[];
  /** The photos they are about as the engine has last told, without them. */
  readonly truth: ReadonlyMap<string, PhotoRow>;
}

export const noEdits: PendingEdits = { edits: [], truth: new Map() };

/** A photo after a change. */
export function changePhoto(row: PhotoRow, change: PhotoChange): PhotoRow {
  if (change.kind === 'exclude') return { ...row, excluded: change.excluded };
  if (change.kind === 'number') {
    const { target: _before, ...rest } = row;
    return change.target === null ? rest : { ...rest, target: change.target };
  }
  const { label, mode } = change;
  if (label === null) return { ...row, labels: [] };
  if (mode === 'set') return { ...row, labels: [label] };
  const others = row.labels.filter((one) => one !== label);
  return { ...row, labels: mode === 'add' ? [...others, label] : others };
}

/** Shows a change before the engine has made it. */
export function beginEdit(
  table: PhotoTable,
  pending: PendingEdits,
  edit: PhotoEdit,
): { readonly photos: PhotoTable; readonly pending: PendingEdits } {
  const truth = new Map(pending.truth);
  const changed: PhotoRow[] = [];
  for (const id of edit.photos) {
    const row = photoById(table, id);
    if (row === undefined) continue;
    if (!truth.has(id)) truth.set(id, row);
    changed.push(changePhoto(row, edit.change));
  }
  return {
    photos: changePhotos(table, changed, [], table.revision),
    pending: { edits: [...pending.edits, edit], truth },
  };
}

/** The engine has made a change, or refused it: then it is taken back, and those after it stay. */
export function endEdit(
  table: PhotoTable,
  pending: PendingEdits,
  id: number,
  refused: boolean,
): { readonly photos: PhotoTable; readonly pending: PendingEdits } {
  const edit = pending.edits.find((one) => one.id === id);
  if (edit === undefined) return { photos: table, pending };
  const edits = pending.edits.filter((one) => one !== edit);
  const still = new Set(edits.flatMap(({ photos }) => [...photos]));
  const truth = new Map(pending.truth);
  const changed: PhotoRow[] = [];
  for (const photo of edit.photos) {
    const before = truth.get(photo);
    if (before === undefined) continue;
    const row = refused ? before : changePhoto(before, edit.change);
    if (refused && table.index.has(photo)) changed.push(withEdits(row, edits));
    if (still.has(photo)) truth.set(photo, row);
    else truth.delete(photo);
  }
  return { photos: changePhotos(table, changed, [], table.revision), pending: { edits, truth } };
}

/** What the engine tells of photos, with the changes on their way on top of it. */
export function underEdits(
  rows: readonly PhotoRow[],
  pending: PendingEdits,
): { readonly rows: readonly PhotoRow[]; readonly pending: PendingEdits } {
  if (pending.edits.length === 0) return { rows, pending };
  const truth = new Map(pending.truth);
  const shown = rows.map((row) => {
    if (!truth.has(row.id)) return row;
    truth.set(row.id, row);
    return withEdits(row, pending.edits);
  });
  return { rows: shown, pending: { ...pending, truth } };
}

function withEdits(row: PhotoRow, edits: readonly PhotoEdit[]): PhotoRow {
  return edits.reduce(
    (now, { photos, change }) => (photos.has(row.id) ? changePhoto(now, change) : now),
    row,
  );
}

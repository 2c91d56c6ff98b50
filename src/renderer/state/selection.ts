/** Which photos a person means. */
export interface Selection {
  /** The one the keyboard is on; without a selection it is the one that is meant. */
  readonly focused: string | undefined;
  /** Where a range begins; undefined while a person has not chosen a photo yet. */
  readonly anchor: string | undefined;
  readonly selected: ReadonlySet<string>;
}

/** How a photo was pressed or come to. */
interface Keys {
  /** Extend from the anchor. */
  readonly range: boolean;
  /** Add or take away. */
  readonly toggle: boolean;
}

const none: ReadonlySet<string> = new Set();
export const noSelection: Selection = { focused: undefined, anchor: undefined, selected: none };

/** The selection after a click on a photo, or Space on it. @param ids what is shown, in its order */
export function pressPhoto(now: Selection, ids: readonly string[], id: string, keys: Keys): Selection {
  if (keys.range) return extend(now, ids, id, keys.toggle);
  if (!keys.toggle) return { focused: id, anchor: id, selected: none };
  // A photo that was only clicked is meant as well when another one is added to it.
  const { anchor, focused } = now;
  const meant = now.selected.size === 0 && anchor !== undefined && focused !== undefined && focused !== id;
  const selected = new Set(meant ? [focused] : now.selected);
  if (!selected.delete(id)) selected.add(id);
  return { focused: id, anchor: id, selected };
}

/** Space: the photo the keyboard is on comes into the selection or leaves it. */
export function togglePhoto(now: Selection): Selection {
  if (now.focused === undefined) return now;
  const selected = new Set(now.selected);
  if (!selected.delete(now.focused)) selected.add(now.focused);
  return { ...now, anchor: now.focused, selected };
}

/** The selection after the keyboard has moved to a photo: it stays, unless Shift extends it. */
export function moveTo(now: Selection, ids: readonly string[], id: string, keys: Keys): Selection {
  return keys.range ? extend(now, ids, id, keys.toggle) : { ...now, focused: id, anchor: id };
}

/** All that is shown. */
export function selectAll(now: Selection, ids: readonly string[]): Selection {
  return { ...now, selected: new Set(ids) };
}

export function clearSelection(now: Selection): Selection {
  return { ...now, selected: none };
}

function extend(now: Selection, ids: readonly string[], id: string, keep: boolean): Selection {
  const anchor = now.anchor ?? now.focused ?? id;
  const from = Math.max(0, ids.indexOf(anchor));
  const to = ids.indexOf(id);
  const range = ids.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { focused: id, anchor, selected: new Set(keep ? [...now.selected, ...range] : range) };
}

/** The photos that are meant, of those that are shown: the selected ones, or else the one the keyboard is on. */
export function meantPhotos({ focused, selected }: Selection, ids: readonly string[]): readonly string[] {
  const chosen = selected.size === 0 ? [] : ids.filter((id) => selected.has(id));
  if (chosen.length > 0) return chosen;
  return focused !== undefined && ids.includes(focused) ? [focused] : [];
}

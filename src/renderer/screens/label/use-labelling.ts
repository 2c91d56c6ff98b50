import { useMemo, useRef, type RefObject } from 'react';
import type { ClassState, ProjectState } from '../../../contract/projects.ts';
import { useActions, useAppState } from '../../api/context.tsx';
import { photoById, type PhotoTable } from '../../state/photo-table.ts';
import { meantPhotos, moveTo } from '../../state/selection.ts';

/** What can be done now, and to which photos. */
export interface Labelling {
  /** The photos that are meant, in their order. */
  readonly photos: readonly string[];
  /** Someone else has the project: nothing can be changed. */
  readonly readOnly: boolean;
  /** Photos have labels that can be changed here: they predict classes, not numbers. */
  readonly labels: boolean;
  /** Gives the class to the photos, or takes it from them where they may have several and all have it. */
  readonly assign: (name: string) => void;
  /** Takes all labels away. */
  readonly clear: () => void;
  /** The number that all of the photos have; undefined where they have none. */
  readonly target: number | 'several' | undefined;
  /** Gives the photos a number; null takes it away. */
  readonly setTarget: (target: number | null) => void;
  /** Where numbers are typed. */
  readonly entry: RefObject<HTMLInputElement | null>;
  /** Leaves the photos out of training; takes them back in when all of them are out. */
  readonly toggleOut: () => void;
  /** Which classes all of the photos have, and which only some. */
  readonly has: (name: string) => 'all' | 'some' | 'none';
  readonly allOut: boolean;
}

interface Context {
  readonly project: ProjectState;
  readonly table: PhotoTable;
  /** What is shown, in its order. */
  readonly ids: readonly string[];
  /** The photo that is shown alone; undefined in the grid. */
  readonly alone: string | undefined;
  /** Where the keyboard goes after a photo was labelled by itself. */
  readonly onAdvance: (photo: string) => void;
}

/** Labelling of the selection, of the photo the keyboard is on, or of the one that is shown alone. */
export function useLabelling({ project, table, ids, alone, onAdvance }: Context): Labelling {
  const { label } = useActions();
  const selection = useAppState((state) => state.label.selection);
  const photos = useMemo(
    () => (alone === undefined ? meantPhotos(selection, ids) : [alone]),
    [alone, selection, ids],
  );
  const entry = useRef<HTMLInputElement>(null);
  const stays = useAppState((state) => state.label.filter.kind === 'all');
  const labels = project.task !== 'regression';
  const readOnly = project.readOnly !== null;
  const facts = useMemo(() => factsOf(table, photos), [table, photos]);
  const has = (name: string): 'all' | 'some' | 'none' => {
    const count = facts.labels.get(name) ?? 0;
    return count === 0 ? 'none' : count === photos.length ? 'all' : 'some';
  };
  const able = !readOnly && photos.length > 0;
  /** Goes on to what comes after these photos, found before they leave the filter. */
  const advance = (): void => {
    const meant = new Set(photos);
    const last = ids.findLastIndex((id) => meant.has(id));
    const next = ids[last + 1];
    // Several that stay in sight stay selected, so that a slip of the key is put right by another one.
    if (photos.length > 1 && stays) return;
    if (next === undefined || last < 0) label.hold(photos);
    else onAdvance(next);
  };
  return {
    photos,
    readOnly,
    labels,
    allOut: photos.length > 0 && facts.out === photos.length,
    has,
    assign: (name) => {
      if (!able || !labels) return;
      if (project.task === 'multi-label') {
        label.hold(photos);
        void label.mark(project.id, photos, name, has(name) !== 'all');
        return;
      }
      void label.assign(project.id, photos, name);
      advance();
    },
    clear: () => {
      if (!able || !labels) return;
      label.hold(photos);
      void label.assign(project.id, photos, null);
    },
    target: facts.target,
    setTarget: (target) => {
      if (!able || labels) return;
      label.hold(photos);
      void label.number(project.id, photos, target);
      advance();
    },
    entry,
    toggleOut: () => {
      if (!able) return;
      label.hold(photos);
      void label.exclude(project.id, photos, facts.out !== photos.length);
    },
  };
}

/** How many of some photos have each label, what number they have, and how many are left out. */
function factsOf(
  table: PhotoTable,
  photos: readonly string[],
): {
  readonly labels: ReadonlyMap<string, number>;
  readonly target: number | 'several' | undefined;
  readonly out: number;
} {
  const labels = new Map<string, number>();
  const targets = new Set<number | undefined>();
  let out = 0;
  for (const id of photos) {
    const row = photoById(table, id);
    for (const name of row?.labels ?? []) labels.set(name, (labels.get(name) ?? 0) + 1);
    if (row?.excluded === true) out += 1;
    targets.add(row?.target);
  }
  const [target] = targets;
  return { labels, target: targets.size > 1 ? 'several' : target, out };
}

/** The selection once the keyboard is on another photo, with none selected. */
export function onlyOn(ids: readonly string[], id: string) {
  return moveTo({ focused: undefined, anchor: undefined, selected: new Set<string>() }, ids, id, {
    range: false,
    toggle: false,
  });
}

/** Classes by name, for colours. */
export function useClassColors(classes: readonly ClassState[]): ReadonlyMap<string, number> {
  return useMemo(() => new Map(classes.map(({ name, color }) => [name, color])), [classes]);
}

import type { Action } from './action.ts';
import type { LabelFilter } from './label-filter.ts';
import { clearSelection, noSelection, type Selection } from './selection.ts';

/** By what the grid is put in order. */
export const sortKeys = ['name', 'date', 'confidence', 'similarity', 'next'] as const;
export type SortKey = (typeof sortKeys)[number];

export interface LabelSort {
  readonly by: SortKey;
  readonly descending: boolean;
}

/** How like each photo is to one of them. */
export interface Similar {
  /** The one they are compared to. */
  readonly photo: string;
  /** Compared by what a network makes of them, or, without one, by their looks. */
  readonly basis: 'features' | 'looks';
  /** -1..1 by photo id. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** How a person likes the screen; the same in all projects. */
export interface LabelView {
  /** Pixels. */
  readonly tileSize: number;
  /** The classes are shown beside the grid. */
  readonly panel: boolean;
  /** The details are shown beside a single photo. */
  readonly details: boolean;
}

/** What the screen "Label" alone knows. */
export interface LabelState {
  /** Whose state this is; everything but the view starts anew with another project. */
  readonly project: string | undefined;
  readonly filter: LabelFilter;
  readonly search: string;
  readonly sort: LabelSort;
  readonly similar: Similar | undefined;
  /** What each photo's label would tell, 0..1 by photo id, once the photos were looked through. */
  readonly next: ReadonlyMap<string, number> | undefined;
  readonly selection: Selection;
  /** Photos that stay in sight although what was just done to them takes them out of the filter. */
  readonly held: ReadonlySet<string>;
  readonly view: LabelView;
}

export type LabelAction =
  | { readonly type: 'label/entered'; readonly project: string }
  | { readonly type: 'label/filtered'; readonly filter: LabelFilter }
  | { readonly type: 'label/searched'; readonly search: string }
  | { readonly type: 'label/sorted'; readonly sort: LabelSort }
  | { readonly type: 'label/similar'; readonly project: string; readonly similar: Similar }
  | { readonly type: 'label/next'; readonly project: string; readonly next: ReadonlyMap<string, number> }
  | { readonly type: 'label/selected'; readonly selection: Selection }
  | { readonly type: 'label/held'; readonly photos: readonly string[] }
  | { readonly type: 'label/viewed'; readonly view: Partial<LabelView> };

/** Tiles from so small that a thousand fit to so large that one can judge a photo (pixels). */
export const tileSizes = { min: 72, max: 320, step: 8 } as const;

const none: ReadonlySet<string> = new Set();
export const noLabel: LabelState = {
  project: undefined,
  filter: { kind: 'all' },
  search: '',
  sort: { by: 'name', descending: false },
  similar: undefined,
  next: undefined,
  selection: noSelection,
  held: none,
  view: { tileSize: 144, panel: true, details: true },
};

export function reduceLabel(state: LabelState, action: Action): LabelState {
  switch (action.type) {
    case 'label/entered':
      return action.project === state.project
        ? state
        : { ...noLabel, view: state.view, project: action.project };
    case 'project/closed':
      return { ...noLabel, view: state.view };
    case 'label/filtered':
      return { ...unselected(state), filter: action.filter };
    case 'label/searched':
      return { ...unselected(state), search: action.search };
    case 'label/sorted':
      return { ...state, sort: action.sort };
    case 'label/similar':
      if (action.project !== state.project) return state;
      return {
        ...unselected(state),
        filter: { kind: 'all' },
        search: '',
        similar: action.similar,
        sort: { by: 'similarity', descending: true },
      };
    case 'label/next':
      return {
        ...(action.project === state.project ? unselected(state) : { ...noLabel, view: state.view }),
        project: action.project,
        filter: { kind: 'unlabeled' },
        search: '',
        next: action.next,
        sort: { by: 'next', descending: true },
      };
    case 'label/selected':
      return { ...state, selection: action.selection, held: none };
    case 'label/held':
      return { ...state, held: new Set(action.photos) };
    case 'label/viewed':
      return { ...state, view: { ...state.view, ...action.view } };
    default:
      return state;
  }
}

/** Photos that can't be seen any more must not be changed by the next key. */
function unselected(state: LabelState): LabelState {
  return { ...state, selection: clearSelection(state.selection), held: none };
}

import type { ErrorShape } from '../../contract/errors.ts';
import type { Landscape } from '../../contract/landscape.ts';
import type { RunDetail, RunPhoto, RunSummary } from '../../contract/runs.ts';
import type { Suspect } from '../../contract/suspects.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';

/** Runs of the open project and what was fetched of them; train, judge, use and the grid's filters share it. */
export interface RunsState {
  readonly project: string | undefined;
  readonly list: Loadable<readonly RunSummary[]>;
  readonly details: ReadonlyMap<string, Loadable<RunDetail>>;
  readonly photos: ReadonlyMap<string, Loadable<readonly RunPhoto[]>>;
  readonly suspects: ReadonlyMap<string, Loadable<readonly Suspect[]>>;
  /** Null: it was not measured. */
  readonly landscape: ReadonlyMap<string, Loadable<Landscape | null>>;
}

/** What is fetched of a run apart from the list. */
interface RunParts {
  readonly details: RunDetail;
  readonly photos: readonly RunPhoto[];
  readonly suspects: readonly Suspect[];
  readonly landscape: Landscape | null;
}
export type RunPart = keyof RunParts;
type PartLoaded = {
  [P in RunPart]: {
    readonly type: 'runs/part-loaded';
    readonly project: string;
    readonly run: string;
    readonly part: P;
    readonly value: RunParts[P];
  };
}[RunPart];

export type RunsAction =
  | { readonly type: 'runs/loading'; readonly project: string }
  | { readonly type: 'runs/loaded'; readonly project: string; readonly runs: readonly RunSummary[] }
  | { readonly type: 'runs/failed'; readonly project: string; readonly error: ErrorShape }
  | {
      readonly type: 'runs/part-loading';
      readonly project: string;
      readonly run: string;
      readonly part: RunPart;
    }
  | PartLoaded
  | {
      readonly type: 'runs/part-failed';
      readonly project: string;
      readonly run: string;
      readonly part: RunPart;
      readonly error: ErrorShape;
    };

/** Runs with a model to look at and to use, newest first; the engine lists all, oldest first. */
export function finishedRuns(runs: readonly RunSummary[]): RunSummary[] {
  return runs
    .filter(({ accuracy, state }) => state === 'finished' || accuracy !== null)
    .toSorted((a, b) => b.number - a.number);
}

export const noRuns: RunsState = {
  project: undefined,
  list: idle,
  details: new Map(),
  photos: new Map(),
  suspects: new Map(),
  landscape: new Map(),
};

export function reduceRuns(state: RunsState, action: Action): RunsState {
  switch (action.type) {
    case 'project/opening':
      return action.id === state.project ? state : { ...noRuns, project: action.id };
    case 'project/closed':
      return noRuns;
    default:
      return 'project' in action && action.project === state.project ? reduceOwn(state, action) : state;
  }
}

function reduceOwn(state: RunsState, action: Action): RunsState {
  switch (action.type) {
    case 'runs/loading':
      return { ...state, list: loading(state.list) };
    case 'runs/loaded':
      return { ...state, list: ready(action.runs) };
    case 'runs/failed':
      return state.list.status === 'ready' ? state : { ...state, list: failed(action.error) };
    case 'runs/part-loading':
    case 'runs/part-failed': {
      // Sets the same kind of value in whichever map it is; the maps' own types don't matter for that.
      const part = new Map<string, Loadable<unknown>>(state[action.part]);
      const now = part.get(action.run) ?? idle;
      part.set(action.run, action.type === 'runs/part-loading' ? loading(now) : failed(action.error));
      return { ...state, [action.part]: part };
    }
    case 'runs/part-loaded': {
      const part = new Map<string, Loadable<unknown>>(state[action.part]);
      part.set(action.run, ready(action.value));
      return { ...state, [action.part]: part };
    }
    default:
      return state;
  }
}

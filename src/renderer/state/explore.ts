import type { ErrorShape } from '../../contract/errors.ts';
import type { Exploration } from '../../contract/explore.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';

/** What was found out about the open project's photos. */
export interface ExploreState {
  readonly project: string | undefined;
  /** Null: nobody has looked yet. */
  readonly found: Loadable<Exploration | null>;
}

export type ExploreAction =
  | { readonly type: 'explore/loading'; readonly project: string }
  | { readonly type: 'explore/found'; readonly project: string; readonly found: Exploration | null }
  | { readonly type: 'explore/failed'; readonly project: string; readonly error: ErrorShape };

export const noExplore: ExploreState = { project: undefined, found: idle };

export function reduceExplore(state: ExploreState, action: Action): ExploreState {
  switch (action.type) {
    case 'explore/loading':
      return action.project === state.project
        ? { ...state, found: loading(state.found) }
        : { project: action.project, found: { status: 'loading' } };
    case 'explore/found':
      return action.project === state.project ? { ...state, found: ready(action.found) } : state;
    case 'explore/failed':
      // What was there is of more use than why it could not be had anew.
      return action.project === state.project && state.found.status !== 'ready'
        ? { ...state, found: failed(action.error) }
        : state;
    case 'project/closed':
      return noExplore;
    default:
      return state;
  }
}

import type { ErrorShape } from '../../contract/errors.ts';
import type { ProjectSummary } from '../../contract/projects.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';

/** Recent projects, last opened first. */
export type ProjectsState = Loadable<readonly ProjectSummary[]>;

export type ProjectsAction =
  | { readonly type: 'projects/loading' }
  | { readonly type: 'projects/loaded'; readonly projects: readonly ProjectSummary[] }
  | { readonly type: 'projects/failed'; readonly error: ErrorShape };

export const noProjects: ProjectsState = idle;

export function reduceProjects(state: ProjectsState, action: Action): ProjectsState {
  switch (action.type) {
    case 'projects/loading':
      return loading(state);
    case 'projects/loaded':
      return ready(action.projects);
    case 'projects/failed':
      // A list that was there once is better than none.
      return state.status === 'ready' ? state : failed(action.error);
    default:
      return state;
  }
}

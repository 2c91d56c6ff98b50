import type { AppInfo } from '../../contract/app.ts';
import type { ErrorShape } from '../../contract/errors.ts';
import type { ProjectSummary } from '../../contract/projects.ts';

/** Something fetched from the engine. While it is fetched again, what was there stays visible. */
export type Loadable<T> =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly value: T }
  | { readonly status: 'failed'; readonly error: ErrorShape };

export type Connection =
  | { readonly status: 'connecting' }
  | { readonly status: 'ready' }
  /** Stopped and being started again. */
  | { readonly status: 'restarting'; readonly message: string }
  /** Stopped for good until a person asks. */
  | { readonly status: 'stopped'; readonly message: string };

export interface AppState {
  readonly connection: Connection;
  readonly info: AppInfo | undefined;
  readonly projects: Loadable<readonly ProjectSummary[]>;
  /** What went wrong with the last thing a person did. */
  readonly problem: ErrorShape | undefined;
}

export type Action =
  | { readonly type: 'connecting' }
  | { readonly type: 'connected'; readonly info: AppInfo }
  | { readonly type: 'engine-stopped'; readonly message: string; readonly retry: boolean }
  | { readonly type: 'projects-loading' }
  | { readonly type: 'projects-loaded'; readonly projects: readonly ProjectSummary[] }
  | { readonly type: 'projects-failed'; readonly error: ErrorShape }
  | { readonly type: 'action-failed'; readonly error: ErrorShape }
  | { readonly type: 'problem-dismissed' };

export type Dispatch = (action: Action) => void;

export const initialState: AppState = {
  connection: { status: 'connecting' },
  info: undefined,
  projects: { status: 'loading' },
  problem: undefined,
};

/** The state after an action; the same object when nothing changes. */
export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case 'connecting':
      return { ...state, connection: { status: 'connecting' } };
    case 'connected':
      return { ...state, connection: { status: 'ready' }, info: action.info };
    case 'engine-stopped':
      return {
        ...state,
        connection: { status: action.retry ? 'restarting' : 'stopped', message: action.message },
      };
    case 'projects-loading':
      return state.projects.status === 'ready' ? state : { ...state, projects: { status: 'loading' } };
    case 'projects-loaded':
      return { ...state, projects: { status: 'ready', value: action.projects } };
    case 'projects-failed':
      return { ...state, projects: { status: 'failed', error: action.error } };
    case 'action-failed':
      return { ...state, problem: action.error };
    case 'problem-dismissed':
      return state.problem === undefined ? state : { ...state, problem: undefined };
    default:
      return action satisfies never;
  }
}

import type { AppInfo } from '../../contract/app.ts';
import type { Action } from './action.ts';

export interface ConnectionState {
  readonly status:
    | 'connecting'
    | 'ready'
    /** Lost and being made again. */
    | 'reconnecting'
    /** Stopped for good until a person asks. */
    | 'stopped';
  /** For people: why there is none. */
  readonly message: string;
  /** What the engine said about itself; stays while the connection is made again. */
  readonly info: AppInfo | undefined;
}

export type ConnectionAction =
  | { readonly type: 'connection/connecting' }
  | { readonly type: 'connection/ready'; readonly info: AppInfo }
  | { readonly type: 'connection/lost'; readonly message: string; readonly retry: boolean };

export const noConnection: ConnectionState = { status: 'connecting', message: '', info: undefined };

export function reduceConnection(state: ConnectionState, action: Action): ConnectionState {
  switch (action.type) {
    case 'connection/connecting':
      // Tries after a loss keep their words on the screen until one succeeds.
      return state.status === 'reconnecting' ? state : { ...state, status: 'connecting', message: '' };
    case 'connection/ready':
      return { status: 'ready', message: '', info: action.info };
    case 'connection/lost':
      return { ...state, status: action.retry ? 'reconnecting' : 'stopped', message: action.message };
    default:
      return state;
  }
}

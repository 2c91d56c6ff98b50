import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Dispatch } from './action.ts';
import { initialState, reduce, type AppState } from './state.ts';

export type AppStore = Pick<StoreApi<AppState>, 'getState' | 'getInitialState' | 'subscribe'> & {
  readonly dispatch: Dispatch;
};

/** The window's state: read by components, changed only through actions. */
export function createAppStore(start: AppState = initialState): AppStore {
  const store = createStore<AppState>(() => start);
  return {
    getState: store.getState,
    getInitialState: store.getInitialState,
    subscribe: store.subscribe,
    dispatch: (action) => store.setState((state) => reduce(state, action), true),
  };
}

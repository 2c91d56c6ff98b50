import { createContext, useContext, type ReactNode } from 'react';
import { useStore } from 'zustand/react';
import type { Dispatch } from '../state/action.ts';
import type { AppState } from '../state/state.ts';
import type { Actions, App } from './app.ts';

const AppContext = createContext<App | undefined>(undefined);

export function AppProvider({ app, children }: { readonly app: App; readonly children: ReactNode }) {
  return <AppContext value={app}>{children}</AppContext>;
}

function useApp(): App {
  const app = useContext(AppContext);
  if (app === undefined) throw new Error('This component is outside of <AppProvider>.');
  return app;
}

/** What a person can do. */
export function useActions(): Actions {
  return useApp().actions;
}

/** For a screen's own state (a filter, a selection) that needs no engine. */
export function useDispatch(): Dispatch {
  return useApp().store.dispatch;
}

/** A part of the state. `select` must give the same object while that part is the same: no new lists in it. */
export function useAppState<T>(select: (state: AppState) => T): T {
  return useStore(useApp().store, select);
}

/** The address of a picture or file, for `<img src>`; `path` is one of contract/media's. */
export function useMediaUrl(): (path: string) => string {
  return useApp().api.host.mediaUrl;
}

/** For the frame's own parts: toasts, dialogs. Screens use {@link useActions}. */
export function useApi(): App['api'] {
  return useApp().api;
}

/** What the window is in. */
export function useHost(): App['api']['host'] {
  return useApp().api.host;
}

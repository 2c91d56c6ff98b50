import { HolotypeError, toErrorShape, type ErrorShape } from '../../contract/errors.ts';
import type { Dispatch } from '../state/action.ts';
import type { DialogContent } from '../state/dialogs.ts';
import type { AppState } from '../state/state.ts';
import { errorToast, type Toast } from '../state/toasts.ts';
import type { AppStore } from '../state/store.ts';
import type { Host } from './host.ts';
import { createSession, type Session } from './session.ts';

/** What all actions are made of. */
export interface Api {
  readonly host: Host;
  readonly session: Session;
  readonly call: Session['call'];
  readonly dispatch: Dispatch;
  readonly getState: () => AppState;
  /**
   * Waits for work that a person has asked for; when it fails, says so in a toast.
   * @returns what came of it; undefined when it failed or was cancelled
   */
  readonly attempt: <T>(work: Promise<T>) => Promise<T | undefined>;
  /** Shows a message. @param onAction what its button does; needs `toast.action` */
  readonly toast: (toast: Omit<Toast, 'id'>, onAction?: () => void) => void;
  /** Does what a toast's button stands for, and closes it. */
  readonly actOnToast: (id: number) => void;
  readonly problem: (error: ErrorShape) => void;
  /** Tells a screen reader, politely. */
  readonly announce: (text: string) => void;
  /** Opens a dialog. @returns its id, and what it was closed with: undefined when it was dismissed */
  readonly open: <T>(content: DialogContent) => {
    readonly id: number;
    readonly closed: Promise<T | undefined>;
  };
  /** Closes a dialog. @param answer of the kind that whoever opened it waits for */
  readonly close: (id: number, answer?: unknown) => void;
}

export function createApi(host: Host, store: AppStore): Api {
  const { dispatch } = store;
  let nextId = 1;
  const toastActions = new Map<number, () => void>();
  const waiting = new Map<number, (answer: unknown) => void>();

  const problem = (error: ErrorShape): void =>
    dispatch({ type: 'toasts/shown', toast: errorToast(nextId++, error) });
  const session = createSession(host, dispatch, problem);
  return {
    host,
    session,
    call: session.call,
    dispatch,
    getState: store.getState,
    attempt: async (work) => {
      try {
        return await work;
      } catch (error) {
        if (!isCancelled(error)) problem(toErrorShape(error));
        return undefined;
      }
    },
    toast: (toast, onAction) => {
      const id = nextId++;
      if (onAction !== undefined) toastActions.set(id, onAction);
      dispatch({ type: 'toasts/shown', toast: { ...toast, id } });
    },
    actOnToast: (id) => {
      toastActions.get(id)?.();
      toastActions.delete(id);
      dispatch({ type: 'toasts/closed', id });
    },
    problem,
    announce: (text) => dispatch({ type: 'toasts/announced', text }),
    open: <T>(content: DialogContent) => {
      const id = nextId++;
      const closed = new Promise<T | undefined>((resolve) => {
        // Who opens a dialog knows what its component answers with.
        waiting.set(id, (answer) => resolve(answer as T | undefined));
      });
      dispatch({ type: 'dialogs/opened', dialog: { ...content, id } });
      return { id, closed };
    },
    close: (id, answer) => {
      dispatch({ type: 'dialogs/closed', id });
      waiting.get(id)?.(answer);
      waiting.delete(id);
    },
  };
}

function isCancelled(error: unknown): boolean {
  return (
    (error instanceof HolotypeError && error.code === 'cancelled') ||
    (error instanceof Error && error.name === 'AbortError')
  );
}

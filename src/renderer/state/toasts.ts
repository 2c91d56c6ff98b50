import type { ErrorShape } from '../../contract/errors.ts';
import type { Action } from './action.ts';

/** A short message that goes away by itself; an error stays until it is closed. */
export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'success' | 'problem';
  readonly title: string;
  readonly detail?: string | undefined;
  /** Something to press; `api/actions` keeps what it does under the toast's id. */
  readonly action?: string | undefined;
}

export interface ToastsState {
  readonly toasts: readonly Toast[];
  /** What a screen reader is told, politely; the number tells two equal messages apart. */
  readonly announcement: { readonly text: string; readonly number: number };
}

export type ToastsAction =
  | { readonly type: 'toasts/shown'; readonly toast: Toast }
  | { readonly type: 'toasts/closed'; readonly id: number }
  | { readonly type: 'toasts/announced'; readonly text: string };

export const noToasts: ToastsState = { toasts: [], announcement: { text: '', number: 0 } };

/** More at a time would cover the work. */
const most = 4;

export function reduceToasts(state: ToastsState, action: Action): ToastsState {
  switch (action.type) {
    case 'toasts/shown': {
      const { toast } = action;
      // The same trouble again takes the place of the one that is shown.
      const others = state.toasts.filter((it) => it.title !== toast.title || it.tone !== toast.tone);
      return { ...state, toasts: [...others, toast].slice(-most) };
    }
    case 'toasts/closed':
      return { ...state, toasts: state.toasts.filter(({ id }) => id !== action.id) };
    case 'toasts/announced':
      return { ...state, announcement: { text: action.text, number: state.announcement.number + 1 } };
    default:
      return state;
  }
}

/** An error as a toast shows it. */
export function errorToast(id: number, error: ErrorShape): Toast {
  return { id, tone: 'problem', title: error.message, detail: error.remedy };
}

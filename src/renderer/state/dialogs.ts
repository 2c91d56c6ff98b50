import type { PickKind } from '../../contract/shell.ts';
import type { Action } from './action.ts';

/** Dialogs that can come up on any screen. One that belongs to a single screen is that screen's own business. */
export type DialogContent =
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'report-problem' }
  | { readonly kind: 'skipped'; readonly project: string }
  /** The web host's folder picker. */
  | { readonly kind: 'pick'; readonly what: PickKind; readonly title: string }
  | {
      readonly kind: 'confirm';
      readonly title: string;
      readonly text: string;
      /** The button that does it, as a verb. */
      readonly confirm: string;
      /** It can't be taken back. */
      readonly danger: boolean;
    }
  /** Files on their way to the engine. */
  | { readonly kind: 'upload'; readonly title: string; readonly sent: number; readonly total: number };

export type Dialog = DialogContent & { readonly id: number };

/** The last one is on top. */
export type DialogsState = readonly Dialog[];

export type DialogsAction =
  | { readonly type: 'dialogs/opened'; readonly dialog: Dialog }
  | { readonly type: 'dialogs/progressed'; readonly id: number; readonly sent: number }
  | { readonly type: 'dialogs/closed'; readonly id: number };

export const noDialogs: DialogsState = [];

export function reduceDialogs(state: DialogsState, action: Action): DialogsState {
  const has = 'id' in action && state.some(({ id }) => id === action.id);
  switch (action.type) {
    case 'dialogs/opened':
      return [...state, action.dialog];
    case 'dialogs/progressed':
      if (!has) return state;
      return state.map((dialog) =>
        dialog.id === action.id && dialog.kind === 'upload' ? { ...dialog, sent: action.sent } : dialog,
      );
    case 'dialogs/closed':
      return has ? state.filter(({ id }) => id !== action.id) : state;
    default:
      return state;
  }
}

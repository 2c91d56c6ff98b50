import type { Action } from './action.ts';

/** What the screen "Label" alone knows. */
export interface LabelState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
}

export type LabelAction = { readonly type: 'label/entered'; readonly project: string };

export const noLabel: LabelState = { project: undefined };

export function reduceLabel(state: LabelState, action: Action): LabelState {
  switch (action.type) {
    case 'label/entered':
      return action.project === state.project ? state : { ...noLabel, project: action.project };
    case 'project/closed':
      return noLabel;
    default:
      return state;
  }
}

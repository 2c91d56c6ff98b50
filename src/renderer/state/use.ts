import type { Action } from './action.ts';

/** What the screen "Use" alone knows. */
export interface UseState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
}

export type UseAction = { readonly type: 'use/entered'; readonly project: string };

export const noUse: UseState = { project: undefined };

export function reduceUse(state: UseState, action: Action): UseState {
  switch (action.type) {
    case 'use/entered':
      return action.project === state.project ? state : { ...noUse, project: action.project };
    case 'project/closed':
      return noUse;
    default:
      return state;
  }
}

import type { Action } from './action.ts';

/** What the screen "Judge" alone knows. */
export interface JudgeState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
}

export type JudgeAction = { readonly type: 'judge/entered'; readonly project: string };

export const noJudge: JudgeState = { project: undefined };

export function reduceJudge(state: JudgeState, action: Action): JudgeState {
  switch (action.type) {
    case 'judge/entered':
      return action.project === state.project ? state : { ...noJudge, project: action.project };
    case 'project/closed':
      return noJudge;
    default:
      return state;
  }
}

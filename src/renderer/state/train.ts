import type { Action } from './action.ts';

/** What the screen "Train" alone knows. */
export interface TrainState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
}

export type TrainAction = { readonly type: 'train/entered'; readonly project: string };

export const noTrain: TrainState = { project: undefined };

export function reduceTrain(state: TrainState, action: Action): TrainState {
  switch (action.type) {
    case 'train/entered':
      return action.project === state.project ? state : { ...noTrain, project: action.project };
    case 'project/closed':
      return noTrain;
    default:
      return state;
  }
}

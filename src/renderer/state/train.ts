import type { ErrorShape } from '../../contract/errors.ts';
import type { TrainPlan, TrainSettings } from '../../contract/train-settings.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';

/** What the screen "Train" alone knows. */
export interface TrainState {
  /** Whose state this is; everything else starts anew with another project. */
  readonly project: string | undefined;
  /** What a person has chosen; what they left alone is not in it. */
  readonly settings: TrainSettings;
  /** What a training with these settings would do; while it is worked out again, the last one stays. */
  readonly plan: Loadable<TrainPlan>;
}

export type TrainAction =
  | { readonly type: 'train/entered'; readonly project: string; readonly settings: TrainSettings }
  | { readonly type: 'train/chosen'; readonly settings: TrainSettings }
  | { readonly type: 'train/planning' }
  | { readonly type: 'train/planned'; readonly plan: TrainPlan }
  | { readonly type: 'train/plan-failed'; readonly error: ErrorShape };

export const noTrain: TrainState = { project: undefined, settings: {}, plan: idle };

export function reduceTrain(state: TrainState, action: Action): TrainState {
  switch (action.type) {
    case 'train/entered':
      return action.project === state.project
        ? state
        : { ...noTrain, project: action.project, settings: action.settings };
    case 'train/chosen':
      return { ...state, settings: action.settings };
    case 'train/planning':
      return { ...state, plan: loading(state.plan) };
    case 'train/planned':
      return { ...state, plan: ready(action.plan) };
    case 'train/plan-failed':
      return { ...state, plan: failed(action.error) };
    case 'project/closed':
      return noTrain;
    default:
      return state;
  }
}

/** Settings with some changed; what is set to undefined is left to its default again. */
export function withSettings(settings: TrainSettings, changes: Partial<TrainSettings>): TrainSettings {
  return Object.fromEntries(
    Object.entries({ ...settings, ...changes }).filter(([, value]) => value !== undefined),
  );
}

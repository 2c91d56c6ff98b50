import type { AppSettings, CacheUse, Licence } from '../../contract/app.ts';
import type { DeviceList } from '../../contract/devices.ts';
import type { ErrorShape } from '../../contract/errors.ts';
import type { ModelDetails } from '../../contract/model-details.ts';
import type { ModelInfo } from '../../contract/models.ts';
import type { Action } from './action.ts';
import { failed, idle, loading, ready, type Loadable } from './loadable.ts';

/** What is the same in all projects. */
export interface SettingsState {
  readonly settings: Loadable<AppSettings>;
  readonly devices: Loadable<DeviceList>;
  readonly cache: Loadable<CacheUse>;
  readonly licences: Loadable<readonly Licence[]>;
  readonly models: Loadable<readonly ModelInfo[]>;
  readonly modelDetails: ReadonlyMap<string, Loadable<ModelDetails>>;
}

type Part = Exclude<keyof SettingsState, 'modelDetails'>;
type ValueOf<P extends Part> = Extract<SettingsState[P], { status: 'ready' }>['value'];
type PartLoaded = {
  [P in Part]: { readonly type: 'settings/loaded'; readonly part: P; readonly value: ValueOf<P> };
}[Part];

export type SettingsAction =
  | { readonly type: 'settings/loading'; readonly part: Part }
  | PartLoaded
  | { readonly type: 'settings/failed'; readonly part: Part; readonly error: ErrorShape }
  | { readonly type: 'settings/model'; readonly id: string; readonly details: Loadable<ModelDetails> };

export const noSettings: SettingsState = {
  settings: idle,
  devices: idle,
  cache: idle,
  licences: idle,
  models: idle,
  modelDetails: new Map(),
};

export function reduceSettings(state: SettingsState, action: Action): SettingsState {
  switch (action.type) {
    case 'settings/loading':
      return { ...state, [action.part]: loading<unknown>(state[action.part]) };
    case 'settings/loaded':
      return { ...state, [action.part]: ready<unknown>(action.value) };
    case 'settings/failed':
      return state[action.part].status === 'ready'
        ? state
        : { ...state, [action.part]: failed<unknown>(action.error) };
    case 'settings/model':
      return { ...state, modelDetails: new Map(state.modelDetails).set(action.id, action.details) };
    default:
      return state;
  }
}

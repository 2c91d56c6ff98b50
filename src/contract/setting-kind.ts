import type { TrainSettings } from './train-settings.ts';

/** Parts of the panel of all settings. */
export const settingGroups = ['simple', 'photos', 'head', 'steps', 'simplicity', 'finetune'] as const;

/** What the window needs to know of one setting to show it. */
export interface SettingInfo {
  readonly key: keyof TrainSettings;
  readonly label: string;
  /** One sentence: what it does. */
  readonly explanation: string;
  /** `share`: a number from 0 to 1; `widths`: a list of whole numbers; `model`, `block` and `device`: an id. */
  readonly kind: 'choice' | 'whole' | 'number' | 'share' | 'text' | 'widths' | 'model' | 'block' | 'device';
  /** Allowed values; `above` instead of `min`, `below` instead of `max`: the bound itself is not allowed. */
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** What it is when nobody says otherwise; null: it depends, as `unset` says. */
  readonly default: string | number | readonly number[] | null;
  /** In words, where the default depends on something. */
  readonly unset?: string;
  readonly group: (typeof settingGroups)[number];
}

/** Of settings that are done or not. */
export const noOrYes: NonNullable<SettingInfo['choices']> = [
  { value: 'off', label: 'No' },
  { value: 'on', label: 'Yes' },
];

import { settingInfo, type SettingInfo } from '../../../contract/setting-info.ts';
import type { TrainSettings } from '../../../contract/train-settings.ts';

/** Settings whose name, explanation or choices have all the words of a search. */
export function findSettings(search: string): readonly SettingInfo[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return settingInfo.filter(({ key, label, explanation, choices = [] }) => {
    const text = [key, label, explanation, ...choices.map((choice) => choice.label)].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Whether a person has set it to something else than its default. */
export function isChanged(info: SettingInfo, settings: TrainSettings): boolean {
  const value = settings[info.key];
  return value !== undefined && JSON.stringify(value) !== JSON.stringify(info.default);
}

/** What a setting is when nobody says otherwise, in words. */
export function defaultText({ default: value, unset, choices }: SettingInfo): string {
  const shown = Array.isArray(value) ? (value.length === 0 ? 'none' : value.join(', ')) : value;
  const word = choices?.find((choice) => choice.value === shown)?.label ?? shown;
  if (word === null) return unset ?? 'it depends';
  return unset === undefined ? String(word) : `${String(word)} (${unset})`;
}

/** What a person typed for a number or a list of widths, or what is wrong with it. */
export function parseSetting(
  info: SettingInfo,
  text: string,
): { readonly value: number | number[] | string | undefined } | { readonly problem: string } {
  const trimmed = text.trim();
  if (trimmed === '') return { value: undefined };
  if (info.kind === 'text' || info.kind === 'block') return { value: trimmed };
  const parts = info.kind === 'widths' ? trimmed.split(/[\s,;]+/).filter(Boolean) : [trimmed];
  const numbers = parts.map((part) => Number(part.replace(',', '.')));
  for (const number of numbers) {
    const problem = problemOf(info, number);
    if (problem !== undefined) return { problem };
  }
  return { value: info.kind === 'widths' ? numbers : numbers[0] };
}

function problemOf({ kind, min, above, max, below }: SettingInfo, number: number): string | undefined {
  if (Number.isNaN(number))
    return kind === 'widths' ? 'Whole numbers, with commas between.' : 'A number is needed.';
  if ((kind === 'whole' || kind === 'widths') && !Number.isInteger(number))
    return 'A whole number is needed.';
  if (min !== undefined && number < min) return `At least ${min}.`;
  if (above !== undefined && number <= above) return `More than ${above}.`;
  if (max !== undefined && number > max) return `At most ${max}.`;
  if (below !== undefined && number >= below) return `Less than ${below}.`;
  return undefined;
}

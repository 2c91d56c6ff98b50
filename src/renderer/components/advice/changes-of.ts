import type { AdviceFix } from '../../../contract/metrics.ts';
import { trainSettingsSchema, type TrainSettings } from '../../../contract/train-settings.ts';

/**
 * What a fix changes in the settings of the next training: undefined leaves a setting to its default.
 *
 * @returns undefined where there is nothing this version understands
 */
export function changesOf({ settings = {} }: AdviceFix): Partial<TrainSettings> | undefined {
  const entries = Object.entries(settings);
  const known = entries.filter(([key]) => Object.hasOwn(trainSettingsSchema.shape, key));
  if (known.length === 0) return undefined;
  const chosen = Object.fromEntries(known.filter(([, value]) => value !== null));
  const parsed = trainSettingsSchema.safeParse(chosen).data;
  if (parsed === undefined) return undefined;
  const others = Object.keys(parsed).filter((key) => !Object.hasOwn(chosen, key));
  for (const key of others) Reflect.deleteProperty(parsed, key);
  const back = Object.fromEntries(
    known.flatMap(([key, value]) => (value === null ? [[key, undefined]] : [])),
  );
  return { ...parsed, ...back };
}

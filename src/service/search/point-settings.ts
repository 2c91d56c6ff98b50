import type { SearchPoint } from '../../contract/search.ts';
import { trainSettingsSchema, type TrainSettings } from '../../contract/train-settings.ts';
import { trainOptionsSchema, type TrainOptions } from '../../contract/train.ts';

/** The settings of a trial: what is searched over what is not; null leaves one to its default. */
export function withPoint(training: TrainOptions, point: SearchPoint): TrainOptions {
  const chosen = Object.entries(point).filter(([, value]) => value !== null);
  return trainOptionsSchema.parse({ ...training, ...Object.fromEntries(chosen) });
}

/** What a recipe says: what was searched, and what was said about settings besides. */
export function settingsOf(training: TrainOptions, point: SearchPoint): TrainSettings {
  const usual = trainOptionsSchema.parse({ photos: training.photos });
  const own = Object.fromEntries(
    Object.entries(withPoint(training, point)).filter(
      ([key, value]) =>
        Object.hasOwn(trainSettingsSchema.shape, key) &&
        JSON.stringify(value) !== JSON.stringify(usual[key as keyof TrainOptions]),
    ),
  );
  // How photos are divided and where it is computed is no part of a recipe.
  const {
    valFraction: _val,
    testFraction: _test,
    groupBy: _by,
    seed: _seed,
    device: _device,
    ...rest
  } = trainSettingsSchema.parse(own);
  const given = Object.fromEntries(Object.entries(point).filter(([, value]) => value !== null));
  return trainSettingsSchema.parse({ ...rest, ...given, recipe: 'head' });
}

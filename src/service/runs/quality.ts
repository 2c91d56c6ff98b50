import type { TrainSettings } from '../../contract/train-settings.ts';
import { trainOptionsSchema, type TrainOptions } from '../../contract/train.ts';
import { finetuneSettings } from '../train/finetune-settings.ts';

/** `best` gives fine-tuning this many times the usual epochs, and so as many more views of each photo. */
const patience = 1.5;

/**
 * The settings with what their quality decides filled in; what was chosen by itself stays as it is.
 *
 * @param photos to learn from
 */
export function settled(settings: TrainSettings, photos: number): TrainSettings {
  const { quality = 'balanced', ...chosen } = settings;
  switch (quality) {
    case 'quick':
      return { quality, recipe: 'head', flips: 'off', ...chosen };
    case 'balanced':
      return { quality, recipe: 'auto', ...chosen };
    case 'best':
    default: {
      const usual = finetuneSettings(optionsOf(chosen), photos, 0).epochs;
      return {
        quality,
        recipe: 'finetune',
        flips: 'on',
        ...(chosen.recipe === 'head' ? {} : { finetuneEpochs: Math.ceil(usual * patience) }),
        ...chosen,
      };
    }
  }
}

/** What training makes of settings: every default filled in; of the places only a stand-in. */
export function optionsOf({ quality: _quality, ...settings }: TrainSettings): TrainOptions {
  return trainOptionsSchema.parse({ ...settings, photos: '.' });
}

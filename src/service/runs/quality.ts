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
  // Who says how photos are changed says whether they are mirrored, too.
  const mirrored = (flips: 'on' | 'off') => (chosen.augment === undefined ? { flips } : {});
  switch (quality) {
    case 'quick':
      return { quality, recipe: 'head', ...mirrored('off'), ...chosen };
    case 'balanced':
      return { quality, recipe: 'auto', ...chosen };
    case 'best':
    default: {
      const usual = finetuneSettings(optionsOf(chosen), photos, 0).epochs;
      return {
        quality,
        recipe: 'finetune',
        ...mirrored('on'),
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

/** How photos are changed for a training, and which changed views a head learns from. */
import { basename } from 'node:path';
import { augmentations, isAugmentPreset } from '../../contract/augment.ts';
import { augmentPresets } from '../../contract/choices.ts';
import type { Augmentation } from '../../contract/augment.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { parseAugmentation } from '../../engine/data/augment/parse-augmentation.ts';
import { changesAnything, trainingView, viewName } from '../../engine/train/finetune/views.ts';
import { exists, readBytes } from '../../store/folders.ts';
import type { FeatureView } from './feature-store.ts';

type Chosen = Pick<TrainOptions, 'augment' | 'flips'>;

/**
 * What options ask for, a file read.
 *
 * @throws HolotypeError 'bad-usage' when it is neither a preset nor a file, 'bad-input' when the file says nothing usable
 */
export async function augmentationOf(options: Chosen): Promise<Augmentation> {
  const { augment } = options;
  if (isAugmentPreset(augment)) return presetOf(options);
  if (!(await exists(augment)))
    throw new HolotypeError('bad-usage', `There is no way "${augment}" to change photos, and no such file.`, {
      remedy: `Give a JSON file, or one of: ${augmentPresets.join(', ')}.`,
    });
  const text = new TextDecoder().decode(await readBytes(augment));
  return withMirrors(parseAugmentation(text, basename(augment)), options);
}

/** The same where files don't count, as in the window: a file is taken for the standard. */
export function presetOf(options: Chosen): Augmentation {
  return withMirrors(
    isAugmentPreset(options.augment) ? augmentations[options.augment] : augmentations.standard,
    options,
  );
}

/** Whether mirror images are shown is a setting of its own: `on` and `off` go before what is said otherwise. */
function withMirrors(augmentation: Augmentation, { flips }: Chosen): Augmentation {
  const { flip, upsideDown: _down, ...rest } = augmentation;
  if (flips === 'off') return rest;
  if (flips === 'on') return { ...augmentation, flip: flip ?? { probability: 0.5 } };
  return augmentation;
}

/** A head learns from no more rows than this; beyond, more photos bring more than more views of them. */
const mostRows = 20_000;

/**
 * The views of each photo that a head learns from, the plain one first: what mirrors and quarter turns make of it,
 * and as many drawn ones as the augmentation says. Where there are very many photos only the first few, or none.
 *
 * @param photos to learn from
 */
export function headViews(
  augmentation: Augmentation,
  { flips, seed }: Pick<TrainOptions, 'flips' | 'seed'>,
  photos: number,
): readonly FeatureView[] {
  const { flip, upsideDown, turn, headViews: count } = augmentation;
  const happens = (operation: { readonly probability: number } | undefined): boolean =>
    (operation?.probability ?? 0) > 0;
  const more: FeatureView[] = [
    ...(happens(flip) ? (['flip'] as const) : []),
    ...(happens(turn) ? (['turn-1', 'turn-2', 'turn-3'] as const) : []),
    ...(happens(upsideDown) ? (['upside-down'] as const) : []),
    ...Array.from({ length: changesAnything(augmentation) ? count : 0 }, (_, index) => {
      const number = index + 1;
      return {
        name: viewName(seed, number, augmentation),
        of: (id: string) => trainingView(seed, id, number, augmentation),
      };
    }),
  ];
  const room = Math.floor(mostRows / Math.max(1, photos)) - 1;
  return ['plain', ...more.slice(0, Math.max(flips === 'on' ? 1 : 0, room))];
}

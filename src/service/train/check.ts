import { deviceChoices } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { parseGroupBy } from '../../engine/data/groups.ts';
import { exists } from '../../store/folders.ts';
import { listFiles } from '../../store/photos.ts';
import { listModels } from '../models.ts';
import { augmentationOf } from './augmenting.ts';
import { checkTraining } from './check-training.ts';
import { checkObjective } from './objective.ts';

/** What can be said without looking at a photo. */
export function checkOptions(options: TrainOptions): void {
  if (options.groupBy !== undefined) parseGroupBy(options.groupBy);
  checkObjective(options);
  checkTraining(options);
  if (options.recipe === 'head' && options.freezeUntil !== undefined)
    throw new HolotypeError('bad-usage', 'The recipe "head" leaves the whole backbone as it is.', {
      remedy: 'Leave --freeze-until out, or use --recipe finetune.',
    });
  if (!deviceChoices.some((choice) => choice === options.device))
    throw new HolotypeError('not-supported', `This version can't use the device "${options.device}".`, {
      remedy: `Use one of: ${deviceChoices.join(', ')}.`,
    });
  if (options.valFraction + options.testFraction >= 1)
    throw new HolotypeError(
      'bad-usage',
      `Validation (${options.valFraction}) and test (${options.testFraction}) together leave nothing to train on.`,
      {
        remedy: 'Give fractions whose sum is below 1.',
      },
    );
}

/** A path that was mistyped must not leave a model's folder behind. */
export async function checkFolders(options: TrainOptions): Promise<void> {
  const { photos, val, labels, classWeights } = options;
  await augmentationOf(options);
  for (const folder of [photos, val]) {
    if (folder === undefined) continue;
    const files = listFiles(folder);
    await files.next(); // throws where there is no such folder
    await files.return(undefined);
  }
  if (labels !== undefined && !(await exists(labels)))
    throw new HolotypeError('not-found', `There is no labels file "${labels}".`, {
      remedy: 'Check the path given with --labels.',
    });
  if (!['none', 'balanced'].includes(classWeights) && !(await exists(classWeights)))
    throw new HolotypeError('not-found', `There is no file of class weights "${classWeights}".`, {
      remedy: 'Give balanced, none, or the path of a file.',
    });
}

/** A backbone that doesn't exist is better told before thousands of photos are read. */
export async function checkBackbone({ backbone }: TrainOptions): Promise<void> {
  if (backbone === undefined || (await exists(backbone))) return;
  const models = await listModels();
  const known = models.find(({ id }) => id === backbone);
  if (known === undefined)
    throw new HolotypeError('bad-usage', `There is no backbone "${backbone}", and no such file.`, {
      remedy: `Give a model file, or one of: ${models.map(({ id }) => id).join(', ')}.`,
    });
  if (!known.installed)
    throw new HolotypeError('not-found', `The backbone "${backbone}" is not installed.`, {
      remedy: `Run \`holotype models fetch ${backbone}\` once; it stays for offline use.`,
    });
}

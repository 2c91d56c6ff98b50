import { HolotypeError } from '../../contract/errors.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { earlyStopOf } from '../../engine/train/early-stop.ts';

/** Making orthogonal weights takes time with the square of a layer's width. */
const widestOrthogonal = 2048;

/**
 * Whether options of the head and of how it is trained fit together.
 *
 * @throws HolotypeError('bad-usage')
 */
export function checkTraining(options: TrainOptions): void {
  const { metric } = earlyStopOf(options.earlyStop, 1);
  if (metric === 'accuracy' && options.task === 'regression')
    throw new HolotypeError('bad-usage', 'A predicted number has no accuracy to stop by.', {
      remedy: 'Watch the loss instead: --early-stop loss:10.',
    });
  if (options.findLearningRate === 'on' && options.learningRate !== undefined)
    throw new HolotypeError('bad-usage', 'A learning rate was given and another is to be found.', {
      remedy: 'Give --lr a number, or "find".',
    });
  if (options.findFinetuneLearningRate === 'on' && options.finetuneLearningRate !== undefined)
    throw new HolotypeError(
      'bad-usage',
      'A learning rate of fine-tuning was given and another is to be found.',
      {
        remedy: 'Give --finetune-lr a number, or "find".',
      },
    );
  if (options.findFinetuneLearningRate === 'on' && options.recipe === 'head')
    throw new HolotypeError(
      'bad-usage',
      'The recipe "head" does no fine-tuning to find a learning rate for.',
      {
        remedy: 'Leave --finetune-lr out, or use --recipe finetune.',
      },
    );
  if (options.init === 'orthogonal' && options.hidden.some((width) => width > widestOrthogonal))
    throw new HolotypeError(
      'bad-usage',
      `Orthogonal weights are for hidden layers of up to ${widestOrthogonal} units.`,
      { remedy: 'Give --head narrower layers, or --init he-normal.' },
    );
  if (options.updateBn === 'on' && options.recipe === 'head')
    throw new HolotypeError('bad-usage', 'The recipe "head" leaves the whole backbone as it is.', {
      remedy: 'Leave --update-bn out, or use --recipe finetune.',
    });
}

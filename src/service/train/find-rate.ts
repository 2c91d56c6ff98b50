import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { RateSearchResult } from '../../contract/train.ts';
import { usualDecays } from '../../engine/train/choose-decay.ts';
import { findLearningRate, type RateEvent } from '../../engine/train/lr-finder.ts';
import { startTfOnCuda } from '../../engine/train/tf.ts';
import type { HeadTask } from './head.ts';
import { Progress } from './progress.ts';
import type { HeadSettings } from './settings.ts';
import { startTf } from './start-tf.ts';

type RateTask = Pick<
  HeadTask,
  'matrices' | 'classes' | 'objective' | 'sampling' | 'columns' | 'weightDecay'
> & {
  readonly settings: HeadSettings;
};

/**
 * Looks for the learning rate of the head on the training photos. The same photos and settings give the same rate, so
 * that a training that is gone on with has its rate again.
 *
 * @throws the signal's reason
 */
export async function* findRate(
  task: RateTask,
  device: DeviceId,
  signal?: AbortSignal,
): AsyncGenerator<JobEventBody, RateSearchResult> {
  const { settings, matrices, columns } = task;
  yield { type: 'stage', stage: 'choose', message: 'Trying learning rates, from low to high' };
  if (device === 'cuda-tfjs') await startTfOnCuda();
  else await startTf();
  const weightDecay = task.weightDecay ?? usualDecays[settings.optimizer];
  const group = { weightDecay, columns: settings.hidden.length > 0 ? columns.all : columns.final };
  const training = {
    ...settings,
    train: matrices.train,
    classes: task.classes,
    objective: task.objective,
    sampling: task.sampling,
    groups: [group],
  };
  return yield* tellSearch(findLearningRate(training, signal), 'choose', settings.learningRate);
}

/**
 * Tells how far a search is.
 *
 * @param usual the rate to take where none is found
 */
export async function* tellSearch(
  search: AsyncGenerator<RateEvent, void>,
  stage: 'choose' | 'finetune',
  usual: number,
): AsyncGenerator<JobEventBody, RateSearchResult> {
  const progress = new Progress(stage, 'steps');
  for await (const event of search) {
    if (event.type === 'batch') {
      const body = progress.at(event.done, event.total);
      if (body !== undefined) yield body;
      continue;
    }
    const { points, chosen } = event.search;
    if (chosen === undefined) {
      const of = stage === 'finetune' ? ' of fine-tuning' : '';
      const message = `No learning rate${of} made the loss fall, so the usual one is taken: ${usual}.`;
      yield { type: 'warning', message };
    }
    return { points: [...points], chosen: chosen ?? usual, found: chosen !== undefined };
  }
  throw new HolotypeError('failed', 'The search for a learning rate ended without a result.');
}

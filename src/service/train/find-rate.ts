import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { RateSearchResult } from '../../contract/train.ts';
import { usualDecays } from '../../engine/train/choose-decay.ts';
import { findLearningRate } from '../../engine/train/lr-finder.ts';
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
  const progress = new Progress('choose', 'steps');
  for await (const event of findLearningRate(training, signal)) {
    if (event.type === 'batch') {
      const body = progress.at(event.done, event.total);
      if (body !== undefined) yield body;
      continue;
    }
    const { points, chosen } = event.search;
    if (chosen === undefined) {
      const message = `No learning rate made the loss fall, so the usual one is taken: ${settings.learningRate}.`;
      yield { type: 'warning', message };
    }
    const { learningRate } = settings;
    return { points: [...points], chosen: chosen ?? learningRate, found: chosen !== undefined };
  }
  throw new HolotypeError('failed', 'The search for a learning rate ended without a result.');
}

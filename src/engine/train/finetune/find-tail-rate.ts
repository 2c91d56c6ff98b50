/** Finds a learning rate for fine-tuning by trying ever higher ones for a step each (the range test of Smith 2017). */
import type { Sampling } from '../../../contract/train.ts';
import { seededRandom } from '../../data/random.ts';
import { RateSweep, type RateEvent } from '../lr-finder.ts';
import { epochOrder } from '../sampling.ts';
import { inBatches, type BoundaryPhotos } from './activations.ts';
import { mostRateBatches, tailRateSteps, triedTailRates } from './tail-rates.ts';
import { batchOf } from './train-tail.ts';
import { trainStep, type StepTask } from './train-step.ts';

export interface TailRateSearch extends StepTask {
  readonly train: BoundaryPhotos;
  /** The rate of the backbone's last block that the optimizer was made with; all others keep their ratio to it. */
  readonly learningRate: number;
  readonly seed: number;
  readonly sampling?: Sampling;
}

/**
 * Trains the tail at rates that rise from step to step, as {@link import('../lr-finder.ts').findLearningRate} trains a
 * head, and takes a tenth of the rate at which the loss was lowest. A trained head's loss is low already and differs
 * more from batch to batch than fine-tuning makes of it: so each step's loss is compared with what the same batch had
 * before, and the curve is the mean of those plus that difference. Photos are in their plain view, and not mixed.
 *
 * Afterwards weights are what they were, bit for bit, and the optimizer is as new: also where it was stopped or failed.
 *
 * @throws the signal's reason, within a step of its abort
 */
export async function* findTailRate(
  task: TailRateSearch,
  signal?: AbortSignal,
): AsyncGenerator<RateEvent, void> {
  const { model, optimizer, train, classes, batchSize, seed } = task;
  const rows = train.labels.length;
  const order = epochOrder(task.sampling ?? 'shuffle', train, rows, classes, seededRandom(seed * 100_003));
  // Whole ones only: another size would be another graph to compile.
  const whole = inBatches(order, batchSize).filter(({ length }) => length === Math.min(batchSize, rows));
  const batches = whole.slice(0, mostRateBatches);
  const total = tailRateSteps(rows, Math.min(batchSize, rows));
  const weights = model.read();

  /** Steps through batches; hears each one's loss before the step, and ends when told. */
  const through = async function* (
    some: readonly (readonly number[])[],
    factor: () => number,
    hear: (loss: number, step: number) => boolean,
    done: number,
  ): AsyncGenerator<RateEvent, void> {
    let step = 0;
    for await (const event of train.batches(0, some, signal)) {
      signal?.throwIfAborted();
      if (event.type === 'prepare') continue;
      const known = batchOf(train, some[step] ?? [], classes);
      const { loss } = trainStep(task, { values: event.values, ...known }, factor());
      if (!hear(loss, step)) return;
      step += 1;
      yield { type: 'batch', done: done + step, total };
      await new Promise((resolve) => setImmediate(resolve)); // for the signal to be heard
    }
  };

  try {
    const before: number[] = [];
    const noRate = (): number => 0;
    yield* through(batches, noRate, (loss) => before.push(loss) > 0, 0);
    // A step without a rate moves no weight, but running means and statistics follow it.
    model.write(weights);
    optimizer.reset(weights);

    const mean = before.reduce((sum, loss) => sum + loss, 0) / before.length;
    const sweep = new RateSweep(triedTailRates);
    const again = Array.from(
      { length: triedTailRates.steps },
      (_, step) => batches[step % batches.length] ?? [],
    );
    yield* through(
      again,
      () => sweep.rate / task.learningRate,
      (loss, step) => sweep.took(mean + loss - (before[step % before.length] ?? Number.NaN)),
      batches.length,
    );
    yield { type: 'done', search: sweep.result() };
  } finally {
    model.write(weights);
    optimizer.reset(weights);
  }
}

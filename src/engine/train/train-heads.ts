import type { StopMetric } from '../../contract/train.ts';
import { seededRandom } from '../data/random.ts';
import { Best } from './best-heads.ts';
import { watchedValue } from './early-stop.ts';
import { createHead } from './head-model.ts';
import { evaluateHeads, trainStep } from './head-step.ts';
import type { HeadEpoch, HeadEvent, HeadTraining } from './head-training.ts';
import { createOptimizer } from './optimizer.ts';
import type { Optimizer, OptimizerExtras } from './optimizer.ts';
import { epochOrder } from './sampling.ts';
import { createSchedule } from './schedule.ts';

/** The UI, signals and timers get their turn at least this often (ms). */
const turn = 40;

/**
 * Trains one or more heads side by side on the same features: mini-batches in a seeded order, a learning-rate
 * schedule, early stopping, and the best epoch's weights given back. Where weights are averaged it is the averages
 * that are validated and given back.
 *
 * @throws the signal's reason, within a batch of its abort
 */
export async function* trainHeads(task: HeadTraining, signal?: AbortSignal): AsyncGenerator<HeadEvent, void> {
  const { train, val, classes, groups, epochs } = task;
  const head = createHead(train.columns, classes, task, groups, task.seed);
  const stepsPerEpoch = Math.ceil(train.rows / task.batchSize);
  const totalSteps = epochs * stepsPerEpoch;
  const schedule = createSchedule(task.schedule ?? 'cosine', totalSteps, task.warmup);
  const metric = task.stopMetric ?? 'loss';
  let made: Optimizer | undefined;
  try {
    const optimizer = (made = createOptimizer(task.optimizer, head.trained, extrasOf(task)));
    const progress = new Best(head, groups.length, val !== undefined, metric);
    const history: HeadEpoch[] = [];
    let first = 1;
    if (task.resume !== undefined) {
      head.restore(task.resume.tensors);
      optimizer.restore({ steps: task.resume.optimizerSteps, tensors: task.resume.tensors });
      progress.restore(task.resume);
      if (task.resume.schedule !== undefined) schedule.restore(task.resume.schedule);
      history.push(...task.resume.history);
      first = task.resume.epoch + 1;
    }
    let lastTurn = performance.now();

    const stopped = (): boolean => task.stop?.aborted === true && history.length > 0;

    for (let epoch = first; epoch <= epochs && progress.sinceBest < task.patience; epoch++) {
      if (stopped()) break;
      // Seeded by the epoch, so that a resumed run needs no generator state.
      const random = seededRandom(task.seed * 100_003 + epoch);
      const order = epochOrder(task.sampling ?? 'shuffle', train, train.rows, classes, random);
      const sums = {
        loss: new Float64Array(groups.length),
        right: new Float64Array(groups.length),
        n: new Float64Array(groups.length),
      };
      let learningRate = 0;
      for (let step = 0; step < stepsPerEpoch; step++) {
        const rows = order.slice(step * task.batchSize, (step + 1) * task.batchSize);
        learningRate = task.learningRate * schedule.factor((epoch - 1) * stepsPerEpoch + step);
        trainStep(head, optimizer, task, rows, learningRate, sums);
        if (performance.now() - lastTurn > turn) {
          yield { type: 'batch', epoch, done: (epoch - 1) * stepsPerEpoch + step + 1, total: totalSteps };
          await new Promise((resolve) => setImmediate(resolve));
          lastTurn = performance.now();
        }
        signal?.throwIfAborted();
        if (stopped()) break;
      }
      // Half an epoch's weights were never looked at.
      if (stopped()) break;
      optimizer.swapAveraged();
      const due = epoch % (task.checkEvery ?? 1) === 0 || epoch === epochs;
      const validated =
        val === undefined || !due ? undefined : evaluateHeads(head, val, classes, groups, task.objective);
      const record: HeadEpoch = {
        epoch,
        learningRate,
        groups: groups.map((_, k) => ({
          trainLoss: (sums.loss[k] as number) / Math.max(1, sums.n[k] as number),
          trainAccuracy: (sums.right[k] as number) / Math.max(1, sums.n[k] as number),
          valLoss: validated?.[k]?.loss ?? Number.NaN,
          valAccuracy: validated?.[k]?.accuracy ?? Number.NaN,
        })),
      };
      history.push(record);
      progress.after(record);
      optimizer.swapAveraged();
      schedule.afterEpoch(leadingValue(record, metric));
      yield {
        type: 'epoch',
        epoch: record,
        state: () => ({
          epoch,
          sinceBest: progress.sinceBest,
          optimizerSteps: optimizer.state().steps,
          best: progress.marks(),
          schedule: schedule.state(),
          history: [...history],
          tensors: new Map([...head.snapshot(), ...optimizer.state().tensors, ...progress.tensors()]),
        }),
      };
    }
    yield { type: 'done', heads: progress.heads(), history };
  } finally {
    made?.dispose();
    head.dispose();
  }
}

function extrasOf({ l1, l2, clip, ema, groups }: HeadTraining): OptimizerExtras {
  return { l1, l2, clip, ema, groups: groups.length };
}

/** The watched metric of the head that is doing best: one learning rate serves all of them. */
function leadingValue({ groups }: HeadEpoch, metric: StopMetric): number {
  const values = groups.map(({ valLoss, valAccuracy }) =>
    watchedValue(metric, { loss: valLoss, accuracy: valAccuracy }),
  );
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? Number.NaN : Math.min(...known);
}

import type { Sampling, ScheduleKind, StopMetric } from '../../../contract/train.ts';
import { seededRandom } from '../../data/random.ts';
import { isBetter, nothingYet, watchedValue } from '../early-stop.ts';
import type { Validated } from '../early-stop.ts';
import { costOfGuessing } from '../losses.ts';
import { epochOrder } from '../sampling.ts';
import { createSchedule } from '../schedule.ts';
import type { ScheduleState } from '../schedule.ts';
import { inBatches } from './activations.ts';
import type { BoundaryPhotos } from './activations.ts';
import type { FlatState } from './flat-optimizer.ts';
import { judgeTail } from './judge.ts';
import { mixBatch } from './mix.ts';
import type { Mixing } from './mix.ts';
import { trainStep } from './train-step.ts';
import type { Batch, StepTask } from './train-step.ts';
import { DivergenceWatch } from './watch.ts';
import type { WatchState } from './watch.ts';

export interface TailTraining extends StepTask {
  readonly train: BoundaryPhotos;
  /** Watched after every epoch, in its plain view; absent: the last epoch's weights are kept. */
  readonly val?: BoundaryPhotos;
  readonly epochs: number;
  /** Absent: cosine. */
  readonly schedule?: ScheduleKind;
  /** Share of the steps spent warming up, 0..1. */
  readonly warmup: number;
  /** What is watched on the validation photos; absent: the loss. */
  readonly stopMetric?: StopMetric;
  /** Epochs without a better value of it before training stops. */
  readonly patience: number;
  /** Views that the epochs take turns with: 1 is the plain one alone. */
  readonly views: number;
  readonly seed: number;
  /** How an epoch goes through the photos; absent: each once. */
  readonly sampling?: Sampling;
  /** How photos of a batch are mixed; absent: not at all. */
  readonly mixing?: Mixing;
  /** Where a killed run had got to; goes on from there to the same bits. */
  readonly resume?: TailState | undefined;
  /** Aborted to end early: the epoch that runs is judged as far as it got. */
  readonly stop?: AbortSignal | undefined;
}

export interface TailEpoch {
  /** From 1; 0 is the head before fine-tuning. */
  readonly epoch: number;
  /** Share of the peak rates at its end. */
  readonly rateFactor: number;
  /** NaN for epoch 0. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** As `judgeAnswers` tells it; NaN without validation photos. */
  readonly valLoss: number;
  readonly valAccuracy: number;
}

interface Sums {
  readonly loss: number;
  readonly right: number;
  readonly n: number;
}

/** All it takes to go on after a step. */
export interface TailState {
  readonly epoch: number;
  /** Steps of that epoch that are done. */
  readonly step: number;
  readonly optimizerSteps: number;
  readonly sums: Sums;
  readonly watch: WatchState;
  readonly best: Validated & { readonly epoch: number };
  /** Absent: as at the start. */
  readonly schedule?: ScheduleState | undefined;
  readonly sinceBest: number;
  readonly history: readonly TailEpoch[];
  /** Flat vectors: `weights`, `best`, and the optimizer's. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

export type TailEvent =
  /** The frozen part is computing a view. */
  | { readonly type: 'prepare'; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly type: 'batch'; readonly done: number; readonly total: number }
  /** A moment to go on from: weights are good and all state is at hand. */
  | { readonly type: 'safe'; readonly state: () => TailState }
  | { readonly type: 'epoch'; readonly epoch: TailEpoch }
  | { readonly type: 'diverged'; readonly epoch: number; readonly rateFactor: number }
  | {
      readonly type: 'done';
      /** The weights that validation likes best; 0: those fine-tuning started with. */
      readonly bestEpoch: number;
      readonly weights: Float32Array;
      readonly history: readonly TailEpoch[];
    };

/** Steps between two moments to go back to. */
const safeEvery = 25;

/**
 * Trains the tail of a backbone and its head: mini-batches in a seeded order, a learning-rate
 * schedule. The weights of the best epoch are given back, and the head alone (epoch 0) counts as one. When
 * training diverges it goes back to the last good weights and on at half the rates.
 *
 * @throws the signal's reason, within a batch of its abort
 */
export async function* trainTail(task: TailTraining, signal?: AbortSignal): AsyncGenerator<TailEvent, void> {
  const { model, optimizer, train, epochs, batchSize, seed } = task;
  const watch = new DivergenceWatch(costOfGuessing(task.objective, task.classes));
  const rows = train.labels.length;
  const perEpoch = Math.ceil(rows / batchSize);
  const total = epochs * perEpoch;
  let history: TailEpoch[] = [];
  const schedule = createSchedule(task.schedule ?? 'cosine', total, task.warmup);
  const metric = task.stopMetric ?? 'loss';
  let best = { epoch: 0, ...nothingYet };
  let bestWeights = model.read();
  let good = bestWeights;
  let sinceBest = 0;
  let sums: Sums = { loss: 0, right: 0, n: 0 };
  let [epoch, step] = [1, 0];

  const { resume } = task;
  if (resume !== undefined) {
    good = vectorOf(resume, 'weights');
    bestWeights = vectorOf(resume, 'best');
    model.write(good);
    const optimized: FlatState = { steps: resume.optimizerSteps, vectors: resume.vectors };
    optimizer.restore(optimized);
    watch.restore(resume.watch);
    ({ epoch, step, sums, best, sinceBest } = resume);
    history = [...resume.history];
    if (resume.schedule !== undefined) schedule.restore(resume.schedule);
  }
  if (resume === undefined) {
    const start = await judge(task, signal);
    history.push({ epoch: 0, rateFactor: 0, trainLoss: Number.NaN, trainAccuracy: Number.NaN, ...start });
    if (task.val !== undefined) best = { epoch: 0, loss: start.valLoss, accuracy: start.valAccuracy };
  }
  const atStart = history[0]?.valLoss ?? Number.NaN;
  const state = (): TailState => ({
    epoch,
    step,
    optimizerSteps: optimizer.state().steps,
    sums,
    watch: watch.state(),
    best,
    sinceBest,
    schedule: schedule.state(),
    history: [...history],
    vectors: new Map([['weights', good], ['best', bestWeights], ...optimizer.state().vectors]),
  });
  const goBack = (): void => {
    model.write(good);
    optimizer.reset(good);
    watch.halve();
  };

  const stopped = (): boolean => task.stop?.aborted === true;

  for (; epoch <= epochs && sinceBest < task.patience && !watch.gaveUp; epoch++, step = 0) {
    if (stopped() && step === 0) break;
    // Seeded by the epoch, so that a resumed run needs no generator state.
    const random = seededRandom(seed * 100_003 + epoch);
    const order = epochOrder(task.sampling ?? 'shuffle', train, rows, task.classes, random);
    const view = (epoch - 1) % Math.max(1, task.views);
    if (step === 0) sums = { loss: 0, right: 0, n: 0 };
    let rateFactor = 0;
    const batches = inBatches(order, batchSize);
    for await (const event of train.batches(view, batches.slice(step), signal)) {
      if (event.type === 'prepare') {
        yield { ...event, epoch };
        if (stopped()) break;
        continue;
      }
      const known = batchOf(train, batches[step] ?? [], task.classes);
      rateFactor = watch.rateFactor * schedule.factor((epoch - 1) * perEpoch + step);
      const batch = mixed(task, { values: event.values, ...known }, epoch, step);
      const result = trainStep(task, batch, rateFactor);
      step += 1;
      if (watch.after(result.loss, result.norm)) {
        goBack();
        yield { type: 'diverged', epoch, rateFactor: watch.rateFactor };
      } else {
        sums = {
          loss: sums.loss + result.loss * known.labels.length,
          right: sums.right + result.right,
          n: sums.n + known.labels.length,
        };
      }
      yield { type: 'batch', done: (epoch - 1) * perEpoch + step, total };
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      if (watch.gaveUp || stopped()) break;
      if (step % safeEvery === 0 && step < perEpoch && watch.healthy) {
        good = model.read();
        yield { type: 'safe', state };
      }
    }
    if (stopped() && step === 0) break;
    const own = model.read();
    const trained = own.slice();
    trained.set(optimizer.averaged() ?? []);
    model.write(trained);
    const validated = await judge(task, signal);
    const lost = task.val !== undefined && watch.isLost(validated.valLoss, atStart);
    if (lost) {
      goBack();
      yield { type: 'diverged', epoch, rateFactor: watch.rateFactor };
    } else {
      model.write(own);
      if (watch.healthy) good = own;
    }
    const record: TailEpoch = {
      epoch,
      rateFactor,
      trainLoss: sums.n === 0 ? Number.NaN : sums.loss / sums.n,
      trainAccuracy: sums.n === 0 ? Number.NaN : sums.right / sums.n,
      ...validated,
    };
    history.push(record);
    const now = { loss: validated.valLoss, accuracy: validated.valAccuracy };
    schedule.afterEpoch(watchedValue(metric, now));
    if (task.val === undefined ? !lost : isBetter(metric, now, best)) {
      best = { epoch, ...now };
      bestWeights = trained;
      sinceBest = 0;
    } else sinceBest += 1;
    yield { type: 'epoch', epoch: record };
    // What was stopped half-way is no epoch that others could go on from.
    if (good === own && !stopped()) {
      // Told as the start of the next epoch: that is where a resumed run goes on.
      const next = epoch + 1;
      yield { type: 'safe', state: () => ({ ...state(), epoch: next, step: 0 }) };
    }
  }
  yield { type: 'done', bestEpoch: best.epoch, weights: bestWeights, history };
}

async function judge(
  { model, val, classes, batchSize, objective }: TailTraining,
  signal: AbortSignal | undefined,
): Promise<{ valLoss: number; valAccuracy: number }> {
  if (val === undefined) return { valLoss: Number.NaN, valAccuracy: Number.NaN };
  const { loss, accuracy } = await judgeTail(model, val, classes, batchSize, objective, signal);
  return { valLoss: loss, valAccuracy: accuracy };
}

/** Seeded by epoch and step, so that a resumed run mixes as one that was never killed. */
function mixed({ mixing, seed, classes }: TailTraining, batch: Batch, epoch: number, step: number): Batch {
  if (mixing === undefined) return batch;
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(epoch, 0x85ebca6b) ^ (step + 1));
  return mixBatch(batch, classes, mixing, random);
}

/** What some photos are to be answered with. */
export function batchOf(
  { labels, targets }: Pick<BoundaryPhotos, 'labels' | 'targets'>,
  photos: readonly number[],
  outputs: number,
): Pick<Batch, 'labels' | 'targets'> {
  const own = photos.map((photo) => labels[photo] as number);
  if (targets === undefined) return { labels: own };
  const some = new Float32Array(photos.length * outputs);
  photos.forEach((photo, row) => {
    some.set(targets.subarray(photo * outputs, (photo + 1) * outputs), row * outputs);
  });
  return { labels: own, targets: some };
}

function vectorOf(state: TailState, name: string): Float32Array {
  const vector = state.vectors.get(name);
  if (vector === undefined) throw new Error(`The saved state has no "${name}".`);
  return vector;
}

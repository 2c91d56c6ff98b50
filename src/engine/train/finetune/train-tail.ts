import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { seededRandom, shuffled } from '../../data/random.ts';
import { cosineSchedule } from '../schedule.ts';
import { tf } from '../tf.ts';
import type { BoundaryPhotos } from './activations.ts';
import { judgeTail } from './judge.ts';
import type { FlatOptimizer, FlatState } from './flat-optimizer.ts';
import { readAndDispose } from './read-and-dispose.ts';
import type { TailModel } from './tail-model.ts';
import { DivergenceWatch } from './watch.ts';
import type { WatchState } from './watch.ts';

export interface TailTraining {
  readonly model: TailModel;
  readonly optimizer: FlatOptimizer;
  readonly classes: number;
  readonly train: BoundaryPhotos;
  /** Watched after every epoch, in its plain view; absent: the last epoch's weights are kept. */
  readonly val?: BoundaryPhotos;
  readonly epochs: number;
  readonly batchSize: number;
  /** Share of the steps spent warming up, 0..1. */
  readonly warmup: number;
  /** Share of each target that is spread over all classes (Szegedy et al. 2016), 0..1. */
  readonly labelSmoothing: number;
  /** Epochs without a better validation loss before training stops. */
  readonly patience: number;
  /** Views that the epochs take turns with: 1 is the plain one alone. */
  readonly views: number;
  readonly seed: number;
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
  /** After calibration, in nats; NaN without validation photos. */
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
  readonly best: { readonly epoch: number; readonly loss: number };
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
 * Trains the tail of a backbone and its head with softmax cross-entropy: mini-batches in a seeded order, warm-up and
 * cosine schedule. The weights of the best epoch are given back, and the head alone (epoch 0) counts as one. When
 * training diverges it goes back to the last good weights and on at half the rates.
 *
 * @throws the signal's reason, within a batch of its abort
 */
export async function* trainTail(task: TailTraining, signal?: AbortSignal): AsyncGenerator<TailEvent, void> {
  const { model, optimizer, train, epochs, batchSize, seed } = task;
  const watch = new DivergenceWatch(task.classes);
  const rows = train.labels.length;
  const perEpoch = Math.ceil(rows / batchSize);
  const total = epochs * perEpoch;
  let history: TailEpoch[] = [];
  let best = { epoch: 0, loss: Number.POSITIVE_INFINITY };
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
  }
  if (task.val !== undefined) yield* prepareAll(task.val, 0, 0, signal);
  if (resume === undefined) {
    const start = judge(task);
    history.push({ epoch: 0, rateFactor: 0, trainLoss: Number.NaN, trainAccuracy: Number.NaN, ...start });
    if (task.val !== undefined) best = { epoch: 0, loss: start.valLoss };
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
    const order = shuffled(Array(rows).keys(), seededRandom(seed * 100_003 + epoch));
    const view = (epoch - 1) % Math.max(1, task.views);
    if (step === 0) sums = { loss: 0, right: 0, n: 0 };
    let rateFactor = 0;
    const segment = Math.max(batchSize, train.atOnce - (train.atOnce % batchSize));
    const whole = train.atOnce >= rows;
    let prepared = -1;
    while (step < perEpoch && !watch.gaveUp && !stopped()) {
      const part = whole ? 0 : Math.floor((step * batchSize) / segment);
      if (part !== prepared) {
        // In one order, whatever the epoch's, where a view can be kept: it is then computed once.
        const photos = whole ? [...Array(rows).keys()] : order.slice(part * segment, (part + 1) * segment);
        for await (const { done, total: of } of train.prepare(view, photos, signal))
          yield { type: 'prepare', epoch, done, total: of };
        prepared = part;
      }
      const photos = order.slice(step * batchSize, (step + 1) * batchSize);
      rateFactor = watch.rateFactor * cosineSchedule((epoch - 1) * perEpoch + step, total, task.warmup);
      const result = trainStep(task, view, photos, rateFactor);
      step += 1;
      if (watch.after(result.loss, result.norm)) {
        goBack();
        yield { type: 'diverged', epoch, rateFactor: watch.rateFactor };
      } else {
        sums = {
          loss: sums.loss + result.loss * photos.length,
          right: sums.right + result.right,
          n: sums.n + photos.length,
        };
      }
      yield { type: 'batch', done: (epoch - 1) * perEpoch + step, total };
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      if (step % safeEvery === 0 && step < perEpoch && watch.healthy) {
        good = model.read();
        yield { type: 'safe', state };
      }
    }
    if (stopped() && step === 0) break;
    const trained = optimizer.averaged() ?? model.read();
    const own = model.read();
    model.write(trained);
    const validated = judge(task);
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
    if (task.val === undefined ? !lost : validated.valLoss < best.loss) {
      best = { epoch, loss: validated.valLoss };
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

async function* prepareAll(
  photos: BoundaryPhotos,
  view: number,
  epoch: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<TailEvent, void> {
  const all = [...photos.labels.keys()];
  for await (const { done, total } of photos.prepare(view, all, signal))
    yield { type: 'prepare', epoch, done, total };
}

function judge({ model, val, classes, batchSize }: TailTraining): { valLoss: number; valAccuracy: number } {
  if (val === undefined) return { valLoss: Number.NaN, valAccuracy: Number.NaN };
  const { loss, accuracy } = judgeTail(model, val, classes, batchSize);
  return { valLoss: loss, valAccuracy: accuracy };
}

function vectorOf(state: TailState, name: string): Float32Array {
  const vector = state.vectors.get(name);
  if (vector === undefined) throw new Error(`The saved state has no "${name}".`);
  return vector;
}

/** One step of the optimizer on a batch. */
function trainStep(
  { model, optimizer, train, classes, labelSmoothing }: TailTraining,
  view: number,
  photos: readonly number[],
  rateFactor: number,
): { loss: number; norm: number; right: number } {
  const n = photos.length;
  const values = train.gather(view, photos);
  const targets = new Float32Array(n * classes).fill(labelSmoothing / classes);
  photos.forEach((photo, i) => {
    const at = i * classes + (train.labels[photo] as number);
    targets[at] = (targets[at] as number) + 1 - labelSmoothing;
  });
  const all = tf.tidy(() => {
    const x = tf.tensor2d(values, [n, values.length / n]);
    const wanted = tf.tensor2d(targets, [n, classes]);
    const variables = model.parts.map(({ variable }) => variable);
    let answers: Tensor2D | undefined;
    try {
      const { value, grads } = tf.variableGrads(() => {
        const z = tf.keep(model.logits(x));
        answers = z;
        return tf.neg(tf.div(tf.sum<Scalar>(tf.mul(tf.logSoftmax(z), wanted)), n));
      }, variables);
      const length = optimizer.step(grads, rateFactor);
      const z = answers;
      if (z === undefined) throw new Error('The step computed no answers.');
      return tf.concat1d([tf.reshape(value, [1]), tf.reshape(length, [1]), tf.reshape(z, [n * classes])]);
    } finally {
      answers?.dispose();
    }
  });
  // One read of all that is wanted, so that the step is computed in one go.
  const read = readAndDispose(all);
  const [loss = Number.NaN, norm = Number.NaN] = read;
  const logits = read.subarray(2);
  let right = 0;
  photos.forEach((photo, i) => {
    const own = logits.subarray(i * classes, (i + 1) * classes);
    if (own.indexOf(Math.max(...own)) === train.labels[photo]) right += 1;
  });
  return { loss, norm, right };
}

/**
 * Times steps of a training; weights and optimizer are as before afterwards.
 *
 * @param photos a batch whose plain view was prepared
 * @param steps to time, after one that compiles
 * @returns seconds a step
 */
export function secondsPerStep(task: TailTraining, photos: readonly number[], steps: number): number {
  const { model, optimizer } = task;
  const weights = model.read();
  trainStep(task, 0, photos, 0);
  const started = performance.now();
  for (let step = 0; step < steps; step++) trainStep(task, 0, photos, 0);
  const seconds = (performance.now() - started) / 1000 / steps;
  model.write(weights);
  optimizer.reset(weights);
  return seconds;
}

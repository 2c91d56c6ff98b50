import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import type { OptimizerKind } from '../../contract/train.ts';
import { seededRandom, shuffled } from '../data/random.ts';
import { argmax } from '../evaluate/confusion.ts';
import type { Weight } from '../graph/graph.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import { createHead } from './head-model.ts';
import type { HeadGroup, HeadModel, HeadWeights } from './head-model.ts';
import { createOptimizer } from './optimizer.ts';
import type { Optimizer } from './optimizer.ts';
import { cosineSchedule } from './schedule.ts';
import { tf } from './tf.ts';

export interface HeadTraining {
  readonly train: FeatureMatrix;
  /** Watched after every epoch; absent: the last epoch's weights are kept. */
  readonly val?: FeatureMatrix;
  readonly classes: number;
  readonly hidden: readonly number[];
  readonly groups: readonly HeadGroup[];
  readonly optimizer: OptimizerKind;
  /** At the peak of the schedule. */
  readonly learningRate: number;
  /** Share of the steps spent warming up, 0..1. */
  readonly warmup: number;
  readonly batchSize: number;
  readonly epochs: number;
  /** Epochs without a better validation loss in any group before training stops. */
  readonly patience: number;
  readonly seed: number;
  /** Epochs from one look at the validation photos to the next; the last epoch always has one. Default 1. */
  readonly checkEvery?: number;
  /** Where a killed run had got to; goes on from there to the same bits. */
  readonly resume?: HeadState | undefined;
  /** Aborted to end early, with the best weights of the epochs that were finished: one at least. */
  readonly stop?: AbortSignal | undefined;
}

/** How one group does. */
export interface GroupProgress {
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** NaN without validation photos. */
  readonly valLoss: number;
  readonly valAccuracy: number;
}

/** All it takes to go on after an epoch. */
export interface HeadState {
  readonly epoch: number;
  readonly sinceBest: number;
  readonly optimizerSteps: number;
  readonly best: readonly { readonly epoch: number; readonly loss: number }[];
  readonly history: readonly HeadEpoch[];
  /** Weights, optimizer moments and each group's best weights, by name. */
  readonly tensors: ReadonlyMap<string, Weight>;
}

export interface HeadEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly groups: readonly GroupProgress[];
}

export interface TrainedHead {
  readonly weights: HeadWeights;
  /** The epoch these weights come from, from 1. */
  readonly bestEpoch: number;
  /** Validation loss of that epoch, in nats; NaN without validation photos. */
  readonly valLoss: number;
}

export type HeadEvent =
  | { readonly type: 'batch'; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly type: 'epoch'; readonly epoch: HeadEpoch; readonly state: () => HeadState }
  | { readonly type: 'done'; readonly heads: readonly TrainedHead[]; readonly history: readonly HeadEpoch[] };

/** The UI, signals and timers get their turn at least this often (ms). */
const turn = 40;

/**
 * Trains one or more heads side by side on the same features with softmax cross-entropy, mini-batches in a
 * seeded order, cosine schedule, early stopping, and the best epoch's weights given back.
 *
 * @throws the signal's reason, within a batch of its abort
 */
export async function* trainHeads(task: HeadTraining, signal?: AbortSignal): AsyncGenerator<HeadEvent, void> {
  const { train, val, classes, groups, epochs } = task;
  const head = createHead(train.columns, classes, task.hidden, groups, task.seed);
  let made: Optimizer | undefined;
  try {
    const optimizer = (made = createOptimizer(task.optimizer, head.trained));
    const progress = new Best(head, groups.length, val !== undefined);
    const history: HeadEpoch[] = [];
    let first = 1;
    if (task.resume !== undefined) {
      head.restore(task.resume.tensors);
      optimizer.restore({ steps: task.resume.optimizerSteps, tensors: task.resume.tensors });
      progress.restore(task.resume);
      history.push(...task.resume.history);
      first = task.resume.epoch + 1;
    }
    const stepsPerEpoch = Math.ceil(train.rows / task.batchSize);
    let lastTurn = performance.now();

    const stopped = (): boolean => task.stop?.aborted === true && history.length > 0;

    for (let epoch = first; epoch <= epochs && progress.sinceBest < task.patience; epoch++) {
      if (stopped()) break;
      // Seeded by the epoch, so that a resumed run needs no generator state.
      const order = shuffled(Array(train.rows).keys(), seededRandom(task.seed * 100_003 + epoch));
      const sums = {
        loss: new Float64Array(groups.length),
        right: new Float64Array(groups.length),
        n: new Float64Array(groups.length),
      };
      let learningRate = 0;
      for (let step = 0; step < stepsPerEpoch; step++) {
        const rows = order.slice(step * task.batchSize, (step + 1) * task.batchSize);
        learningRate =
          task.learningRate *
          cosineSchedule((epoch - 1) * stepsPerEpoch + step, epochs * stepsPerEpoch, task.warmup);
        trainStep(head, optimizer, task, rows, learningRate, sums);
        if (performance.now() - lastTurn > turn) {
          yield {
            type: 'batch',
            epoch,
            done: (epoch - 1) * stepsPerEpoch + step + 1,
            total: epochs * stepsPerEpoch,
          };
          await new Promise((resolve) => setImmediate(resolve));
          lastTurn = performance.now();
        }
        signal?.throwIfAborted();
        if (stopped()) break;
      }
      // Half an epoch's weights were never looked at.
      if (stopped()) break;
      const due = epoch % (task.checkEvery ?? 1) === 0 || epoch === epochs;
      const validated = val === undefined || !due ? undefined : evaluateHeads(head, val, classes, groups);
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
      yield {
        type: 'epoch',
        epoch: record,
        state: () => ({
          epoch,
          sinceBest: progress.sinceBest,
          optimizerSteps: optimizer.state().steps,
          best: progress.marks(),
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

interface Sums {
  readonly loss: Float64Array;
  readonly right: Float64Array;
  readonly n: Float64Array;
}

function trainStep(
  head: HeadModel,
  optimizer: Optimizer,
  { train, classes, groups }: HeadTraining,
  rows: readonly number[],
  learningRate: number,
  sums: Sums,
): void {
  const n = rows.length;
  const k = groups.length;
  const x = new Float32Array(n * train.columns);
  const targets = new Float32Array(n * classes);
  const weights = new Float32Array(n * k);
  rows.forEach((row, i) => {
    x.set(train.data.subarray(row * train.columns, (row + 1) * train.columns), i * train.columns);
    targets[i * classes + (train.labels[row] as number)] = 1;
    for (let g = 0; g < k; g++) weights[i * k + g] = groups[g]?.mask?.[row] ?? 1;
  });
  const counted = new Float32Array(k);
  for (let i = 0; i < n * k; i++) counted[i % k] = (counted[i % k] as number) + (weights[i] as number);
  const shares = weights.map((weight, i) => weight / Math.max(1, counted[i % k] as number));

  tf.tidy(() => {
    const features = tf.tensor2d(x, [n, train.columns]);
    const wanted = tf.tensor3d(targets, [n, 1, classes]);
    const share = tf.tensor2d(shares, [n, k]);
    let losses: Tensor2D | undefined;
    let logits: Tensor2D | undefined;
    const variables = head.trained.map(({ variable }) => variable);
    try {
      const { grads } = tf.variableGrads(() => {
        logits = tf.keep(head.forward(features));
        const logProbabilities = tf.logSoftmax(tf.reshape(logits, [n, k, classes]), 2);
        losses = tf.keep(tf.neg(tf.sum<Tensor2D>(tf.mul(logProbabilities, wanted), 2)));
        return tf.sum<Scalar>(tf.mul(losses, share));
      }, variables);
      optimizer.step(head.maskGradients(grads), learningRate);
      if (losses === undefined || logits === undefined) return;
      addUp(sums, losses.dataSync<'float32'>(), logits.dataSync<'float32'>(), weights, targets, classes);
    } finally {
      losses?.dispose();
      logits?.dispose();
    }
  });
}

function addUp(
  sums: Sums,
  losses: Float32Array,
  logits: Float32Array,
  weights: Float32Array,
  targets: Float32Array,
  classes: number,
): void {
  const k = sums.n.length;
  for (let i = 0; i < losses.length; i++) {
    if (weights[i] === 0) continue;
    const g = i % k;
    const row = (i - g) / k;
    sums.n[g] = (sums.n[g] as number) + 1;
    sums.loss[g] = (sums.loss[g] as number) + (losses[i] as number);
    const best = argmax(logits, i * classes, classes);
    sums.right[g] = (sums.right[g] as number) + (targets[row * classes + best] as number);
  }
}

/** Mean loss (nats) and accuracy of every group on a matrix of features. */
function evaluateHeads(
  head: HeadModel,
  matrix: FeatureMatrix,
  classes: number,
  groups: readonly HeadGroup[],
): { loss: number; accuracy: number }[] {
  const totals = groups.map(() => ({ loss: 0, right: 0, n: 0 }));
  const chunk = 512;
  for (let start = 0; start < matrix.rows; start += chunk) {
    const n = Math.min(chunk, matrix.rows - start);
    const logits = tf.tidy(() => {
      const rows = matrix.data.subarray(start * matrix.columns, (start + n) * matrix.columns);
      return head.forward(tf.tensor2d(rows, [n, matrix.columns])).dataSync<'float32'>();
    });
    for (let i = 0; i < n; i++) {
      const label = matrix.labels[start + i] as number;
      totals.forEach((total, g) => {
        if (groups[g]?.valMask?.[start + i] === 0) return;
        const at = (i * groups.length + g) * classes;
        const best = argmax(logits, at, classes);
        const top = logits[at + best] as number;
        let sum = 0;
        for (let c = 0; c < classes; c++) sum += Math.exp((logits[at + c] as number) - top);
        total.n += 1;
        total.loss += Math.log(sum) + top - (logits[at + label] as number);
        if (best === label) total.right += 1;
      });
    }
  }
  return totals.map(({ loss, right, n }) => ({ loss: loss / n, accuracy: right / n }));
}

/** Remembers each group's best weights. */
class Best {
  readonly #head: HeadModel;
  readonly #validated: boolean;
  readonly #groups: { epoch: number; loss: number; weights: HeadWeights | undefined }[];
  /** Epochs since any group got better. */
  sinceBest = 0;

  constructor(head: HeadModel, groups: number, validated: boolean) {
    this.#head = head;
    this.#validated = validated;
    this.#groups = Array.from({ length: groups }, () => ({
      epoch: 0,
      loss: Number.POSITIVE_INFINITY,
      weights: undefined,
    }));
  }

  after(epoch: HeadEpoch): void {
    let better = false;
    this.#groups.forEach((group, k) => {
      const loss = epoch.groups[k]?.valLoss ?? Number.NaN;
      if (this.#validated && !(loss < group.loss)) return;
      Object.assign(group, { epoch: epoch.epoch, loss, weights: this.#head.weights(k) });
      better = true;
    });
    this.sinceBest = better ? 0 : this.sinceBest + 1;
  }

  heads(): TrainedHead[] {
    return this.#groups.map(({ epoch, loss, weights }, k) => ({
      weights: weights ?? this.#head.weights(k),
      bestEpoch: epoch,
      valLoss: loss,
    }));
  }

  marks(): { epoch: number; loss: number }[] {
    return this.#groups.map(({ epoch, loss }) => ({ epoch, loss }));
  }

  tensors(): [string, Weight][] {
    return this.#groups.flatMap(({ weights }, k) =>
      (weights?.layers ?? []).flatMap(({ kernel, bias }, index): [string, Weight][] => [
        [`best/${k}/${index}/kernel`, kernel],
        [`best/${k}/${index}/bias`, bias],
      ]),
    );
  }

  restore(state: HeadState): void {
    this.sinceBest = state.sinceBest;
    this.#groups.forEach((group, k) => {
      const mark = state.best[k];
      const layers: { kernel: Weight; bias: Weight }[] = [];
      for (;;) {
        const kernel = state.tensors.get(`best/${k}/${layers.length}/kernel`);
        const bias = state.tensors.get(`best/${k}/${layers.length}/bias`);
        if (kernel === undefined || bias === undefined) break;
        layers.push({ kernel, bias });
      }
      Object.assign(group, { ...mark, weights: layers.length === 0 ? undefined : { layers } });
    });
  }
}

/** One step of fine-tuning. */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { isRight } from '../judge-answer.ts';
import { lossTensor } from '../losses.ts';
import type { Objective } from '../losses.ts';
import { wantedOf } from '../targets.ts';
import { tf } from '../tf.ts';
import type { FlatOptimizer } from './flat-optimizer.ts';
import { readAndDispose } from './read-and-dispose.ts';
import type { TailModel } from './tail-model.ts';

export interface StepTask {
  readonly model: TailModel;
  readonly optimizer: FlatOptimizer;
  readonly classes: number;
  readonly batchSize: number;
  readonly objective: Objective;
  /** Photos that pass through the tail at a time; larger batches are taken in parts, whose gradients are added up. */
  readonly atOnce: number;
}

/** Photos to learn from in one step. */
export interface Batch {
  /** At the freeze boundary, [photos, dimension]. */
  readonly values: Float32Array;
  /** Class index of each photo. */
  readonly labels: readonly number[];
  /** [photos, outputs], where the class doesn't say it all. */
  readonly targets?: Float32Array;
}

export interface StepResult {
  /** Mean loss over the batch. */
  readonly loss: number;
  /** Length of the gradient before clipping. */
  readonly norm: number;
  /** Photos whose answer was right before the step; NaN where no answer ever is quite right. */
  readonly right: number;
}

/** One step of the optimizer on a batch. */
export function trainStep(task: StepTask, batch: Batch, rateFactor: number): StepResult {
  const size = partSize(task.batchSize, task.atOnce);
  if (size >= task.batchSize) return wholeStep(task, batch, rateFactor);
  const { optimizer } = task;
  const n = batch.labels.length;
  let [loss, right] = [0, 0];
  for (let start = 0; start < n; start += size) {
    const some = Math.min(size, n - start);
    const part = tf.tidy(() => {
      const { value, grads, answers } = gradients(task, padded(batch, start, size), n, start / size);
      optimizer.add(grads);
      return tf.concat1d([tf.reshape(value, [1]), answers]);
    });
    const read = readAndDispose(part);
    loss += read[0] as number;
    right += countRight(task, read.subarray(1), slice(batch, start, some));
  }
  const [norm = Number.NaN] = readAndDispose(tf.tidy(() => optimizer.step(undefined, rateFactor)));
  return { loss, norm, right };
}

function wholeStep(task: StepTask, batch: Batch, rateFactor: number): StepResult {
  const all = tf.tidy(() => {
    const { value, grads, answers } = gradients(task, batch, batch.labels.length, 0);
    const norm = task.optimizer.step(grads, rateFactor);
    return tf.concat1d([tf.reshape(value, [1]), tf.reshape(norm, [1]), answers]);
  });
  // One read of all that is wanted, so that the step is computed in one go.
  const read = readAndDispose(all);
  const [loss = Number.NaN, norm = Number.NaN] = read;
  return { loss, norm, right: countRight(task, read.subarray(2), batch) };
}

/**
 * The loss of some photos of a batch and its gradients; call it in a tidy.
 *
 * @param labels below 0: the photo is there to fill up, and changes nothing
 * @param n photos in the whole batch, whose mean loss is wanted
 * @param part of the batch that they are
 * @returns answers: logits, flat
 */
function gradients(
  { model, optimizer, classes, objective }: StepTask,
  { values, ...known }: Batch,
  n: number,
  part: number,
): { value: Scalar; grads: ReturnType<typeof tf.variableGrads>['grads']; answers: Tensor1D } {
  const rows = known.labels.length;
  const x = tf.tensor2d(values, [rows, values.length / rows]);
  const loss = lossOf(objective, known, classes, n);
  const variables = model.parts.map(({ variable }) => variable);
  let answers: Tensor2D | undefined;
  try {
    const { value, grads } = tf.variableGrads(() => {
      const z = tf.keep(model.logits(x, { step: optimizer.steps, part }));
      answers = z;
      return loss(z);
    }, variables);
    const z = answers;
    if (z === undefined) throw new Error('The step computed no answers.');
    return { value, grads, answers: tf.reshape(z, [rows * classes]) };
  } finally {
    answers?.dispose();
  }
}

/** The loss of some photos' answers, divided by `n`; call it in a tidy. */
function lossOf(
  objective: Objective,
  known: Pick<Batch, 'labels' | 'targets'>,
  classes: number,
  n: number,
): (answers: Tensor2D) => Scalar {
  const rows = known.labels.length;
  const { targets, rowWeights, labelWeights } = wantedOf(
    objective,
    { ...known, labels: Int32Array.from(known.labels) },
    [...known.labels.keys()],
    classes,
  );
  const shares = Float32Array.from(known.labels, (label, row) => (label < 0 ? 0 : (rowWeights?.[row] ?? 1)));
  if (objective.task === 'single-label' && objective.loss.kind === 'cross-entropy') {
    // The sum of it all in one go: what counts more or not at all has targets that are.
    const wanted = tf.tensor2d(
      targets.map((target, at) => target * (shares[Math.floor(at / classes)] as number)),
      [rows, classes],
    );
    return (z) => tf.neg(tf.div(tf.sum<Scalar>(tf.mul(tf.logSoftmax(z), wanted)), n));
  }
  const wanted = tf.tensor2d(targets, [rows, classes]);
  const each = labelWeights === undefined ? undefined : tf.tensor2d(labelWeights, [rows, classes]);
  const share = tf.tensor1d(shares);
  return (z) => tf.div(tf.sum<Scalar>(tf.mul(lossTensor(z, wanted, objective, each), share)), n);
}

/**
 * Photos in a part of a batch, such that all parts are of one size: another size would be another graph, compiled for
 * itself and with memory of its own.
 */
export function partSize(batchSize: number, atOnce: number): number {
  return Math.ceil(batchSize / Math.ceil(batchSize / Math.max(1, atOnce)));
}

/** `size` photos of a batch; where there are no more, its first stands in without a label. */
function padded(batch: Batch, start: number, size: number): Batch {
  const part = slice(batch, start, size);
  const rows = part.labels.length;
  if (rows === size) return part;
  const fill = (numbers: Float32Array): Float32Array => {
    const each = numbers.length / batch.labels.length;
    const filled = new Float32Array(size * each);
    filled.set(numbers.subarray(start * each));
    for (let i = rows; i < size; i++) filled.set(numbers.subarray(0, each), i * each);
    return filled;
  };
  return {
    values: fill(batch.values),
    labels: [...part.labels, ...Array<number>(size - rows).fill(-1)],
    ...(batch.targets === undefined ? {} : { targets: fill(batch.targets) }),
  };
}

/** Some photos of a batch: fewer than `count` where there are no more. */
function slice({ values, labels, targets }: Batch, start: number, count: number): Batch {
  const part = (numbers: Float32Array): Float32Array => {
    const each = numbers.length / labels.length;
    return numbers.subarray(start * each, (start + count) * each);
  };
  return {
    values: part(values),
    labels: labels.slice(start, start + count),
    ...(targets === undefined ? {} : { targets: part(targets) }),
  };
}

function countRight(
  { objective, classes }: StepTask,
  logits: Float32Array,
  { labels, targets }: Batch,
): number {
  const known = { labels: Int32Array.from(labels), ...(targets === undefined ? {} : { targets }) };
  return labels.reduce(
    (sum, _, row) => sum + isRight(objective, logits, row * classes, known, row, classes),
    0,
  );
}

/**
 * Times steps of a training; weights and optimizer are as before afterwards.
 *
 * @param steps to time, after one that compiles
 * @returns seconds a step
 */
export function secondsPerStep(task: StepTask, batch: Batch, steps: number): number {
  const { model, optimizer } = task;
  const weights = model.read();
  trainStep(task, batch, 0);
  const started = performance.now();
  for (let step = 0; step < steps; step++) trainStep(task, batch, 0);
  const seconds = (performance.now() - started) / 1000 / steps;
  model.write(weights);
  optimizer.reset(weights);
  return seconds;
}

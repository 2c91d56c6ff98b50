/** One step of fine-tuning. */
import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { argmaxRows } from '../../evaluate/confusion.ts';
import { tf } from '../tf.ts';
import type { FlatOptimizer } from './flat-optimizer.ts';
import { readAndDispose } from './read-and-dispose.ts';
import type { TailModel } from './tail-model.ts';

export interface StepTask {
  readonly model: TailModel;
  readonly optimizer: FlatOptimizer;
  readonly classes: number;
  readonly batchSize: number;
  /** Share of each target that is spread over all classes (Szegedy et al. 2016), 0..1. */
  readonly labelSmoothing: number;
  /** Photos that pass through the tail at a time; larger batches are taken in parts, whose gradients are added up. */
  readonly atOnce: number;
}

/** Photos to learn from in one step. */
export interface Batch {
  /** At the freeze boundary, [photos, dimension]. */
  readonly values: Float32Array;
  /** Class index of each photo. */
  readonly labels: readonly number[];
}

export interface StepResult {
  /** Mean cross-entropy over the batch, in nats. */
  readonly loss: number;
  /** Length of the gradient before clipping. */
  readonly norm: number;
  /** Photos whose class was the likeliest before the step. */
  readonly right: number;
}

/** One step of the optimizer on a batch. */
export function trainStep(task: StepTask, batch: Batch, rateFactor: number): StepResult {
  const size = partSize(task.batchSize, task.atOnce);
  if (size >= task.batchSize) return wholeStep(task, batch, rateFactor);
  const { optimizer, classes } = task;
  const n = batch.labels.length;
  let [loss, right] = [0, 0];
  for (let start = 0; start < n; start += size) {
    const some = Math.min(size, n - start);
    const part = tf.tidy(() => {
      const { value, grads, answers } = gradients(task, padded(batch, start, size), n);
      optimizer.add(grads);
      return tf.concat1d([tf.reshape(value, [1]), answers]);
    });
    const read = readAndDispose(part);
    loss += read[0] as number;
    right += countRight(read.subarray(1), batch.labels.slice(start, start + some), classes);
  }
  const [norm = Number.NaN] = readAndDispose(tf.tidy(() => optimizer.step(undefined, rateFactor)));
  return { loss, norm, right };
}

function wholeStep(task: StepTask, batch: Batch, rateFactor: number): StepResult {
  const all = tf.tidy(() => {
    const { value, grads, answers } = gradients(task, batch, batch.labels.length);
    const norm = task.optimizer.step(grads, rateFactor);
    return tf.concat1d([tf.reshape(value, [1]), tf.reshape(norm, [1]), answers]);
  });
  // One read of all that is wanted, so that the step is computed in one go.
  const read = readAndDispose(all);
  const [loss = Number.NaN, norm = Number.NaN] = read;
  return { loss, norm, right: countRight(read.subarray(2), batch.labels, task.classes) };
}

/**
 * The loss of some photos of a batch and its gradients; call it in a tidy.
 *
 * @param labels below 0: the photo is there to fill up, and changes nothing
 * @param n photos in the whole batch, whose mean loss is wanted
 * @returns answers: logits, flat
 */
function gradients(
  { model, classes, labelSmoothing }: StepTask,
  { values, labels }: Batch,
  n: number,
): { value: Scalar; grads: ReturnType<typeof tf.variableGrads>['grads']; answers: Tensor1D } {
  const rows = labels.length;
  const targets = new Float32Array(rows * classes);
  labels.forEach((label, i) => {
    if (label < 0) return;
    targets.fill(labelSmoothing / classes, i * classes, (i + 1) * classes);
    const at = i * classes + label;
    targets[at] = (targets[at] as number) + 1 - labelSmoothing;
  });
  const x = tf.tensor2d(values, [rows, values.length / rows]);
  const wanted = tf.tensor2d(targets, [rows, classes]);
  const variables = model.parts.map(({ variable }) => variable);
  let answers: Tensor2D | undefined;
  try {
    const { value, grads } = tf.variableGrads(() => {
      const z = tf.keep(model.logits(x));
      answers = z;
      return tf.neg(tf.div(tf.sum<Scalar>(tf.mul(tf.logSoftmax(z), wanted)), n));
    }, variables);
    const z = answers;
    if (z === undefined) throw new Error('The step computed no answers.');
    return { value, grads, answers: tf.reshape(z, [rows * classes]) };
  } finally {
    answers?.dispose();
  }
}

/**
 * Photos in a part of a batch, such that all parts are of one size: another size would be another graph, compiled for
 * itself and with memory of its own.
 */
export function partSize(batchSize: number, atOnce: number): number {
  return Math.ceil(batchSize / Math.ceil(batchSize / Math.max(1, atOnce)));
}

/** `size` photos of a batch; where there are no more, its first stands in without a label. */
function padded({ values, labels }: Batch, start: number, size: number): Batch {
  const dimension = values.length / labels.length;
  const part = values.subarray(start * dimension, (start + size) * dimension);
  const missing = size - part.length / dimension;
  if (missing === 0) return { values: part, labels: labels.slice(start, start + size) };
  const filled = new Float32Array(size * dimension);
  filled.set(part);
  for (let i = size - missing; i < size; i++) filled.set(values.subarray(0, dimension), i * dimension);
  return { values: filled, labels: [...labels.slice(start), ...Array<number>(missing).fill(-1)] };
}

function countRight(logits: Float32Array, labels: readonly number[], classes: number): number {
  const best = argmaxRows(logits, classes);
  return labels.filter((label, row) => best[row] === label).length;
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

import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import { argmax } from '../evaluate/confusion.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import type { HeadGroup, HeadModel } from './head-model.ts';
import type { HeadTraining } from './head-training.ts';
import type { Optimizer } from './optimizer.ts';
import { tf } from './tf.ts';

/** What the steps of one epoch added up to, one number a group. */
export interface Sums {
  readonly loss: Float64Array;
  readonly right: Float64Array;
  readonly n: Float64Array;
}

/** Learns from some rows: forward, loss, gradients, one step of the optimizer; adds the batch to `sums`. */
export function trainStep(
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
export function evaluateHeads(
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

import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core';
import type { FeatureMatrix } from './feature-matrix.ts';
import type { HeadGroup, HeadModel } from './head-model.ts';
import type { HeadTraining } from './head-training.ts';
import type { Optimizer } from './optimizer.ts';
import { isRight, judgedLoss } from './judge-answer.ts';
import { crossEntropy, lossTensor } from './losses.ts';
import type { Objective } from './losses.ts';
import { wantedOf } from './targets.ts';
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
  { train, classes, groups, objective = crossEntropy }: HeadTraining,
  rows: readonly number[],
  learningRate: number,
  sums: Sums,
): void {
  const n = rows.length;
  const k = groups.length;
  const x = new Float32Array(n * train.columns);
  const weights = new Float32Array(n * k);
  rows.forEach((row, i) => {
    x.set(train.data.subarray(row * train.columns, (row + 1) * train.columns), i * train.columns);
    for (let g = 0; g < k; g++) weights[i * k + g] = groups[g]?.mask?.[row] ?? 1;
  });
  const counted = new Float32Array(k);
  for (let i = 0; i < n * k; i++) counted[i % k] = (counted[i % k] as number) + (weights[i] as number);
  const { targets, rowWeights, labelWeights } = wantedOf(objective, train, rows, classes);
  if (rowWeights !== undefined)
    weights.forEach((weight, i) => (weights[i] = weight * (rowWeights[Math.floor(i / k)] as number)));
  const shares = weights.map((weight, i) => weight / Math.max(1, counted[i % k] as number));

  tf.tidy(() => {
    const features = tf.tensor2d(x, [n, train.columns]);
    const wanted = tf.tensor3d(targets, [n, 1, classes]);
    const each = labelWeights === undefined ? undefined : tf.tensor3d(labelWeights, [n, 1, classes]);
    const share = tf.tensor2d(shares, [n, k]);
    let losses: Tensor2D | undefined;
    let logits: Tensor2D | undefined;
    const variables = head.trained.map(({ variable }) => variable);
    try {
      const { grads } = tf.variableGrads(() => {
        logits = tf.keep(head.forward(features, optimizer.steps));
        losses = tf.keep(
          lossTensor(tf.reshape(logits, [n, k, classes]), wanted, objective, each) as Tensor2D,
        );
        return tf.sum<Scalar>(tf.mul(losses, share));
      }, variables);
      optimizer.step(head.maskGradients(grads), learningRate);
      if (losses === undefined || logits === undefined) return;
      const answers = logits.dataSync<'float32'>();
      const right = (i: number): number =>
        isRight(objective, answers, i * classes, train, rows[Math.floor(i / k)] as number, classes);
      addUp(sums, losses.dataSync<'float32'>(), weights, right);
    } finally {
      losses?.dispose();
      logits?.dispose();
    }
  });
}

/** @param right 1 where the answer of that number is right */
function addUp(sums: Sums, losses: Float32Array, weights: Float32Array, right: (i: number) => number): void {
  const k = sums.n.length;
  for (let i = 0; i < losses.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    const g = i % k;
    sums.n[g] = (sums.n[g] as number) + 1;
    sums.loss[g] = (sums.loss[g] as number) + weight * (losses[i] as number);
    sums.right[g] = (sums.right[g] as number) + right(i);
  }
}

/** Mean loss (nats, or squared deviations and the like) and accuracy of every group on a matrix of features. */
export function evaluateHeads(
  head: HeadModel,
  matrix: FeatureMatrix,
  classes: number,
  groups: readonly HeadGroup[],
  objective: Objective = crossEntropy,
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
      const row = start + i;
      totals.forEach((total, g) => {
        if (groups[g]?.valMask?.[row] === 0) return;
        const at = (i * groups.length + g) * classes;
        total.n += 1;
        total.loss += judgedLoss(objective, logits, at, matrix, row, classes);
        total.right += isRight(objective, logits, at, matrix, row, classes);
      });
    }
  }
  return totals.map(({ loss, right, n }) => ({ loss: loss / n, accuracy: right / n }));
}

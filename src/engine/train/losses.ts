/**
 * What training makes small: each loss as a tensor that TensorFlow.js can differentiate, and in plain float64 for
 * judging. Both are finite for every finite answer: they are computed from logits, never from rounded probabilities.
 *
 * With p = softmax(z) or sigmoid(z), t the target and z the answer:
 *
 *   cross-entropy         -sum t log p
 *   binary-cross-entropy  mean over labels of -(t log p + (1 - t) log(1 - p))
 *   focal                 the same two with the factor (1 - p)^gamma before log p, and p^gamma before log(1 - p)
 *                         (Lin et al. 2017, "Focal Loss for Dense Object Detection"); gamma 0 is cross-entropy
 *   mse, mae              (z - t)^2, |z - t|
 *   huber                 (z - t)^2 / 2 where |z - t| <= delta, else delta (|z - t| - delta / 2) (Huber 1964)
 */
import type { GradSaveFunc, Tensor } from '@tensorflow/tfjs-core';
import { usualGamma } from '../../contract/losses.ts';
import type { LossSpec } from '../../contract/losses.ts';
import type { Task } from '../../contract/project.ts';
import { softplus } from '../evaluate/logistic.ts';
import { tf } from './tf.ts';

/** What is made small, once everything is settled. */
export interface Objective {
  readonly task: Task;
  /** For huber with its delta, in the units that the head answers in. */
  readonly loss: LossSpec;
  /** Share of each target that is spread over all classes; of a label's, half of it goes to the other answer. */
  readonly labelSmoothing: number;
  readonly weights?: ClassWeights;
}

/** How much what a photo shows counts: one number a class. */
export interface ClassWeights {
  /** Of photos of the class. */
  readonly present: Float32Array;
  /** Of photos without the label, for several labels a photo; absent: 1. */
  readonly absent?: Float32Array;
}

export const crossEntropy: Objective = {
  task: 'single-label',
  loss: { kind: 'cross-entropy' },
  labelSmoothing: 0,
};

/** Below it a probability counts as this where it is raised to a power, whose slope would else be infinite. */
const tiny = 1e-7;

/**
 * The loss of each answer, differentiable by the answers; call it in a tidy.
 *
 * @param answers [..., outputs]: logits, or numbers for regression
 * @param wanted targets, of the same shape or with a 1 where they are the same for all
 * @param weights of single labels, shaped like `wanted`; absent: all the same
 * @returns [...]: the last axis is summed up (softmax) or averaged (labels, numbers)
 */
export function lossTensor(
  answers: Tensor,
  wanted: Tensor,
  { task, loss }: Pick<Objective, 'task' | 'loss'>,
  weights?: Tensor,
): Tensor {
  const last = answers.rank - 1;
  if (task === 'single-label') {
    const logs = tf.logSoftmax(answers, last);
    const weighted = loss.kind === 'focal' ? tf.mul(logs, focus(logs, gammaOf(loss))) : logs;
    return tf.neg(tf.sum(tf.mul(weighted, wanted), last));
  }
  const each = task === 'multi-label' ? labelLosses(answers, wanted, loss) : distances(answers, wanted, loss);
  return tf.mean(weights === undefined ? each : tf.mul(each, weights), last);
}

/** (1 - p)^gamma from log p. */
function focus(logs: Tensor, gamma: number): Tensor {
  return tf.pow(tf.maximum(tf.sub(1, tf.exp(logs)), tiny), gamma);
}

function labelLosses(z: Tensor, t: Tensor, loss: LossSpec): Tensor {
  // softplus(-z) = -log p, softplus(z) = -log(1 - p)
  const [missed, claimed] = [tf.softplus(tf.neg(z)), tf.softplus(z)];
  if (loss.kind !== 'focal') return tf.add(tf.mul(t, missed), tf.mul(tf.sub(1, t), claimed));
  const gamma = gammaOf(loss);
  const raised = (negativeLog: Tensor): Tensor => tf.exp(tf.mul(negativeLog, -gamma));
  return tf.add(
    tf.mul(t, tf.mul(raised(claimed), missed)),
    tf.mul(tf.sub(1, t), tf.mul(raised(missed), claimed)),
  );
}

/** Losses of numbers. Their slopes are written down: TensorFlow.js takes that of |x| at 0 for -1. */
function distances(z: Tensor, t: Tensor, loss: LossSpec): Tensor {
  const error = tf.sub(z, t);
  if (loss.kind === 'mse') return tf.square(error);
  const delta = loss.parameter ?? 1;
  const huber = loss.kind === 'huber';
  const measured = tf.customGrad((...inputs) => {
    const [e, save] = inputs as [Tensor, GradSaveFunc];
    const far = tf.abs(e);
    const near = tf.minimum(far, delta);
    const value = huber ? tf.add(tf.mul(0.5, tf.square(near)), tf.mul(delta, tf.sub(far, near))) : far;
    save([huber ? tf.clipByValue(e, -delta, delta) : tf.sign(e)]);
    return { value, gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((slope) => tf.mul(dy, slope)) };
  });
  return measured(error);
}

/**
 * What an answer that says nothing costs: all classes alike, a label as likely as not, or the mean number where their
 * standard deviation is 1 (with mae and huber about, for it depends on how the numbers lie).
 */
export function costOfGuessing({ task, loss }: Pick<Objective, 'task' | 'loss'>, outputs: number): number {
  if (task === 'regression') return loss.kind === 'mse' ? 1 : loss.kind === 'mae' ? 0.8 : 0.5;
  const kinds = task === 'single-label' ? outputs : 2;
  return Math.log(kinds) * (loss.kind === 'focal' ? (1 - 1 / kinds) ** gammaOf(loss) : 1);
}

const gammaOf = ({ parameter }: LossSpec): number => parameter ?? usualGamma;

/**
 * The loss of one answer, in float64.
 *
 * @param answers logits, or numbers for regression, from `start` on
 * @param target of an output
 * @param weight of an output, for several labels a photo
 */
export function lossOfRow(
  answers: Float32Array,
  start: number,
  outputs: number,
  target: (output: number) => number,
  { task, loss }: Pick<Objective, 'task' | 'loss'>,
  weight: (output: number) => number = () => 1,
): number {
  let total = 0;
  if (task === 'single-label') {
    let top = -Infinity;
    for (let c = 0; c < outputs; c++) top = Math.max(top, answers[start + c] as number);
    let sum = 0;
    for (let c = 0; c < outputs; c++) sum += Math.exp((answers[start + c] as number) - top);
    const gamma = loss.kind === 'focal' ? gammaOf(loss) : 0;
    for (let c = 0; c < outputs; c++) {
      const wanted = target(c);
      if (wanted === 0) continue;
      const negativeLog = Math.log(sum) + top - (answers[start + c] as number);
      const factor = gamma === 0 ? 1 : Math.max(0, 1 - Math.exp(-negativeLog)) ** gamma;
      total += wanted * factor * negativeLog;
    }
    return total;
  }
  for (let c = 0; c < outputs; c++) {
    const z = answers[start + c] as number;
    const each = task === 'multi-label' ? labelLoss(z, target(c), loss) : distance(z - target(c), loss);
    total += weight(c) * each;
  }
  return total / outputs;
}

function labelLoss(z: number, t: number, loss: LossSpec): number {
  const [missed, claimed] = [softplus(-z), softplus(z)];
  const gamma = loss.kind === 'focal' ? gammaOf(loss) : 0;
  return t * Math.exp(-gamma * claimed) * missed + (1 - t) * Math.exp(-gamma * missed) * claimed;
}

function distance(error: number, { kind, parameter: delta = 1 }: LossSpec): number {
  const far = Math.abs(error);
  if (kind === 'mse') return error * error;
  if (kind === 'mae') return far;
  return far <= delta ? (far * far) / 2 : delta * (far - delta / 2);
}

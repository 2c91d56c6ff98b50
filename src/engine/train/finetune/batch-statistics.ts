/** Batch norms of a backbone that follow the photos it is fine-tuned on. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { BatchNorm } from '../../graph/graph.ts';
import { statisticsKept } from '../batch-norm.ts';
import { tf } from '../tf.ts';

/**
 * A batch brought to mean 0 and variance 1, channel by channel, by what the batch itself says (Ioffe & Szegedy 2015).
 * The running statistics follow: less of them stays in the first steps, for they are of other photos.
 *
 * @param x [n, ..., channels]
 * @param running mean and variance by the node's keys
 * @param step of training, from 0
 * @returns without the norm's scale and offset
 */
export function normalizeBatch(
  node: BatchNorm,
  x: Tensor,
  running: ReadonlyMap<string, Variable>,
  step: number,
): Tensor {
  const axes = x.shape.map((_, axis) => axis).slice(0, -1);
  const mean = tf.mean(x, axes, true);
  const variance = tf.mean(tf.square(tf.sub(x, mean)), axes, true);
  const kept = statisticsKept(step);
  for (const [key, batch] of [
    [node.mean, mean],
    [node.variance, variance],
  ] as const) {
    const own = running.get(key);
    own?.assign(
      tf.add(tf.mul(own, tf.scalar(kept)), tf.mul(tf.reshape(batch, own.shape), tf.scalar(1 - kept))),
    );
  }
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, node.epsilon)));
}

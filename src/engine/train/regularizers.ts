/** What keeps weights small, sparse or independent of each other. */
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { seededRandom } from '../data/random.ts';
import type { Weight } from '../graph/graph.ts';
import { tf } from './tf.ts';

/** The gradient with that of the L2 penalty, 2 l2 w. @param l2 a number, or one a weight */
export function withL2(gradient: Tensor, weights: Tensor, l2: number | Tensor): Tensor {
  return tf.add(gradient, tf.mul(tf.mul(weights, 2), l2));
}

/**
 * Weights after the L1 penalty's part of a step: each moves towards zero by `by` and stays there when it would cross
 * it. That is a step down the gradient l1 sign(w), of any size, that ends at zero: the proximal step of Daubechies et
 * al. 2004. Weights that the photos have no use for so become exactly zero, not just small.
 *
 * @param by l1 times the rate of each weight, >= 0
 */
export function shrink(weights: Tensor, by: Tensor): Tensor {
  return tf.mul(tf.sign(weights), tf.relu(tf.sub(tf.abs(weights), by)));
}

/** How many weights there are, and how many of them are exactly zero. */
export function countZeros(weights: readonly Weight[]): { weights: number; zeros: number } {
  let [all, zeros] = [0, 0];
  for (const { data } of weights) {
    all += data.length;
    for (const value of data) if (value === 0) zeros += 1;
  }
  return { weights: all, zeros };
}

/**
 * What activations are multiplied with in a step of training: 0 with probability `rate`, else 1 / (1 - rate), so that
 * their expectation stays the same and nothing has to be scaled afterwards (inverted dropout, Srivastava et al. 2014).
 *
 * @param shape [rows, units]
 * @param rate 0..1, below 1
 * @param seed the same gives the same mask: a resumed training needs no generator's state
 */
export function dropoutMask(shape: readonly [number, number], rate: number, seed: number): Tensor2D {
  const random = seededRandom(seed);
  const kept = 1 / (1 - rate);
  const mask = Float32Array.from({ length: shape[0] * shape[1] }, () => (random.next() < rate ? 0 : kept));
  return tf.tensor2d(mask, [...shape]);
}

/** A seed for the mask of a layer in a step. */
export function dropoutSeed(seed: number, step: number, layer: number): number {
  return Math.imul(seed, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b) ^ Math.imul(layer + 1, 0xc2b2ae35);
}

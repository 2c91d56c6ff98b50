/** Batch normalization of a head's features or hidden units (Ioffe & Szegedy 2015). */
import type { Tensor2D, Variable } from '@tensorflow/tfjs-core';
import type { Weight } from '../graph/graph.ts';
import { assign, read, variableOf } from './optimizer.ts';
import type { Trained } from './optimizer.ts';
import { tf } from './tf.ts';

/** As Keras and TensorFlow.js have it. */
const epsilon = 1e-3;
const slowest = 0.99;

/** How much of the running statistics stays at a step: in the first steps less, for they started from nothing. */
export function statisticsKept(step: number): number {
  return Math.min(slowest, (1 + step) / (10 + step));
}

/** A line a unit: y = x * factor + offset. */
export interface Line {
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

export interface BatchNormLayer {
  readonly trained: readonly Trained[];
  /**
   * @param x [rows, units]
   * @param step of training, from 0: the batch's own mean and variance are used, and the running ones follow them;
   *   absent: the running ones are used. A batch of one row has no variance, so that counts as absent.
   */
  apply(x: Tensor2D, step?: number): Tensor2D;
  /** What it is with the running statistics. */
  line(): Line;
  /** Everything to go on from, by name. */
  snapshot(): [string, Weight][];
  restore(weights: ReadonlyMap<string, Weight>): void;
  dispose(): void;
}

/**
 * @param name of its variables, unique
 * @param key of its weights in a snapshot
 * @param affine whether a scale and an offset are learned: before a dense layer they would say nothing new
 */
export function createBatchNorm(name: string, key: string, units: number, affine: boolean): BatchNormLayer {
  const make = (part: string, value: 0 | 1, trainable: boolean): Variable =>
    variableOf(value === 0 ? tf.zeros([units]) : tf.ones([units]), { trainable, name: `${name}/${part}` });
  const mean = make('mean', 0, false);
  const variance = make('variance', 1, false);
  const scale = affine ? make('scale', 1, true) : undefined;
  const offset = affine ? make('offset', 0, true) : undefined;
  const learned = [scale, offset].filter((variable) => variable !== undefined);
  const parts = new Map(
    [mean, variance, ...learned].map((variable) => [
      `${key}/${variable.name.slice(name.length + 1)}`,
      variable,
    ]),
  );
  const normalized = (x: Tensor2D, centre: Tensor2D, spread: Tensor2D): Tensor2D => {
    const y = tf.mul(tf.sub(x, centre), tf.rsqrt(tf.add(spread, epsilon)));
    const scaled = scale === undefined ? y : tf.mul(y, scale);
    return (offset === undefined ? scaled : tf.add(scaled, offset)) as Tensor2D;
  };
  return {
    trained: learned.map((variable) => ({ variable })),
    apply(x, step) {
      if (step === undefined || x.shape[0] < 2)
        return normalized(x, mean as unknown as Tensor2D, variance as unknown as Tensor2D);
      const centre = tf.mean<Tensor2D>(x, 0, true);
      const spread = tf.mean<Tensor2D>(tf.square(tf.sub(x, centre)), 0, true);
      const kept = statisticsKept(step);
      tf.tidy(() => {
        for (const [running, batch] of [
          [mean, centre],
          [variance, spread],
        ] as const)
          running.assign(tf.add(tf.mul(running, kept), tf.mul(tf.reshape(batch, [units]), 1 - kept)));
      });
      return normalized(x, centre, spread);
    },
    line() {
      const [centre, spread] = [read(mean).data, read(variance).data];
      const [scales, offsets] = [scale, offset].map((part) => part && read(part).data);
      const factor = Float64Array.from(spread, (value, i) => (scales?.[i] ?? 1) / Math.sqrt(value + epsilon));
      return {
        factor,
        offset: factor.map((value, i) => (offsets?.[i] ?? 0) - (centre[i] as number) * value),
      };
    },
    snapshot: () => [...parts].map(([part, variable]) => [part, read(variable)]),
    restore(weights) {
      for (const [part, variable] of parts) {
        const saved = weights.get(part);
        if (saved !== undefined) assign(variable, saved);
      }
    },
    dispose() {
      for (const variable of parts.values()) variable.dispose();
    },
  };
}

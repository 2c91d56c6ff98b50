/** An optimizer whose arithmetic is on one flat vector of all weights: a dozen operations, however many layers. */
import type { Scalar, Tensor, Tensor1D, Variable } from '@tensorflow/tfjs-core';
import type { OptimizerKind } from '../../../contract/train.ts';
import { beta1, beta2, epsilon, momentsOf, momentum, rho } from '../optimizer.ts';
import { shrink, withL2 } from '../regularizers.ts';
import { tf } from '../tf.ts';
import type { FlatPart } from './tail-model.ts';

/** How fast each part of the network learns. */
export interface Rates {
  /** Peak rate of the last block of the backbone. */
  readonly learningRate: number;
  /** Peak rate of the head. */
  readonly headLearningRate: number;
  /** Each block learns at this share of the next one's rate, 0..1. */
  readonly layerDecay: number;
  /** Pulls the backbone's kernels to zero, as a share of the rate. */
  readonly weightDecay: number;
  /** The same for the head's. */
  readonly headWeightDecay: number;
}

/** Rate and decay of every weight, in the order of the flat vector. */
export function flatRates(
  parts: readonly FlatPart[],
  rates: Rates,
): { rate: Float32Array; decay: Float32Array } {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const rate = new Float32Array(size);
  const decay = new Float32Array(size);
  for (const { start, size: length, depth, decays } of parts) {
    const isHead = depth < 0;
    rate.fill(
      isHead ? rates.headLearningRate : rates.learningRate * rates.layerDecay ** depth,
      start,
      start + length,
    );
    if (decays) decay.fill(isHead ? rates.headWeightDecay : rates.weightDecay, start, start + length);
  }
  return { rate, decay };
}

export interface FlatState {
  readonly steps: number;
  /** Moments and averaged weights by name, each as long as the flat vector. */
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

export interface FlatOptimizer {
  /** Adds gradients up for the next step. @param gradients by variable name */
  add(gradients: Readonly<Record<string, Tensor>>): void;
  /**
   * One step. The gradients' common norm is clipped.
   *
   * @param gradients by variable name; undefined: the sum of what was added since the last step
   * @param factor of the peak rates, as the schedule says
   * @returns the norm before clipping, to be read and disposed
   */
  step(gradients: Readonly<Record<string, Tensor>> | undefined, factor: number): Scalar;
  /** Steps taken so far. */
  readonly steps: number;
  /** Weights averaged over the last steps; undefined when they aren't kept. */
  averaged(): Float32Array | undefined;
  state(): FlatState;
  restore(state: FlatState): void;
  /** Forgets what past gradients were, for weights that were set back. @param flat they average from here */
  reset(flat: Float32Array): void;
  dispose(): void;
}

export interface FlatOptimizerOptions {
  readonly kind: OptimizerKind;
  readonly rates: Rates;
  /** Gradients of a larger norm are scaled down to it; Infinity: never. */
  readonly clip: number;
  /** Share of the averaged weights that stays at each step (0.99: over some 100 steps); 0: no average. */
  readonly ema: number;
  /** Penalties on the head's kernels, as `createOptimizer` has them; absent: none. */
  readonly l1?: number;
  readonly l2?: number;
}

/** The same optimizers as `createOptimizer`, which says what they are. */
export function createFlatOptimizer(
  parts: readonly FlatPart[],
  { kind, rates, clip, ema, l1 = 0, l2 = 0 }: FlatOptimizerOptions,
  constant: (tensor: Tensor) => Tensor = (tensor) => tensor,
): FlatOptimizer {
  const { rate, decay } = flatRates(parts, rates);
  const size = rate.length;
  const rateOf = constant(tf.tensor1d(rate)) as Tensor1D;
  const decayOf = constant(tf.tensor1d(decay)) as Tensor1D;
  const flatten = (tensors: readonly Tensor[]): Tensor1D =>
    tf.concat1d(tensors.map((tensor) => tf.reshape(tensor, [-1])));
  const vector = (name: string): Variable => tf.tidy(() => tf.variable(tf.zeros([size]), false, name));
  const id = parts[0]?.variable.name ?? 'tail';
  const moments = new Map(momentsOf[kind].map((name) => [name, vector(`${id}/${name}`)]));
  const [first, second, gathered] = ['first', 'second', 'momentum'].map((name) => moments.get(name));
  const average =
    ema > 0
      ? tf.tidy(() => tf.variable(flatten(parts.map(({ variable }) => variable)), false, `${id}/average`))
      : undefined;
  const vectors = new Map<string, Variable>([
    ...moments,
    ...(average === undefined ? [] : ([['average', average]] as const)),
  ]);
  /** 1 where the penalties are on. */
  const penalized =
    l1 > 0 || l2 > 0 ? (constant(tf.tensor1d(headKernels(parts, size))) as Tensor1D) : undefined;
  let steps = 0;
  let sum: Variable | undefined;
  const flatGradient = (gradients: Readonly<Record<string, Tensor>>): Tensor1D =>
    flatten(parts.map(({ variable }) => gradients[variable.name] ?? tf.zerosLike(variable)));
  const takeSum = (): Tensor => {
    if (sum === undefined) throw new Error('There are no gradients to step along.');
    return sum;
  };

  /** What to take off the weights for a rate of 1, and how far a steady gradient of 1 would move each. */
  const direction = (gradient: Tensor, weights: Tensor): { change: Tensor; reach: () => Tensor } => {
    let pulled = kind === 'adamw' ? gradient : tf.add(gradient, tf.mul(weights, decayOf));
    if (l2 > 0 && penalized !== undefined) pulled = withL2(pulled, weights, tf.mul(penalized, l2));
    if (second === undefined) {
      if (gathered === undefined) return { change: pulled, reach: () => tf.scalar(1) };
      gathered.assign(tf.add(tf.mul(gathered, momentum), pulled));
      return { change: gathered, reach: () => tf.scalar((1 - momentum ** steps) / (1 - momentum)) };
    }
    if (first === undefined) {
      second.assign(tf.add(tf.mul(second, rho), tf.mul(tf.square(pulled), 1 - rho)));
      const scale = tf.add(tf.sqrt(second), epsilon);
      return { change: tf.div(pulled, scale), reach: () => tf.div(1, scale) };
    }
    first.assign(tf.add(tf.mul(first, beta1), tf.mul(pulled, 1 - beta1)));
    second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(pulled), 1 - beta2)));
    const steady = Math.sqrt(1 - beta2 ** steps);
    const scale = tf.add(tf.sqrt(second), epsilon);
    const step = tf.mul(tf.div(first, scale), tf.scalar(steady / (1 - beta1 ** steps)));
    return {
      change: kind === 'adamw' ? tf.add(step, tf.mul(weights, decayOf)) : step,
      reach: () => tf.div(tf.scalar(steady), scale),
    };
  };

  return {
    add(gradients) {
      tf.tidy(() => {
        sum ??= vector(`${id}/sum`);
        sum.assign(tf.add(sum, flatGradient(gradients)));
      });
    },
    step(gradients, factor) {
      steps += 1;
      return tf.tidy(() => {
        const raw = gradients === undefined ? takeSum() : flatGradient(gradients);
        const norm = tf.sqrt(tf.sum<Scalar>(tf.square(raw)));
        const gradient = Number.isFinite(clip)
          ? tf.mul(raw, tf.minimum(tf.div(clip, tf.maximum(norm, 1e-12)), 1))
          : raw;
        const weights = flatten(parts.map(({ variable }) => variable));
        const { change, reach } = direction(gradient, weights);
        let next = tf.sub<Tensor1D>(weights, tf.mul(tf.mul(change, rateOf), tf.scalar(factor)));
        if (l1 > 0 && penalized !== undefined) {
          const by = tf.mul(tf.mul(reach(), tf.mul(rateOf, penalized)), tf.scalar(l1 * factor));
          next = shrink(next, by) as Tensor1D;
        }
        for (const { variable, start, size: length } of parts)
          variable.assign(tf.reshape(tf.slice(next, [start], [length]), variable.shape));
        if (average !== undefined) {
          // The first steps' average is over as many steps as there were.
          const kept = Math.min(ema, (1 + steps) / (10 + steps));
          const moved = tf.add<Tensor1D>(average, tf.mul(tf.sub(next, average), tf.scalar(1 - kept)));
          // What the L1 penalty holds at zero is zero in the average, too.
          const held = l1 > 0 && penalized !== undefined ? whereHeld(next, penalized) : undefined;
          average.assign(held === undefined ? moved : tf.mul<Tensor1D>(moved, held));
        }
        sum?.assign(tf.zeros([size]));
        return norm;
      });
    },
    get steps() {
      return steps;
    },
    averaged: () => average?.dataSync<'float32'>().slice(),
    state: () => ({
      steps,
      vectors: new Map([...vectors].map(([name, v]) => [name, v.dataSync<'float32'>().slice()])),
    }),
    restore(state) {
      steps = state.steps;
      for (const [name, variable] of vectors) {
        const saved = state.vectors.get(name);
        if (saved?.length !== size) throw new Error(`The optimizer's state has no usable "${name}".`);
        tf.tidy(() => variable.assign(tf.tensor1d(saved)));
      }
    },
    reset(flat) {
      steps = 0;
      tf.tidy(() => {
        sum?.assign(tf.zeros([size]));
        for (const moment of moments.values()) moment.assign(tf.zeros([size]));
        average?.assign(tf.tensor1d(flat.slice(0, size)));
      });
    },
    dispose() {
      for (const variable of vectors.values()) variable.dispose();
      sum?.dispose();
      rateOf.dispose();
      decayOf.dispose();
      penalized?.dispose();
    },
  };
}

/** 0 where a penalized weight is zero, else 1. */
function whereHeld(weights: Tensor, penalized: Tensor): Tensor {
  return tf.sub(1, tf.mul(penalized, tf.sub(1, tf.abs(tf.sign(weights)))));
}

/** 1 at the kernels of the head, else 0. */
function headKernels(parts: readonly FlatPart[], size: number): Float32Array {
  const marks = new Float32Array(size);
  for (const { start, size: length, depth, decays } of parts)
    if (decays && depth < 0) marks.fill(1, start, start + length);
  return marks;
}

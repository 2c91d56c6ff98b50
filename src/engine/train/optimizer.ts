import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { HolotypeError } from '../../contract/errors.ts';
import type { OptimizerKind } from '../../contract/train.ts';
import type { Weight } from '../graph/graph.ts';
import { shrink, withL2 } from './regularizers.ts';
import { tf } from './tf.ts';

/** A variable, and how strongly each step pulls it to zero. */
export interface Trained {
  readonly variable: Variable;
  /**
   * Weight decay, a scalar or broadcastable to the variable; undefined for biases and the like, which no penalty is
   * put on, either.
   */
  readonly decay?: Tensor | undefined;
}

/** What an optimizer does beside its steps; absent: nothing. */
export interface OptimizerExtras {
  /** Adds so many times the sum of |w| to the loss. */
  readonly l1?: number | undefined;
  /** Adds so many times the sum of w squared to the loss. */
  readonly l2?: number | undefined;
  /** Gradients of a larger norm are scaled down to it. */
  readonly clip?: number | undefined;
  /** Share of the averaged weights that stays at each step (0.99: over some 100 steps); 0: no average. */
  readonly ema?: number | undefined;
  /** Heads side by side in the last axis of every variable: each has a norm of its own. Default 1. */
  readonly groups?: number | undefined;
}

/** Moments are kept as variables so that a checkpoint holds all that is needed to go on bit for bit. */
export interface Optimizer {
  /** One step down the gradients, keyed by variable name; `learningRate` as the schedule says. */
  step(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void;
  /** Steps taken so far. */
  readonly steps: number;
  /** Exchanges the variables with their averages over the last steps, if those are kept; twice: as before. */
  swapAveraged(): void;
  /** Steps taken so far, the moments and averages, by name. */
  state(): { steps: number; tensors: Map<string, Weight> };
  restore(state: { steps: number; tensors: ReadonlyMap<string, Weight> }): void;
  dispose(): void;
}

export const beta1 = 0.9;
export const beta2 = 0.999;
export const epsilon = 1e-8;
export const momentum = 0.9;
/** Of RMSprop's mean of squares. */
export const rho = 0.9;

/** What each optimizer remembers of past gradients. */
export const momentsOf: Readonly<Record<OptimizerKind, readonly string[]>> = {
  adamw: ['first', 'second'],
  adam: ['first', 'second'],
  momentum: ['momentum'],
  sgd: [],
  rmsprop: ['second'],
};

/**
 * - `adamw`: Adam with decoupled weight decay (Loshchilov & Hutter 2019): w -= lr * decay * w beside the step
 * - `adam`: Adam (Kingma & Ba 2015) with the decay added to the gradient, as classic L2 is
 * - `momentum`: SGD with momentum 0.9 (Polyak 1964), decay added to the gradient
 * - `sgd`: stochastic gradient descent, decay added to the gradient
 * - `rmsprop`: steps divided by the root of the mean square of past gradients (Tieleman & Hinton 2012), decay added
 *   to the gradient
 *
 * A step clips the gradient of the photos, adds that of the L2 penalty, moves, and shrinks by the L1 penalty: by as
 * much as the optimizer makes of a steady gradient l1 sign(w), so that each weight rests where loss and penalty are
 * in balance, whatever the optimizer.
 */
export function createOptimizer(
  kind: OptimizerKind,
  trained: readonly Trained[],
  { l1 = 0, l2 = 0, clip = Infinity, ema = 0, groups = 1 }: OptimizerExtras = {},
): Optimizer {
  const names = [...momentsOf[kind], ...(ema > 0 ? ['average'] : [])];
  const moments = trained.map(({ variable }) =>
    names.map((name) =>
      variableOf(name === 'average' ? tf.clone(variable) : tf.zerosLike(variable), {
        trainable: false,
        name: `${variable.name}/${kind}-${name}`,
      }),
    ),
  );
  const momentOf = (index: number, name: string): Variable | undefined =>
    moments[index]?.[names.indexOf(name)];
  let steps = 0;

  /** Moves weights; `reach`: how far a steady gradient of 1 would move each. */
  const move = (w: Tensor, g: Tensor, index: number, lr: number): { moved: Tensor; reach: () => Tensor } => {
    const [first, second] = [momentOf(index, 'first'), momentOf(index, 'second')];
    if (first !== undefined && second !== undefined) {
      first.assign(tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1)));
      second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2)));
      const steady = lr * Math.sqrt(1 - beta2 ** steps);
      const rate = steady / (1 - beta1 ** steps);
      const scale = tf.add(tf.sqrt(second), epsilon);
      return { moved: tf.sub(w, tf.mul(tf.div(first, scale), rate)), reach: () => tf.div(steady, scale) };
    }
    if (second !== undefined) {
      second.assign(tf.add(tf.mul(second, rho), tf.mul(tf.square(g), 1 - rho)));
      const scale = tf.add(tf.sqrt(second), epsilon);
      return { moved: tf.sub(w, tf.mul(tf.div(g, scale), lr)), reach: () => tf.div(lr, scale) };
    }
    const gathered = momentOf(index, 'momentum');
    if (gathered === undefined) return { moved: tf.sub(w, tf.mul(g, lr)), reach: () => tf.scalar(lr) };
    gathered.assign(tf.add(tf.mul(gathered, momentum), g));
    const steady = (lr * (1 - momentum ** steps)) / (1 - momentum);
    return { moved: tf.sub(w, tf.mul(gathered, lr)), reach: () => tf.scalar(steady) };
  };

  return {
    get steps() {
      return steps;
    },
    step(gradients, learningRate) {
      steps += 1;
      tf.tidy(() => {
        const clipped = Number.isFinite(clip) ? clipGradients(trained, gradients, clip, groups) : gradients;
        trained.forEach(({ variable, decay }, index) => {
          let gradient = clipped[variable.name];
          if (gradient === undefined) return;
          const penalized = decay !== undefined;
          if (penalized && l2 > 0) gradient = withL2(gradient, variable, l2);
          let kept: Tensor = variable;
          if (penalized && kind === 'adamw')
            kept = tf.sub(variable, tf.mul(tf.mul(variable, decay), learningRate));
          else if (penalized) gradient = tf.add(gradient, tf.mul(variable, decay));
          const { moved, reach } = move(kept, gradient, index, learningRate);
          variable.assign(penalized && l1 > 0 ? shrink(moved, tf.mul(reach(), l1)) : moved);
          // The first steps' average is over as many steps as there were.
          const stays = Math.min(ema, (1 + steps) / (10 + steps));
          const average = momentOf(index, 'average');
          if (average === undefined) return;
          const next = tf.add(average, tf.mul(tf.sub(variable, average), 1 - stays));
          // What the L1 penalty holds at zero is zero in the average, too.
          average.assign(penalized && l1 > 0 ? tf.mul(next, tf.abs(tf.sign(variable))) : next);
        });
      });
    },
    swapAveraged() {
      tf.tidy(() => {
        trained.forEach(({ variable }, index) => {
          const average = momentOf(index, 'average');
          if (average === undefined) return;
          const own = tf.clone(variable);
          variable.assign(average);
          average.assign(own);
        });
      });
    },
    state() {
      const tensors = new Map<string, Weight>();
      moments.forEach((some, index) => {
        some.forEach((moment, which) => {
          tensors.set(`optimizer/${index}/${names[which] ?? which}`, read(moment));
        });
      });
      return { steps, tensors };
    },
    restore(state) {
      steps = state.steps;
      moments.forEach((some, index) => {
        some.forEach((moment, which) => {
          const key = `optimizer/${index}/${names[which] ?? which}`;
          const saved = state.tensors.get(key);
          if (saved === undefined || saved.data.length !== moment.size)
            throw new HolotypeError('bad-input', `The checkpoint has no usable "${key}".`, {
              remedy: 'Train again without --resume.',
            });
          assign(moment, saved);
        });
      });
    },
    dispose() {
      for (const moment of moments.flat()) moment.dispose();
    },
  };
}

/** Scales each head's gradients down to a norm over all of its variables; call it in a tidy. */
function clipGradients(
  trained: readonly Trained[],
  gradients: Readonly<Record<string, Tensor>>,
  clip: number,
  groups: number,
): Readonly<Record<string, Tensor>> {
  const found = trained.flatMap(({ variable: { name } }) => {
    const gradient = gradients[name];
    return gradient === undefined ? [] : [[name, gradient] as const];
  });
  if (found.length === 0) return gradients;
  /** [groups, the rest], every number of a head in its row. */
  const byGroup = (tensor: Tensor): Tensor => {
    if (groups === 1) return tf.reshape(tensor, [1, -1]);
    const width = tensor.shape.at(-1) ?? 1;
    const split = tf.reshape(tensor, [-1, groups, width / groups]);
    return tf.reshape(tf.transpose(split, [1, 0, 2]), [groups, -1]);
  };
  const squares = tf.addN(found.map(([, gradient]) => tf.sum(tf.square(byGroup(gradient)), 1)));
  const factors = tf.minimum(tf.div(clip, tf.maximum(tf.sqrt(squares), 1e-12)), 1);
  return Object.fromEntries(
    found.map(([name, gradient]) => {
      if (groups === 1) return [name, tf.mul(gradient, tf.reshape(factors, []))];
      const width = gradient.shape.at(-1) ?? 1;
      const wide = tf.reshape(tf.tile(tf.reshape(factors, [groups, 1]), [1, width / groups]), [width]);
      return [name, tf.mul(gradient, wide)];
    }),
  );
}

/** A variable that takes a tensor over: TensorFlow.js itself would leave the tensor behind. */
export function variableOf(initial: Tensor, options: { trainable: boolean; name: string }): Variable {
  const variable = tf.variable(initial, options.trainable, options.name);
  initial.dispose();
  return variable;
}

/** The numbers of a tensor as plain data. */
export function read(tensor: Tensor): Weight {
  return { shape: tensor.shape, data: Float32Array.from(tensor.dataSync<'float32'>()) };
}

/** Puts saved numbers back into a variable of the same size. */
export function assign(variable: Variable, weight: Weight): void {
  tf.tidy(() => variable.assign(tf.tensor(weight.data, variable.shape)));
}

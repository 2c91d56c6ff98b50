import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { HolotypeError } from '../../contract/errors.ts';
import type { OptimizerKind } from '../../contract/train.ts';
import type { Weight } from '../graph/graph.ts';
import { tf } from './tf.ts';

/** A variable, and how strongly each step pulls it to zero. */
export interface Trained {
  readonly variable: Variable;
  /** Weight decay, a scalar or broadcastable to the variable; undefined for biases and the like. */
  readonly decay?: Tensor | undefined;
}

/** Moments are kept as variables so that a checkpoint holds all that is needed to go on bit for bit. */
export interface Optimizer {
  /** One step down the gradients, keyed by variable name; `learningRate` as the schedule says. */
  step(gradients: Readonly<Record<string, Tensor>>, learningRate: number): void;
  /** Steps taken so far and the moments, by name. */
  state(): { steps: number; tensors: Map<string, Weight> };
  restore(state: { steps: number; tensors: ReadonlyMap<string, Weight> }): void;
  dispose(): void;
}

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;
const momentum = 0.9;

/**
 * - `adamw`: Adam with decoupled weight decay (Loshchilov & Hutter 2019): w -= lr * decay * w beside the step
 * - `adam`: Adam (Kingma & Ba 2015) with the decay added to the gradient, as classic L2 is
 * - `sgd`: momentum 0.9, decay added to the gradient
 */
export function createOptimizer(kind: OptimizerKind, trained: readonly Trained[]): Optimizer {
  const names = kind === 'sgd' ? ['momentum'] : ['first', 'second'];
  const moments = trained.map(({ variable }) =>
    names.map((name) =>
      variableOf(tf.zerosLike(variable), { trainable: false, name: `${variable.name}/${kind}-${name}` }),
    ),
  );
  let steps = 0;

  const adam = (w: Tensor, g: Tensor, first: Variable, second: Variable, lr: number): Tensor => {
    first.assign(tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1)));
    second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2)));
    const rate = (lr * Math.sqrt(1 - beta2 ** steps)) / (1 - beta1 ** steps);
    return tf.sub(w, tf.mul(tf.div(first, tf.add(tf.sqrt(second), epsilon)), rate));
  };

  return {
    step(gradients, learningRate) {
      steps += 1;
      tf.tidy(() => {
        trained.forEach(({ variable, decay }, index) => {
          const gradient = gradients[variable.name];
          const [first, second] = moments[index] ?? [];
          if (gradient === undefined || first === undefined) return;
          if (kind === 'adamw' && second !== undefined) {
            const kept =
              decay === undefined
                ? variable
                : tf.sub(variable, tf.mul(tf.mul(variable, decay), learningRate));
            variable.assign(adam(kept, gradient, first, second, learningRate));
            return;
          }
          const pulled = decay === undefined ? gradient : tf.add(gradient, tf.mul(variable, decay));
          if (second !== undefined) variable.assign(adam(variable, pulled, first, second, learningRate));
          else {
            first.assign(tf.add(tf.mul(first, momentum), pulled));
            variable.assign(tf.sub(variable, tf.mul(first, learningRate)));
          }
        });
      });
    },
    state() {
      const tensors = new Map<string, Weight>();
      moments.forEach((pair, index) => {
        pair.forEach((moment, which) => {
          tensors.set(`optimizer/${index}/${names[which] ?? which}`, read(moment));
        });
      });
      return { steps, tensors };
    },
    restore(state) {
      steps = state.steps;
      moments.forEach((pair, index) => {
        pair.forEach((moment, which) => {
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

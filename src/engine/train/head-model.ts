import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import { seededRandom } from '../data/random.ts';
import type { Weight } from '../graph/graph.ts';
import { assign, read, variableOf } from './optimizer.ts';
import type { Trained } from './optimizer.ts';
import { tf } from './tf.ts';

/** Trained weights of a head: dense layers in order, ReLU between them. */
export interface HeadWeights {
  readonly layers: readonly { readonly kernel: Weight; readonly bias: Weight }[];
}

/**
 * One of several heads that are trained side by side on the same features: what differs is how strongly its
 * weights decay, which features it may read, and which rows it learns from.
 */
export interface HeadGroup {
  readonly weightDecay: number;
  /** Reads only the first so many columns of the features; absent: all. */
  readonly columns?: number;
  /** One number a training row, 1: learns from it, 0: doesn't; absent: learns from all. */
  readonly mask?: Uint8Array;
  /** The same for validation rows: cross-validation checks a head on what its mask left out. */
  readonly valMask?: Uint8Array;
}

/** Heads of the same shape in one network; logits are [rows, groups * classes]. */
export interface HeadModel {
  readonly trained: readonly Trained[];
  forward(features: Tensor2D): Tensor2D;
  /** Called on gradients before the optimizer sees them: keeps masked weights where they are. */
  maskGradients(gradients: Record<string, Tensor>): Record<string, Tensor>;
  /** The weights of one group. */
  weights(group: number): HeadWeights;
  snapshot(): Map<string, Weight>;
  restore(weights: ReadonlyMap<string, Weight>): void;
  dispose(): void;
}

/**
 * x [n, in] times w [in, out], differentiable in w alone. The gradient is written as a product without
 * transposed operands, (dy' x)', because the WebAssembly backend is some 10x slower with them.
 */
function times(x: Tensor2D, w: Tensor2D): Tensor2D {
  const multiply = tf.customGrad((...inputs) => ({
    value: tf.matMul(x, inputs[0] as Tensor2D),
    gradFunc: (dy: Tensor) => [tf.transpose(tf.matMul(tf.transpose(dy as Tensor2D), x))],
  }));
  return multiply(w) as Tensor2D;
}

let made = 0;

/**
 * @param columns length of a feature vector
 * @param classes number of classes, >= 2
 * @param hidden widths of hidden ReLU layers; with several groups it must be empty
 * @param seed of the hidden layers' He-normal initialization (He et al. 2015). The last layer starts at zero:
 *   softmax regression has one optimum, and directions that no photo speaks about then stay silent.
 */
export function createHead(
  columns: number,
  classes: number,
  hidden: readonly number[],
  groups: readonly HeadGroup[],
  seed: number,
): HeadModel {
  const random = seededRandom(seed);
  made += 1;
  const widths = [...hidden, groups.length * classes];
  const layers = widths.map((width, index) => {
    const fanIn = index === 0 ? columns : (widths[index - 1] ?? columns);
    const values = new Float32Array(fanIn * width);
    if (index < hidden.length) {
      const deviation = Math.sqrt(2 / fanIn);
      // Columns that may not be read keep their zeros.
      const used = index === 0 ? Math.min(columns, groups[0]?.columns ?? columns) : fanIn;
      for (let i = 0; i < used * width; i++) values[i] = random.normal() * deviation;
    }
    return {
      kernel: variableOf(tf.tensor2d(values, [fanIn, width]), {
        trainable: true,
        name: `head${made}/${index}/kernel`,
      }),
      bias: variableOf(tf.zeros([width]), { trainable: true, name: `head${made}/${index}/bias` }),
    };
  });
  const decays = layers.map((_, index) =>
    index < hidden.length
      ? tf.scalar(groups[0]?.weightDecay ?? 0)
      : tf.tensor1d(groups.flatMap(({ weightDecay }) => Array<number>(classes).fill(weightDecay))),
  );
  const masks = columnMask(columns, hidden[0] ?? classes, groups);
  const last = layers.length - 1;

  return {
    trained: layers.flatMap(({ kernel, bias }, index) => [
      { variable: kernel, decay: decays[index] },
      { variable: bias },
    ]),
    forward(features) {
      let x: Tensor2D = features;
      layers.forEach(({ kernel, bias }, index) => {
        const w = kernel as Tensor2D;
        x = tf.add(index === 0 ? times(x, w) : tf.matMul(x, w), bias);
        if (index < last) x = tf.relu(x);
      });
      return x;
    },
    maskGradients(gradients) {
      const name = layers[0]?.kernel.name;
      const gradient = name === undefined ? undefined : gradients[name];
      if (masks === undefined || name === undefined || gradient === undefined) return gradients;
      return { ...gradients, [name]: tf.mul(gradient, masks) };
    },
    weights(group) {
      return {
        layers: layers.map(({ kernel, bias }, index) => {
          if (index < last) return { kernel: read(kernel), bias: read(bias) };
          const from = group * classes;
          return {
            kernel: columnsOf(read(kernel), from, classes),
            bias: columnsOf(read(bias), from, classes),
          };
        }),
      };
    },
    snapshot() {
      return new Map(
        layers.flatMap(({ kernel, bias }, index): [string, Weight][] => [
          [`head/${index}/kernel`, read(kernel)],
          [`head/${index}/bias`, read(bias)],
        ]),
      );
    },
    restore(weights) {
      layers.forEach(({ kernel, bias }, index) => {
        const savedKernel = weights.get(`head/${index}/kernel`);
        const savedBias = weights.get(`head/${index}/bias`);
        if (savedKernel !== undefined) assign(kernel, savedKernel);
        if (savedBias !== undefined) assign(bias, savedBias);
      });
    },
    dispose() {
      for (const { kernel, bias } of layers) {
        kernel.dispose();
        bias.dispose();
      }
      for (const decay of decays) decay.dispose();
      masks?.dispose();
    },
  };
}

/** Some of the last axis of a weight. */
function columnsOf({ shape, data }: Weight, from: number, count: number): Weight {
  const width = shape.at(-1) ?? 1;
  const rows = data.length / width;
  const part = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    part.set(data.subarray(row * width + from, row * width + from + count), row * count);
  }
  return { shape: [...shape.slice(0, -1), count], data: part };
}

/** Of 0 and 1, [columns, groups * each] as the first layer's kernel; undefined when every group reads all columns. */
function columnMask(columns: number, each: number, groups: readonly HeadGroup[]): Tensor2D | undefined {
  if (groups.every((group) => (group.columns ?? columns) >= columns)) return undefined;
  const width = groups.length * each;
  const mask = new Float32Array(columns * width);
  groups.forEach((group, index) => {
    for (let row = 0; row < (group.columns ?? columns); row++) {
      mask.fill(1, row * width + index * each, row * width + (index + 1) * each);
    }
  });
  return tf.tensor2d(mask, [columns, width]);
}

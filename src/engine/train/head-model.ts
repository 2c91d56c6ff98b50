import type { GradSaveFunc, Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { HeadActivation, Initializer } from '../../contract/train.ts';
import { restoreRandom, seededRandom } from '../data/random.ts';
import type { Weight } from '../graph/graph.ts';
import { activate } from './activate.ts';
import { createBatchNorm } from './batch-norm.ts';
import type { Line } from './batch-norm.ts';
import { initialWeights, usualInitializer } from './initializers.ts';
import { assign, read, variableOf } from './optimizer.ts';
import type { Trained } from './optimizer.ts';
import { dropoutMask, dropoutSeed } from './regularizers.ts';
import { tf } from './tf.ts';

/** Trained weights of a head: dense layers in order, an activation between them. Batch norms are folded into them. */
export interface HeadWeights {
  readonly layers: readonly { readonly kernel: Weight; readonly bias: Weight }[];
  /** Absent: ReLU. */
  readonly activation?: HeadActivation;
}

/** What a head is made of. */
export interface HeadShape {
  /** Widths of hidden layers; empty: a linear head. */
  readonly hidden: readonly number[];
  /** Between hidden layers; absent: ReLU. */
  readonly activation?: HeadActivation | undefined;
  /** Absent: what suits the activation; the one layer of a linear head then starts at zero. */
  readonly init?: Initializer | undefined;
  /** Before each activation, or for a linear head on its features. */
  readonly batchNorm?: boolean | undefined;
  /** Share of what each layer reads that is left out in a step: of hidden units, or for a linear head of features. */
  readonly dropout?: number | undefined;
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
  readonly activation: HeadActivation;
  readonly trained: readonly Trained[];
  /** @param step of training, from 0: with dropout and the batch's own statistics; absent: as it will answer */
  forward(features: Tensor2D, step?: number): Tensor2D;
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
  const multiply = tf.customGrad((...inputs) => {
    const save = inputs[1] as unknown as GradSaveFunc;
    save([x]); // normalized or thinned out, it would be gone on the way back
    return {
      value: tf.matMul(x, inputs[0] as Tensor2D),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [
        tf.transpose(tf.matMul(tf.transpose(dy as Tensor2D), saved[0] as Tensor2D)),
      ],
    };
  });
  return multiply(w) as Tensor2D;
}

let made = 0;

/**
 * Layers in their order: dense, batch normalization, activation, dropout; the last one is dense alone. A linear head
 * has normalization and dropout before its one layer. Dropout always stands after normalization, which would otherwise
 * learn the variance of what is left out (Li et al. 2019).
 *
 * @param columns length of a feature vector
 * @param classes number of classes, >= 2
 * @param shape with several groups it must have no hidden layers
 * @param seed of initialization and dropout. A linear head starts at zero unless told otherwise: softmax regression
 *   has one optimum, and directions that no photo speaks about then stay silent.
 */
export function createHead(
  columns: number,
  classes: number,
  shape: HeadShape,
  groups: readonly HeadGroup[],
  seed: number,
): HeadModel {
  const { hidden, activation = 'relu', batchNorm = false, dropout = 0 } = shape;
  made += 1;
  const widths = [...hidden, groups.length * classes];
  const last = hidden.length;
  const starts = startingWeights(columns, classes, shape, groups, seed);
  const layers = widths.map((width, index) => {
    const fanIn = widths[index - 1] ?? columns;
    return {
      kernel: variableOf(tf.tensor2d(starts[index] ?? new Float32Array(fanIn * width), [fanIn, width]), {
        trainable: true,
        name: `head${made}/${index}/kernel`,
      }),
      bias: variableOf(tf.zeros([width]), { trainable: true, name: `head${made}/${index}/bias` }),
    };
  });
  const norms = batchNorm
    ? (hidden.length === 0 ? [columns] : hidden).map((units, index) =>
        createBatchNorm(`head${made}/${index}/norm`, `head/${index}/norm`, units, hidden.length > 0),
      )
    : [];
  const decays = layers.map((_, index) =>
    index < last
      ? tf.scalar(groups[0]?.weightDecay ?? 0)
      : tf.tensor1d(groups.flatMap(({ weightDecay }) => Array<number>(classes).fill(weightDecay))),
  );
  const masks = columnMask(columns, hidden[0] ?? classes, groups);
  const drop = (x: Tensor2D, layer: number, step: number | undefined): Tensor2D =>
    step === undefined || dropout === 0
      ? x
      : tf.mul(x, dropoutMask(x.shape, dropout, dropoutSeed(seed, step, layer)));

  return {
    activation,
    trained: [
      ...layers.flatMap(({ kernel, bias }, index) => [
        { variable: kernel, decay: decays[index] },
        { variable: bias },
      ]),
      ...norms.flatMap(({ trained }) => trained),
    ],
    forward(features, step) {
      let x: Tensor2D = features;
      if (last === 0) x = drop(norms[0]?.apply(x, step) ?? x, 0, step);
      layers.forEach(({ kernel, bias }, index) => {
        const w = kernel as Tensor2D;
        x = tf.add(index === 0 ? times(x, w) : tf.matMul(x, w), bias);
        if (index === last) return;
        x = activate({ kind: activation }, norms[index]?.apply(x, step) ?? x) as Tensor2D;
        x = drop(x, index, step);
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
      const found = layers.map(({ kernel, bias }, index) => {
        if (index < last) return { kernel: read(kernel), bias: read(bias) };
        const from = group * classes;
        return {
          kernel: columnsOf(read(kernel), from, classes),
          bias: columnsOf(read(bias), from, classes),
        };
      });
      const folded = found.map((layer, index) => {
        const line = norms[index]?.line();
        if (line === undefined) return layer;
        return last === 0 ? foldBefore(layer, line) : foldBehind(layer, line);
      });
      return { layers: folded, ...(activation === 'relu' ? {} : { activation }) };
    },
    snapshot() {
      return new Map([
        ...layers.flatMap(({ kernel, bias }, index): [string, Weight][] => [
          [`head/${index}/kernel`, read(kernel)],
          [`head/${index}/bias`, read(bias)],
        ]),
        ...norms.flatMap((norm) => norm.snapshot()),
      ]);
    },
    restore(weights) {
      layers.forEach(({ kernel, bias }, index) => {
        const savedKernel = weights.get(`head/${index}/kernel`);
        const savedBias = weights.get(`head/${index}/bias`);
        if (savedKernel !== undefined) assign(kernel, savedKernel);
        if (savedBias !== undefined) assign(bias, savedBias);
      });
      for (const norm of norms) norm.restore(weights);
    },
    dispose() {
      for (const { kernel, bias } of layers) {
        kernel.dispose();
        bias.dispose();
      }
      for (const norm of norms) norm.dispose();
      for (const decay of decays) decay.dispose();
      masks?.dispose();
    },
  };
}

/** The kernels' first values; side by side, each head has those that it would have alone. */
function startingWeights(
  columns: number,
  classes: number,
  { hidden, activation = 'relu', init }: HeadShape,
  groups: readonly HeadGroup[],
  seed: number,
): Float32Array[] {
  const random = seededRandom(seed);
  // Columns that may not be read keep their zeros.
  const used = (group: HeadGroup | undefined): number => Math.min(columns, group?.columns ?? columns);
  const inner = hidden.map((width, index) => {
    const fanIn = hidden[index - 1] ?? columns;
    const rows = index === 0 ? used(groups[0]) : fanIn;
    return initialWeights(init ?? usualInitializer(activation), [fanIn, width], random, rows);
  });
  const fanIn = hidden.at(-1) ?? columns;
  const kind = init ?? (hidden.length === 0 ? 'zeros' : usualInitializer('softmax'));
  const state = random.state();
  const outer = new Float32Array(fanIn * groups.length * classes);
  groups.forEach((group, index) => {
    const rows = hidden.length === 0 ? used(group) : fanIn;
    const own = initialWeights(kind, [fanIn, classes], restoreRandom(state), rows);
    for (let row = 0; row < rows; row++)
      outer.set(own.subarray(row * classes, (row + 1) * classes), (row * groups.length + index) * classes);
  });
  return [...inner, outer];
}

interface Dense {
  readonly kernel: Weight;
  readonly bias: Weight;
}

/** A dense layer and the line behind it as one dense layer. */
function foldBehind({ kernel, bias }: Dense, { factor, offset }: Line): Dense {
  const units = factor.length;
  return {
    kernel: { ...kernel, data: kernel.data.map((value, i) => value * (factor[i % units] as number)) },
    bias: {
      ...bias,
      data: bias.data.map((value, i) => value * (factor[i] as number) + (offset[i] as number)),
    },
  };
}

/** A line and the dense layer behind it as one dense layer. */
function foldBefore({ kernel, bias }: Dense, { factor, offset }: Line): Dense {
  const width = bias.data.length;
  const shift = Float64Array.from(bias.data);
  const data = kernel.data.map((value, i) => {
    const row = Math.floor(i / width);
    shift[i % width] = (shift[i % width] as number) + (offset[row] as number) * value;
    return value * (factor[row] as number);
  });
  return { kernel: { ...kernel, data }, bias: { ...bias, data: Float32Array.from(shift) } };
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

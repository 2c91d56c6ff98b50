/** The network of the self-test: every kind of layer that fine-tuning needs, small enough for plain JavaScript. */
import type * as Tf from '@tensorflow/tfjs-core';
import { seededRandom } from '../data/random.ts';
import type { ModelGraph, Weight } from '../graph/graph.ts';

type TfCore = typeof Tf;

export const side = 16;
export const batch = 4;
export const classes = 5;

const shapes = {
  'conv/kernel': [3, 3, 3, 8],
  'depthwise/kernel': [3, 3, 8, 1],
  'pointwise/kernel': [1, 1, 8, 16],
  'norm1/scale': [8],
  'norm1/offset': [8],
  'norm2/scale': [16],
  'norm2/offset': [16],
  'dense/kernel': [16, classes],
  'dense/bias': [classes],
} as const;
type Name = keyof typeof shapes;
export const names = Object.keys(shapes) as Name[];

/** Moving averages of batch norm, which inference uses and training does not. */
const statistics = {
  'norm1/mean': [8],
  'norm1/variance': [8],
  'norm2/mean': [16],
  'norm2/variance': [16],
} as const;

const epsilon = 1e-3;

export interface SelfTestData {
  readonly weights: ReadonlyMap<string, Weight>;
  /** [batch, side, side, 3], roughly standard normal as a normalized photo is. */
  readonly photos: Float32Array;
  /** One-hot, [batch, classes]. */
  readonly labels: Float32Array;
}

/** The same numbers on every machine. */
export function selfTestData(): SelfTestData {
  const random = seededRandom(20_260_101);
  const normal = (n: number, scale: number, mean = 0): Float32Array =>
    Float32Array.from({ length: n }, () => mean + scale * random.normal());
  const weights = new Map<string, Weight>();
  for (const [name, shape] of Object.entries({ ...shapes, ...statistics })) {
    const n = shape.reduce<number>((a, b) => a * b, 1);
    const fanIn = Math.max(1, n / (shape.at(-1) ?? 1));
    let data: Float32Array;
    if (name.endsWith('/variance')) data = normal(n, 0.1, 1).map((v) => Math.abs(v) + 0.1);
    else if (name.endsWith('/scale')) data = normal(n, 0.1, 1);
    else if (name.endsWith('/kernel')) data = normal(n, Math.sqrt(2 / fanIn));
    else data = normal(n, 0.1);
    weights.set(name, { shape, data });
  }
  const labels = new Float32Array(batch * classes);
  for (let i = 0; i < batch; i += 1) labels[i * classes + (i % classes)] = 1;
  return { weights, photos: normal(batch * side * side * 3, 1), labels };
}

/** The network as it is exported for inference; its one output is class probabilities. */
export function selfTestGraph(weights: ReadonlyMap<string, Weight>): ModelGraph {
  const norm = (name: 'norm1' | 'norm2', from: string) =>
    ({
      op: 'batch-norm',
      name,
      inputs: [from],
      scale: `${name}/scale`,
      offset: `${name}/offset`,
      mean: `${name}/mean`,
      variance: `${name}/variance`,
      epsilon,
    }) as const;
  return {
    input: { name: 'photos', shape: [side, side, 3] },
    weights,
    outputs: ['probabilities'],
    nodes: [
      {
        op: 'conv2d',
        name: 'conv',
        inputs: ['photos'],
        kernel: 'conv/kernel',
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0, 0, 1, 1],
        groups: 1,
      },
      norm('norm1', 'conv'),
      { op: 'activation', name: 'relu1', kind: 'relu6', inputs: ['norm1'] },
      {
        op: 'depthwise-conv2d',
        name: 'depthwise',
        inputs: ['relu1'],
        kernel: 'depthwise/kernel',
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
      },
      {
        op: 'conv2d',
        name: 'pointwise',
        inputs: ['depthwise'],
        kernel: 'pointwise/kernel',
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0, 0, 0, 0],
        groups: 1,
      },
      norm('norm2', 'pointwise'),
      { op: 'activation', name: 'relu2', kind: 'relu', inputs: ['norm2'] },
      {
        op: 'max-pool',
        name: 'pool',
        inputs: ['relu2'],
        window: [2, 2],
        strides: [2, 2],
        pads: [0, 0, 0, 0],
        countPadding: false,
      },
      { op: 'global-average-pool', name: 'mean', inputs: ['pool'], keepDims: false },
      { op: 'dense', name: 'dense', inputs: ['mean'], kernel: 'dense/kernel', bias: 'dense/bias' },
      { op: 'activation', name: 'probabilities', kind: 'softmax', inputs: ['dense'] },
    ],
  };
}

/**
 * The same network in TensorFlow.js.
 *
 * @param photos [n, side, side, 3]
 * @param moments of batch norm: the moving averages, or undefined to take those of this batch, as training does
 * @returns class scores before softmax, [n, classes]
 */
export function forward(
  tf: TfCore,
  weights: ReadonlyMap<string, Tf.Tensor>,
  photos: Tf.Tensor4D,
  moments?: ReadonlyMap<string, Tf.Tensor>,
): Tf.Tensor2D {
  const weight = (name: string, from = weights): Tf.Tensor => {
    const found = from.get(name);
    if (found === undefined) throw new Error(`The self-test has no weight "${name}".`);
    return found;
  };
  const norm = (x: Tf.Tensor4D, name: 'norm1' | 'norm2'): Tf.Tensor4D => {
    const { mean, variance } =
      moments === undefined
        ? tf.moments(x, [0, 1, 2])
        : { mean: weight(`${name}/mean`, moments), variance: weight(`${name}/variance`, moments) };
    return tf.batchNorm4d(
      x,
      tf.reshape<Tf.Rank.R1>(mean, [-1]),
      tf.reshape<Tf.Rank.R1>(variance, [-1]),
      weight(`${name}/offset`) as Tf.Tensor1D,
      weight(`${name}/scale`) as Tf.Tensor1D,
      epsilon,
    );
  };
  const conv = tf.conv2d(photos, weight('conv/kernel') as Tf.Tensor4D, 2, 'same');
  const first = tf.relu6(norm(conv, 'norm1'));
  const depthwise = tf.depthwiseConv2d(first, weight('depthwise/kernel') as Tf.Tensor4D, 1, 'same');
  const second = tf.relu(
    norm(tf.conv2d(depthwise, weight('pointwise/kernel') as Tf.Tensor4D, 1, 'same'), 'norm2'),
  );
  const pooled = tf.mean(tf.maxPool(second, 2, 2, 'valid'), [1, 2]);
  return tf.add(tf.matMul(pooled, weight('dense/kernel')), weight('dense/bias'));
}

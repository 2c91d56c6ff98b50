/**
 * Small layers models, one per kind of layer that Holotype's networks are made of, trained a few steps
 * with the same numbers on every backend, so that what comes out can be compared.
 */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { input, layers, model as layersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { seededRandom } from '../../src/engine/data/random.ts';

/** What stands between the first convolution and the classifier. */
export type Middle = (x: SymbolicTensor) => SymbolicTensor;
type Layer = layers.Layer;

const through = (layer: Layer, ...x: SymbolicTensor[]): SymbolicTensor =>
  layer.apply(x.length === 1 && x[0] ? x[0] : x) as SymbolicTensor;
const one =
  (make: () => Layer): Middle =>
  (x) =>
    through(make(), x);

const channelsOf = (x: SymbolicTensor): number => x.shape.at(-1) ?? 0;
/** An odd number in narrow models; in wide ones as many as came in. */
const filtersFor = (x: SymbolicTensor): number => (channelsOf(x) === narrow ? narrow + 1 : channelsOf(x));

/** Channels under which the layers are tested: few, and as many as make ONNX Runtime block them. */
export const narrow = 4;
export const wide = 32;

/** Options of convolutions, by how they are titled. */
const convolutions = {
  '3x3 same': { kernelSize: 3, padding: 'same' },
  '3x3 same, stride 2': { kernelSize: 3, strides: 2, padding: 'same' },
  '3x3 valid': { kernelSize: 3, padding: 'valid' },
  '3x3 valid, stride 2': { kernelSize: 3, strides: 2, padding: 'valid' },
  '1x1': { kernelSize: 1, padding: 'same' },
  '1x1, stride 2': { kernelSize: 1, strides: 2, padding: 'same' },
  '5x3 same': { kernelSize: [5, 3] as [number, number], padding: 'same' },
  '2x2 same': { kernelSize: 2, padding: 'same' },
  // No dilation: TensorFlow.js refuses the gradients of dilated convolutions.
} as const;

const pools = {
  '2x2 valid, stride 2': { poolSize: 2, strides: 2, padding: 'valid' },
  '3x3 same, stride 2': { poolSize: 3, strides: 2, padding: 'same' },
  '3x3 same, stride 1': { poolSize: 3, strides: 1, padding: 'same' },
} as const;

const activations = [
  ...(['elu', 'hardSigmoid', 'linear', 'relu', 'relu6', 'selu', 'sigmoid', 'softmax'] as const),
  ...(['softplus', 'softsign', 'tanh', 'swish', 'mish', 'gelu', 'gelu_new'] as const),
];

const each = <T>(
  what: string,
  options: Readonly<Record<string, T>>,
  make: (option: T) => Middle,
): [string, Middle][] => Object.entries(options).map(([name, option]) => [`${what} ${name}`, make(option)]);

/** Every kind of layer, by its title. */
export const middles: Readonly<Record<string, Middle>> = Object.fromEntries<Middle>([
  ...each('conv', convolutions, (to) => (x) => through(layers.conv2d({ filters: filtersFor(x), ...to }), x)),
  ...each('depthwise', convolutions, (to) =>
    one(() => layers.depthwiseConv2d({ ...to, depthMultiplier: 1 })),
  ),
  ['depthwise, multiplier 2', one(() => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }))],
  ...each(
    'separable',
    convolutions,
    (to) => (x) => through(layers.separableConv2d({ filters: filtersFor(x), depthMultiplier: 2, ...to }), x),
  ),
  ...each('max pool', pools, (to) => one(() => layers.maxPooling2d(to))),
  ...each('average pool', pools, (to) => one(() => layers.averagePooling2d(to))),
  ['global max pool', one(() => layers.globalMaxPooling2d({}))],
  ['global average pool', one(() => layers.globalAveragePooling2d({}))],
  ['batch norm', one(() => layers.batchNormalization({ momentum: 0.9 }))],
  [
    'flatten and dense',
    (x) => through(layers.dense({ units: 6, activation: 'tanh' }), through(layers.flatten(), x)),
  ],
  [
    'batch norm of vectors',
    (x) => through(layers.batchNormalization({}), through(layers.globalAveragePooling2d({}), x)),
  ],
  ['dropout with a fixed mask', one(() => layers.dropout({ rate: 0.4, seed: 11 }))],
  [
    'add',
    (x) => through(layers.add(), x, through(layers.conv2d({ filters: channelsOf(x), kernelSize: 1 }), x)),
  ],
  [
    'concat',
    (x) => through(layers.concatenate(), x, through(layers.conv2d({ filters: 3, kernelSize: 1 }), x)),
  ],
  ['multiply (squeeze and excite)', squeezeAndExcite],
  [
    'padding',
    one(() =>
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [1, 2],
        ],
      }),
    ),
  ],
  ['upsampling', one(() => layers.upSampling2d({ size: [2, 2] }))],
  ['prelu', one(() => layers.prelu({ sharedAxes: [1, 2] }))],
  ['leaky relu', one(() => layers.leakyReLU({ alpha: 0.1 }))],
  ['relu with a ceiling', one(() => layers.reLU({ maxValue: 0.3 }))],
  ...activations.map((activation): [string, Middle] => [
    `activation ${activation}`,
    one(() => layers.activation({ activation })),
  ]),
  ['inverted residual', invertedResidual],
]);

function squeezeAndExcite(x: SymbolicTensor): SymbolicTensor {
  const pooled = through(layers.globalAveragePooling2d({}), x);
  const gate = through(layers.dense({ units: channelsOf(x), activation: 'sigmoid' }), pooled);
  return through(layers.multiply(), x, through(layers.reshape({ targetShape: [1, 1, channelsOf(x)] }), gate));
}

/** MobileNetV2's block: widen, depthwise, narrow, add; batch norm after each convolution. */
function invertedResidual(x: SymbolicTensor): SymbolicTensor {
  const bare = { useBias: false, padding: 'same' } as const;
  let y = through(layers.conv2d({ filters: 2 * channelsOf(x), kernelSize: 1, ...bare }), x);
  y = through(layers.reLU({ maxValue: 6 }), through(layers.batchNormalization({}), y));
  y = through(layers.depthwiseConv2d({ kernelSize: 3, ...bare }), y);
  y = through(layers.reLU({ maxValue: 6 }), through(layers.batchNormalization({}), y));
  y = through(layers.conv2d({ filters: channelsOf(x), kernelSize: 1, ...bare }), y);
  return through(layers.add(), x, through(layers.batchNormalization({}), y));
}

/** Every optimizer of tf.train. */
export const optimizers: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.9),
  'momentum, Nesterov': () => tf.train.momentum(0.05, 0.9, true),
  adagrad: () => tf.train.adagrad(0.05),
  adadelta: () => tf.train.adadelta(0.5),
  adam: () => tf.train.adam(0.01, 0.9, 0.999, 1e-4),
  adamax: () => tf.train.adamax(0.01, 0.9, 0.999, 1e-4),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0, 1e-4),
  // Its epsilon is taken away under a root: more than a speck of it, or a zero gradient, makes NaN.
  'rmsprop, centred, momentum': () => tf.train.rmsprop(0.005, 0.9, 0.9, 1e-14, true),
};

type Loss = (truth: tf.Tensor2D, predicted: tf.Tensor2D) => tf.Tensor;

/** Losses of a prediction in 0..1, truth being one-hot. */
export const losses: Readonly<Record<string, Loss>> = {
  'categorical cross-entropy': (truth, predicted) => tf.losses.softmaxCrossEntropy(truth, tf.log(predicted)),
  'sigmoid cross-entropy': (truth, predicted) =>
    tf.losses.sigmoidCrossEntropy(truth, tf.log(predicted), 1, 0.1),
  'log loss': (truth, predicted) => tf.losses.logLoss(truth, predicted),
  'mean squared error': (truth, predicted) => tf.losses.meanSquaredError(truth, predicted),
  'absolute difference': (truth, predicted) => tf.losses.absoluteDifference(truth, predicted),
  huber: (truth, predicted) => tf.losses.huberLoss(truth, predicted, undefined, 0.4),
  hinge: (truth, predicted) => tf.losses.hingeLoss(truth, predicted),
  'cosine distance': (truth, predicted) => tf.losses.cosineDistance(truth, predicted, 1),
};

const [height, width, channels, classes] = [5, 6, 3, 3];

function modelWith({ middle, channels: filters }: Training): LayersModel {
  const x = input({ shape: [height, width, channels] });
  // What stands before the layer under test shows its gradient by the input.
  const before = layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'tanh' });
  let y = middle(through(before, x));
  if (y.rank === 4) y = through(layers.globalAveragePooling2d({}), y);
  const head = layers.dense({ units: classes, activation: 'softmax' });
  return layersModel({ inputs: x, outputs: through(head, y) });
}

/** Normal numbers, the same for the same seed on every machine. */
export function normals(shape: readonly number[], scale: number, seed: number): tf.Tensor {
  const random = seededRandom(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, () => random.normal() * scale);
  return tf.tensor(data, [...shape]);
}

/** Weights far enough from 0 that none is all rounding; variances are positive. */
export function setWeights({ weights }: Pick<LayersModel, 'weights'>): void {
  for (const [index, weight] of weights.entries()) {
    const shape = weight.shape.map((length) => length ?? 1);
    const inputs = shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const noise = normals(shape, shape.length > 1 ? 1.5 / Math.sqrt(inputs) : 0.3, index + 1);
    const isScale = /gamma|moving_variance/.test(weight.originalName);
    weight.write(isScale ? tf.add(1, tf.abs(noise)) : noise);
  }
}

/** How a model is trained, whatever it is. */
export interface Course {
  readonly optimizer: () => tf.Optimizer;
  readonly loss: Loss;
  /** Photos in a batch. */
  readonly batch: number;
  /** Whether batch norm and dropout do what they do in training. */
  readonly training: boolean;
  readonly steps: number;
}

export interface Training extends Course {
  readonly middle: Middle;
  /** Channels that the middle gets. */
  readonly channels: number;
}

/** Everything a training computes, by name: the prediction, gradients, losses, weights at the end. */
export type Outcome = Record<string, Float32Array>;

/** Trains on the backend given by name. Leaves no tensor behind. */
export function trainOn(backend: string, task: Training): Promise<Outcome> {
  return trainModelOn(backend, task, () => {
    const model = modelWith(task);
    setWeights(model);
    return model;
  });
}

/**
 * Trains a classifier on the backend given by name, on made-up photos. Leaves no tensor behind.
 *
 * @param make one input [height, width, channels], one output of probabilities
 */
export async function trainModelOn(
  backend: string,
  task: Course,
  make: () => LayersModel | Promise<LayersModel>,
): Promise<Outcome> {
  await tf.setBackend(backend);
  tf.engine().startScope();
  const model = await make();
  const optimizer = task.optimizer();
  const sizes = (model.inputs[0]?.shape ?? []).slice(1).map((size) => size ?? 1);
  const classes = model.outputs[0]?.shape.at(-1) ?? 1;
  const x = normals([task.batch, ...sizes], 1, 99);
  const photos = Array.from({ length: task.batch }, (_, photo) => photo % classes);
  const truth = tf.oneHot(photos, classes) as tf.Tensor2D;
  const lossOf = (): tf.Scalar => {
    const predicted = model.apply(x, { training: task.training }) as tf.Tensor2D;
    return tf.reshape(task.loss(truth, predicted), []);
  };

  const outcome: Outcome = {};
  const keep = async (name: string, tensor: tf.Tensor): Promise<void> => {
    outcome[name] = Float32Array.from(await tensor.data());
  };
  await keep('prediction', model.predict(x) as tf.Tensor);
  const { grads } = tf.variableGrads(lossOf);
  for (const [index, name] of Object.keys(grads).entries()) {
    const gradient = grads[name];
    if (gradient) await keep(`gradient ${index}`, gradient);
  }
  const history: number[] = [];
  for (let step = 0; step < task.steps; step++) {
    const value = optimizer.minimize(lossOf, true);
    history.push((await value?.data())?.[0] ?? Number.NaN);
    value?.dispose();
  }
  outcome['losses'] = Float32Array.from(history);
  for (const [index, weight] of model.weights.entries()) await keep(`weight ${index}`, weight.read());
  optimizer.dispose();
  model.dispose();
  tf.engine().endScope();
  return outcome;
}

/** Largest distance between two outcomes, relative to the length of each tensor: 0 is equality. */
export function distance(a: Outcome, b: Outcome): { worst: number; at: string } {
  let [worst, at] = [0, ''];
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [a[name], b[name]];
    if (left?.length !== right?.length || !left || !right) return { worst: Infinity, at: name };
    let [apart, length] = [0, 0];
    for (const [index, value] of right.entries()) {
      apart += ((left[index] ?? Number.NaN) - value) ** 2;
      length += value ** 2;
    }
    const error = apart === 0 ? 0 : Math.sqrt(apart / length);
    if (Number.isNaN(error)) return { worst: Infinity, at: name };
    if (error > worst) [worst, at] = [error, name];
  }
  return { worst, at };
}

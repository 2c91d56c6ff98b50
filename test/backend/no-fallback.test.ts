/** Nothing of tfjs-layers and tf.train may run on the host. */
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fallbackReport } from '../../src/backend/index.ts';
import { random, tf } from './support.ts';

type Layer = tfl.layers.Layer;
const { layers } = tfl;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
});

/** What fell back while something was computed, by kernel. */
let before = new Map<string, number>();
beforeEach(() => {
  before = new Map(fallbackReport());
});
const fellBack = (): string[] =>
  [...fallbackReport()].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);

/** Computes a layer's output and all gradients there are of it. */
function exercise(layer: Layer, x: tf.Tensor | tf.Tensor[], trains: boolean): void {
  const inputs = Array.isArray(x) ? x : [x];
  const lossOf = (...given: tf.Tensor[]): tf.Scalar => {
    const y = layer.apply(given.length === 1 ? (given[0] as tf.Tensor) : given, { training: true });
    return tf.sum(tf.square(y as tf.Tensor));
  };
  lossOf(...inputs).dataSync();
  if (!trains) return;
  for (const gradient of tf.grads(lossOf)(inputs)) gradient.dataSync();
  const weights = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
  if (weights.length === 0) return;
  const { grads } = tf.variableGrads(() => lossOf(...inputs), weights);
  for (const gradient of Object.values(grads)) gradient.dataSync();
}

/** What `tf.layers` makes layers with. */
type Factory = Exclude<keyof typeof layers, 'Layer' | 'RNN' | 'RNNCell' | 'input' | 'inputLayer'>;
interface Case {
  /** Input shape without the batch; several for layers that merge. */
  readonly input: readonly number[];
  readonly make: () => Layer;
  /** Two inputs of this shape. */
  readonly merges?: boolean;
  /** TensorFlow.js has no gradient with respect to its input. */
  readonly forwardOnly?: boolean;
}
const image = [6, 6, 4];
const sequence = [6, 4];
const volume = [4, 4, 4, 2];
const vector = [5];
const of = (input: readonly number[], make: () => Layer): Case => ({ input, make });
const merging = (make: () => Layer, input = image): Case => ({ input, make, merges: true });
const forwardOf = (input: readonly number[], make: () => Layer): Case => ({ input, make, forwardOnly: true });

const recurrent = { units: 3, recurrentInitializer: 'glorotUniform' } as const;
const convLstm = { filters: 3, kernelSize: 3, recurrentInitializer: 'glorotUniform' } as const;
const pool1d = of(sequence, () => layers.averagePooling1d({ poolSize: 2 }));
const pool2d = of(image, () => layers.averagePooling2d({ poolSize: 2 }));
const pool3d = of(volume, () => layers.averagePooling3d({ poolSize: 2 }));
const globalMax1d = of(sequence, () => layers.globalMaxPooling1d({}));
const globalMax2d = of(image, () => layers.globalMaxPooling2d({}));
const max1d = of(sequence, () => layers.maxPooling1d({ poolSize: 2 }));
const max2d = of(image, () => layers.maxPooling2d({ poolSize: 2 }));
const conv3dTranspose = () => layers.conv3dTranspose({ filters: 3, kernelSize: 2 });
/** Not layers by themselves: parts of recurrent ones, and what wraps others. */
const cellOf = (cell: Parameters<typeof layers.rnn>[0]['cell']): Case =>
  of(sequence, () => layers.rnn({ cell: cell }));

const cases: Readonly<Record<Factory, Case>> = {
  elu: of(image, () => layers.elu()),
  reLU: of(image, () => layers.reLU({ maxValue: 6 })),
  leakyReLU: of(image, () => layers.leakyReLU()),
  prelu: of(image, () => layers.prelu()),
  softmax: of(vector, () => layers.softmax()),
  thresholdedReLU: forwardOf(image, () => layers.thresholdedReLU()),
  conv1d: of(sequence, () => layers.conv1d({ filters: 3, kernelSize: 3 })),
  conv2d: of(image, () => layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' })),
  conv2dTranspose: of(image, () => layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 })),
  conv3d: of(volume, () => layers.conv3d({ filters: 3, kernelSize: 3 })),
  conv3dTranspose: forwardOf(volume, conv3dTranspose),
  separableConv2d: of(image, () => layers.separableConv2d({ filters: 3, kernelSize: 3 })),
  cropping2D: of(image, () => layers.cropping2D({ cropping: 1 })),
  upSampling2d: of(image, () => layers.upSampling2d({ size: [2, 3] })),
  depthwiseConv2d: of(image, () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 })),
  activation: of(image, () => layers.activation({ activation: 'mish' })),
  dense: of(vector, () => layers.dense({ units: 3 })),
  dropout: of(image, () => layers.dropout({ rate: 0.5 })),
  spatialDropout1d: of(sequence, () => layers.spatialDropout1d({ rate: 0.5 })),
  flatten: of(image, () => layers.flatten()),
  repeatVector: of(vector, () => layers.repeatVector({ n: 3 })),
  reshape: of(image, () => layers.reshape({ targetShape: [12, 12] })),
  permute: of(image, () => layers.permute({ dims: [2, 1, 3] })),
  embedding: forwardOf([3], () => layers.embedding({ inputDim: 5, outputDim: 3 })),
  add: merging(() => layers.add()),
  average: merging(() => layers.average()),
  concatenate: merging(() => layers.concatenate()),
  maximum: merging(() => layers.maximum()),
  minimum: merging(() => layers.minimum()),
  multiply: merging(() => layers.multiply()),
  dot: merging(() => layers.dot({ axes: 1 }), vector),
  batchNormalization: of(image, () => layers.batchNormalization()),
  layerNormalization: of(image, () => layers.layerNormalization()),
  zeroPadding2d: of(image, () => layers.zeroPadding2d()),
  averagePooling1d: pool1d,
  avgPool1d: pool1d,
  avgPooling1d: pool1d,
  averagePooling2d: pool2d,
  avgPool2d: pool2d,
  avgPooling2d: pool2d,
  averagePooling3d: pool3d,
  avgPool3d: pool3d,
  avgPooling3d: pool3d,
  globalAveragePooling1d: of(sequence, () => layers.globalAveragePooling1d({})),
  globalAveragePooling2d: of(image, () => layers.globalAveragePooling2d({})),
  globalMaxPooling1d: globalMax1d,
  globalMaxPool1d: globalMax1d,
  globalMaxPooling2d: globalMax2d,
  globalMaxPool2d: globalMax2d,
  maxPooling1d: max1d,
  maxPool1d: max1d,
  maxPooling2d: max2d,
  maxPool2d: max2d,
  maxPooling3d: of(volume, () => layers.maxPooling3d({ poolSize: 2 })),
  gru: of(sequence, () => layers.gru(recurrent)),
  gruCell: cellOf(layers.gruCell(recurrent)),
  lstm: of(sequence, () => layers.lstm(recurrent)),
  lstmCell: cellOf(layers.lstmCell(recurrent)),
  simpleRNN: of(sequence, () => layers.simpleRNN(recurrent)),
  simpleRNNCell: cellOf(layers.simpleRNNCell(recurrent)),
  convLstm2d: of([3, 6, 6, 2], () => layers.convLstm2d(convLstm)),
  convLstm2dCell: of([3, 6, 6, 2], () => layers.convLstm2d(convLstm)),
  rnn: cellOf(layers.simpleRNNCell(recurrent)),
  stackedRNNCells: cellOf(
    layers.stackedRNNCells({
      cells: [layers.lstmCell(recurrent), layers.gruCell(recurrent)],
    }),
  ),
  bidirectional: of(sequence, () =>
    layers.bidirectional({ layer: layers.lstm(recurrent), mergeMode: 'concat' }),
  ),
  timeDistributed: of(sequence, () => layers.timeDistributed({ layer: layers.dense({ units: 3 }) })),
  gaussianNoise: of(image, () => layers.gaussianNoise({ stddev: 1 })),
  gaussianDropout: of(image, () => layers.gaussianDropout({ rate: 0.5 })),
  alphaDropout: of(image, () => layers.alphaDropout({ rate: 0.5 })),
  masking: forwardOf(sequence, () => layers.masking()),
  rescaling: of(image, () => layers.rescaling({ scale: 2, offset: 1 })),
  centerCrop: forwardOf(image, () => layers.centerCrop({ height: 4, width: 4 })),
  resizing: of(image, () => layers.resizing({ height: 4, width: 7 })),
  categoryEncoding: forwardOf([3], () => layers.categoryEncoding({ numTokens: 5, outputMode: 'count' })),
  randomWidth: of(image, () => layers.randomWidth({ factor: 0.3 })),
};

describe('layers, forward and backward', () => {
  test.each(Object.entries(cases))('%s', (name, { input, make, merges, forwardOnly }) => {
    tf.tidy(() => {
      const isOfWords = name === 'embedding' || name === 'categoryEncoding';
      const x = isOfWords ? tf.tensor2d([0, 1, 2, 3, 3, 1], [2, 3], 'int32') : random([2, ...input], 1);
      const layer = make();
      exercise(layer, merges === true ? [x, random([2, ...input], 2)] : x, forwardOnly !== true);
      if (name === 'embedding') {
        const lossOf = (): tf.Scalar => tf.sum(layer.apply(x) as tf.Tensor);
        for (const gradient of Object.values(tf.variableGrads(lossOf).grads)) gradient.dataSync();
      }
    });
    expect(fellBack()).toEqual([]);
  });

  test('all layers that there are', () => {
    const made = Object.keys(layers).filter((name) => !/^(Layer|RNN|RNNCell|input|inputLayer)$/.test(name));
    expect(made.filter((name) => !(name in cases))).toEqual([]);
  });

  test.each(['nearest', 'bilinear'] as const)('upsampling, %s', (interpolation) => {
    tf.tidy(() => {
      exercise(layers.upSampling2d({ size: [3, 2], interpolation }), random([2, ...image], 1), true);
    });
    expect(fellBack()).toEqual([]);
  });
});

const oneHot = (): tf.Tensor2D => tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]);
const predicted = (): tf.Tensor2D => tf.softmax(random([2, 3], 1)) as tf.Tensor2D;

const activations =
  'elu selu relu relu6 linear sigmoid hardSigmoid softplus softsign tanh softmax logSoftmax gelu gelu_new mish swish';
test.each(activations.split(' '))('the activation %s', (activation) => {
  tf.tidy(() => {
    exercise(layers.activation({ activation: activation as 'elu' }), random([2, 5], 1), true);
  });
  expect(fellBack()).toEqual([]);
});

/** tfjs-core's Node entry point has no methods on tensors, which this one is written with. */
const writtenWithMethods = 'r2Score';
test.each(Object.entries(tfl.metrics).filter(([name]) => name !== writtenWithMethods))(
  'the metric %s',
  (name, metric) => {
    tf.tidy(() => {
      const truth = name.startsWith('sparse') ? tf.tensor2d([0, 1], [2, 1]) : oneHot();
      metric(truth, predicted()).dataSync();
    });
    expect(fellBack()).toEqual([]);
  },
);

type Loss = (truth: tf.Tensor, predicted: tf.Tensor) => tf.Tensor;
const ofCore: [string, Loss][] = Object.entries(tf.losses)
  .filter(([name]) => name !== 'computeWeightedLoss') // what the others end with
  .map(([name, loss]) => [
    name,
    (truth, y) =>
      name === 'cosineDistance' ? tf.losses.cosineDistance(truth, y, 1) : (loss as Loss)(truth, y),
  ]);
test.each(ofCore)('the loss tf.losses.%s', (_, loss) => {
  tf.tidy(() => {
    tf.grad((y) => loss(oneHot(), y))(predicted()).dataSync();
  });
  expect(fellBack()).toEqual([]);
});

const lossesOfLayers = [
  'meanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'meanSquaredLogarithmicError',
  'squaredHinge',
  'hinge',
  'categoricalHinge',
  'logcosh',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
];
const optimizers = ['sgd', 'adagrad', 'adadelta', 'adam', 'adamax', 'rmsprop'];
test.each(lossesOfLayers.map((loss, i) => [loss, optimizers[i % optimizers.length] as string]))(
  'model.fit and evaluate with %s and %s, regularized and constrained',
  async (loss, optimizer) => {
    const model = tfl.sequential();
    const { l1l2 } = tfl.regularizers;
    const { maxNorm, nonNeg } = tfl.constraints;
    model.add(
      layers.dense({ units: 4, inputShape: [5], kernelRegularizer: l1l2(), kernelConstraint: maxNorm({}) }),
    );
    model.add(layers.dense({ units: 3, activation: 'softmax', biasConstraint: nonNeg() }));
    const isSparse = loss.startsWith('sparse');
    model.compile({ optimizer, loss, metrics: isSparse ? ['accuracy'] : ['accuracy', 'mse', 'precision'] });
    const x = random([4, 5], 3);
    const classes = [0, 1, 2, 0];
    const y = isSparse
      ? tf.tensor2d(classes, [4, 1])
      : tf.cast(tf.oneHot(tf.tensor1d(classes, 'int32'), 3), 'float32');
    await model.fit(x, y, { epochs: 2, batchSize: 2, validationSplit: 0.25, verbose: 0 });
    model.evaluate(x, y);
    tf.dispose([x, y]);
    model.dispose();
    expect(fellBack()).toEqual([]);
  },
);

test.each([
  ['momentum', () => tf.train.momentum(0.1, 0.9, true)],
  ['centred rmsprop', () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-7, true)],
] as const)('the optimizer %s', (_, make) => {
  tf.tidy(() => {
    const weight = tf.variable(random([3], 1));
    for (let step = 0; step < 2; step++) make().minimize(() => tf.sum(tf.square(weight)), false, [weight]);
    weight.dataSync();
  });
  expect(fellBack()).toEqual([]);
});

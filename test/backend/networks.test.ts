import { beforeAll, describe, expect, test } from 'vitest';
import { fallbackReport, inspect, stats } from '../../src/backend/index.ts';
import { compare, numbers, on, random, tf } from './support.ts';

type Vars = tf.Variable[];

interface Network {
  /** Shapes of its variables; vectors start as zeros, what is called gamma as ones. */
  readonly shapes: readonly (readonly number[])[];
  readonly forward: (x: tf.Tensor4D, v: Vars) => tf.Tensor;
}

const vector = (v: tf.Tensor | undefined): tf.Tensor1D => v as unknown as tf.Tensor1D;
const filter = (v: tf.Tensor | undefined): tf.Tensor4D => v as unknown as tf.Tensor4D;
const matrix = (v: tf.Variable | undefined): tf.Tensor2D => v as unknown as tf.Tensor2D;

/** Batch norm on the batch's own statistics, with gradients through them. */
function batchNormTraining(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D): tf.Tensor4D {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(x, vector(mean), vector(variance), beta, gamma, 1e-3);
}

const networks: Record<string, Network> = {
  'conv, pools, dense': {
    shapes: [[3, 3, 3, 6], [6], [3, 3, 6, 8], [8], [32, 3], [3]],
    forward: (x, v) => {
      const a = tf.maxPool(
        filter(tf.relu(tf.add(tf.conv2d(x, filter(v[0]), 1, 'same'), vector(v[1])))),
        2,
        2,
        'valid',
      );
      const b = tf.avgPool(
        filter(tf.elu(tf.add(tf.conv2d(a, filter(v[2]), 2, 'same'), vector(v[3])))),
        2,
        1,
        'same',
      );
      const flat = tf.reshape(b, [b.shape[0], -1]);
      return tf.add(tf.matMul(flat, matrix(v[4])), vector(v[5]));
    },
  },
  'depthwise separable, batch norm in training mode, residual add': {
    shapes: [[3, 3, 3, 8], [8], [8], [3, 3, 8, 1], [1, 1, 8, 8], [8], [8], [8, 3]],
    forward: (x, v) => {
      const stem = tf.clipByValue(
        batchNormTraining(tf.conv2d(x, filter(v[0]), 2, 'same'), vector(v[1]), vector(v[2])),
        0,
        6,
      );
      const depthwise = tf.relu(tf.depthwiseConv2d(stem, filter(v[3]), 1, 'same'));
      const pointwise = batchNormTraining(
        tf.conv2d(depthwise, filter(v[4]), 1, 'same'),
        vector(v[5]),
        vector(v[6]),
      );
      const joined = tf.concat([tf.add(stem, pointwise), depthwise], 3);
      return tf.matMul(tf.mean(tf.slice(joined, [0, 0, 0, 4], [-1, -1, -1, 8]), [1, 2]), matrix(v[7]));
    },
  },
  'frozen batch norm, strided depthwise with zero padding, dropout with a fixed mask': {
    shapes: [[3, 3, 3, 8], [3, 3, 8, 1], [1, 1, 8, 16], [16, 3], [3]],
    forward: (x, v) => {
      const mean = tf.tensor1d(numbers(8, 5, -0.2, 0.2));
      const variance = tf.tensor1d(numbers(8, 6, 0.5, 2));
      const stem = tf.relu6(
        tf.batchNorm(
          tf.conv2d(x, filter(v[0]), 1, 'same'),
          mean,
          variance,
          random([8], 7) as tf.Tensor1D,
          random([8], 8) as tf.Tensor1D,
        ),
      );
      const padded = tf.pad(stem, [
        [0, 0],
        [0, 1],
        [0, 1],
        [0, 0],
      ]);
      const depthwise = tf.sigmoid(tf.depthwiseConv2d(padded, filter(v[1]), 2, 'valid'));
      const features = tf.mean(tf.tanh(tf.conv2d(depthwise, filter(v[2]), 1, 'same')), [1, 2]);
      const mask = tf.cast(tf.greater(random(features.shape, 9), 0), 'float32');
      return tf.add(tf.matMul(tf.mul(features, mask), matrix(v[3])), vector(v[4]));
    },
  },
};

function train({ shapes, forward }: Network, steps: number, afterStep?: () => void): tf.Tensor[] {
  const x = random([4, 8, 8, 3], 1) as tf.Tensor4D;
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 1], 'int32'), 3);
  const variables = shapes.map((shape, i) => tf.variable(random(shape, 10 + i, -0.5, 0.5)));
  const optimizer = tf.train.adam(0.01);
  for (let step = 0; step < steps; step++) {
    const loss = optimizer.minimize(
      () => tf.losses.softmaxCrossEntropy(labels, forward(x, variables)),
      true,
      variables,
    );
    loss?.dataSync();
    loss?.dispose();
    afterStep?.();
  }
  const weights = variables.map((variable) => variable.clone());
  for (const variable of variables) variable.dispose();
  optimizer.dispose();
  return weights;
}

describe.each(Object.entries(networks))('%s', (_, network) => {
  test('trains as on tfjs-backend-cpu: 20 steps of Adam', async () => {
    const expected = await on('cpu', () => train(network, 20));
    const actual = await on('onnxruntime', () => train(network, 20));
    expect(compare(actual, expected)).toEqual([]);
  });

  test('compiles one graph, transposes little, falls back never', async () => {
    await tf.setBackend('onnxruntime');
    const before = stats();
    const compiles: number[] = [];
    let transposes = 0;
    tf.tidy(() => {
      train(network, 4, () => {
        compiles.push(stats().compiles - before.compiles);
        transposes = inspect().get('Transpose') ?? 0;
      });
    });
    expect(new Set(compiles).size).toBe(1);
    expect([...fallbackReport()]).toEqual([]);
    // Filters both ways and what dW's matrices want, but not two for every operation.
    expect(transposes).toBeLessThanOrEqual(20);
  });
});

describe('200 steps', () => {
  beforeAll(() => tf.setBackend('onnxruntime'));

  test('leave no tensor, no data and no session behind', () => {
    const network = networks['conv, pools, dense'] as Network;
    tf.tidy(() => void train(network, 2));
    const before = { ...tf.memory(), ids: tf.backend().numDataIds(), sessions: stats().sessions };
    const during: number[] = [];
    tf.tidy(() => void train(network, 200, () => during.push(tf.backend().numDataIds())));
    expect(new Set(during.slice(2)).size).toBe(1);
    expect({ ...tf.memory(), ids: tf.backend().numDataIds(), sessions: stats().sessions }).toEqual(before);
  });
});

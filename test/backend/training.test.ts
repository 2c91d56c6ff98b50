import { beforeAll, describe, expect, test } from 'vitest';
import { fallbackReport, stats } from '../../src/backend/index.ts';
import { compare, numbers, on, random, tf } from './support.ts';

const optimizers: Record<string, () => tf.Optimizer> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.9),
  nesterov: () => tf.train.momentum(0.05, 0.9, true),
  adam: () => tf.train.adam(0.01),
  adamax: () => tf.train.adamax(0.01),
  rmsprop: () => tf.train.rmsprop(0.01),
  'centered rmsprop': () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-5, true),
  adagrad: () => tf.train.adagrad(0.05),
  adadelta: () => tf.train.adadelta(1),
};

/** A dense network with one hidden layer, trained on fixed data; returns its weights afterwards. */
function trainDense(
  makeOptimizer: () => tf.Optimizer,
  steps: number,
  afterStep?: (step: number) => void,
): tf.Tensor[] {
  const x = random([16, 6], 1);
  const labels = tf.oneHot(tf.tensor1d(Int32Array.from(numbers(16, 2, 0, 3)), 'int32'), 3);
  const variables = [
    tf.variable(random([6, 8], 3)),
    tf.variable(tf.zeros([8])),
    tf.variable(random([8, 3], 4)),
    tf.variable(tf.zeros([3])),
  ];
  const [w1, b1, w2, b2] = variables as [tf.Variable, tf.Variable, tf.Variable, tf.Variable];
  const optimizer = makeOptimizer();
  for (let step = 0; step < steps; step++) {
    tf.tidy(() => {
      const loss = optimizer.minimize(
        () => {
          const hidden = tf.relu(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1));
          const logits = tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2);
          return tf.losses.softmaxCrossEntropy(labels, logits);
        },
        true,
        variables,
      );
      loss?.dataSync();
    });
    afterStep?.(step);
  }
  const weights = variables.map((variable) => variable.clone());
  for (const variable of variables) variable.dispose();
  optimizer.dispose();
  x.dispose();
  labels.dispose();
  return weights;
}

describe.each(Object.entries(optimizers))('%s', (_, makeOptimizer) => {
  test('takes the same 20 steps as on the CPU backend', async () => {
    const expected = await on('cpu', () => trainDense(makeOptimizer, 20));
    const actual = await on('onnxruntime', () => trainDense(makeOptimizer, 20));
    expect(compare(actual, expected)).toEqual([]);
    expect([...fallbackReport()]).toEqual([]);
  });
});

describe('the steady state', () => {
  beforeAll(() => tf.setBackend('onnxruntime'));

  test('compiles nothing in the second step', () => {
    const compiles: number[] = [];
    tf.tidy(
      () =>
        void trainDense(optimizers['adam'] as () => tf.Optimizer, 5, () => compiles.push(stats().compiles)),
    );
    expect(new Set(compiles).size).toBe(1);
  });

  test('leaves as many tensors as it found, and no more after 200 steps than after 10', () => {
    const before = tf.memory();
    const ids = tf.engine().backend.numDataIds();
    const during: number[] = [];
    tf.tidy(() => {
      trainDense(optimizers['adam'] as () => tf.Optimizer, 200, () => during.push(tf.memory().numTensors));
    });
    expect(during[199]).toBe(during[10]);
    expect(tf.memory()).toEqual(before);
    expect(tf.engine().backend.numDataIds()).toBe(ids);
  });
});

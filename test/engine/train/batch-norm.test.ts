import '@tensorflow/tfjs-backend-cpu';
import { layers } from '@tensorflow/tfjs-layers';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { createBatchNorm, statisticsKept } from '../../../src/engine/train/batch-norm.ts';
import type { BatchNormLayer } from '../../../src/engine/train/batch-norm.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { startWasm } from './tf-testing.ts';

const [rows, units] = [12, 5];

function batch(seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from(
    { length: rows * units },
    (_, i) => 3 * (i % units) + (1 + (i % units)) * random.normal(),
  );
}

const steps = [0, 1, 2, 10, 5000];
const scale = [1, 0.5, -2, 1.5, 3];
const offset = [0, 1, -1, 0.25, 4];

/** What TensorFlow.js's own layer makes of the batches on its plain backend: in training, and then as it answers. */
function reference(affine: boolean): {
  training: number[][];
  mean: number[];
  variance: number[];
  answer: number[];
} {
  let mean = Array<number>(units).fill(0);
  let variance = Array<number>(units).fill(1);
  const training: number[][] = [];
  // Its layer without a learned line can't answer, so it has the line that changes nothing.
  const learned = affine ? [tf.tensor1d(scale), tf.tensor1d(offset)] : [tf.ones([units]), tf.zeros([units])];
  const run = (x: number[], momentum: number, isTraining: boolean): number[] => {
    const layer = layers.batchNormalization({ momentum, inputShape: [units] });
    const input = tf.tensor2d(x, [rows, units]);
    layer.build([null, units]);
    layer.setWeights([...learned, tf.tensor1d(mean), tf.tensor1d(variance)]);
    const output = layer.apply(input, { training: isTraining }) as Tensor2D;
    const [newMean, newVariance] = layer.getWeights().slice(-2);
    mean = [...(newMean?.dataSync<'float32'>() ?? [])];
    variance = [...(newVariance?.dataSync<'float32'>() ?? [])];
    return [...output.dataSync<'float32'>()];
  };
  for (const [i, step] of steps.entries()) training.push(run(batch(i), statisticsKept(step), true));
  const answer = run(batch(99), 0.99, false);
  return { training, mean, variance, answer };
}

let mine: BatchNormLayer | undefined;
let before = 0;

beforeEach(async () => {
  await startWasm();
  before = tf.memory().numTensors;
});

afterEach(async () => {
  mine?.dispose();
  mine = undefined;
  await tf.setBackend('wasm');
});

describe.each([
  ['with a learned line', true],
  ['without', false],
])('batch normalization %s', (_, affine) => {
  test('in training and after it: as TensorFlow.js’s own layer on its plain backend', async () => {
    await tf.setBackend('cpu');
    const wanted = tf.tidy(() => reference(affine));
    await tf.setBackend('wasm');
    const norm = (mine = createBatchNorm(`tested-${affine}`, 'norm', units, affine));
    norm.restore(
      new Map([
        ['norm/scale', { shape: [units], data: Float32Array.from(scale) }],
        ['norm/offset', { shape: [units], data: Float32Array.from(offset) }],
      ]),
    );
    const apply = (x: number[], step?: number): number[] =>
      tf.tidy(() => [...norm.apply(tf.tensor2d(x, [rows, units]), step).dataSync<'float32'>()]);
    const close = (a: readonly number[], b: readonly number[]): void => {
      expect(a).toHaveLength(b.length);
      a.forEach((value, i) => expect(value).toBeCloseTo(b[i] ?? Number.NaN, 4));
    };
    for (const [i, step] of steps.entries()) close(apply(batch(i), step), wanted.training[i] ?? []);
    const state = new Map(norm.snapshot());
    close([...(state.get('norm/mean')?.data ?? [])], wanted.mean);
    close([...(state.get('norm/variance')?.data ?? [])], wanted.variance);
    const answer = apply(batch(99));
    close(answer, wanted.answer);
    // Answering moves no statistics, and is a line that can be folded away.
    expect(new Map(norm.snapshot())).toEqual(state);
    const { factor, offset: shift } = norm.line();
    close(
      batch(99).map((value, i) => value * (factor[i % units] ?? 0) + (shift[i % units] ?? 0)),
      answer,
    );
  });
});

test('one row alone has no variance: the running statistics serve', () => {
  const norm = (mine = createBatchNorm('single', 'norm', 2, false));
  const state = norm.snapshot();
  const answer = tf.tidy(() => [...norm.apply(tf.tensor2d([3, -1], [1, 2]), 7).dataSync<'float32'>()]);
  expect(answer[0]).toBeCloseTo(3 / Math.sqrt(1.001), 5);
  expect(answer[1]).toBeCloseTo(-1 / Math.sqrt(1.001), 5);
  expect(norm.snapshot()).toEqual(state);
});

test('its gradients are those of the definition, through the batch’s statistics', () => {
  const norm = (mine = createBatchNorm('sloped', 'norm', units, true));
  const weights = batch(5).map((value) => Math.sin(value));
  const loss = (x: Tensor2D) => tf.sum(tf.mul(norm.apply(x, 3), tf.tensor2d(weights, [rows, units])));
  const analytic = tf.tidy(() => [
    ...tf
      .grad((x) => loss(x as Tensor2D))(tf.tensor2d(batch(6), [rows, units]))
      .dataSync<'float32'>(),
  ]);
  const normalize = (x: number[]): number =>
    Array.from({ length: units }, (_, unit) => {
      const column = Array.from({ length: rows }, (_unused, row) => x[row * units + unit] ?? 0);
      const mean = column.reduce((a, b) => a + b, 0) / rows;
      const variance = column.reduce((a, b) => a + (b - mean) ** 2, 0) / rows;
      return column.reduce(
        (sum, value, row) =>
          sum + ((value - mean) / Math.sqrt(variance + 1e-3)) * (weights[row * units + unit] ?? 0),
        0,
      );
    }).reduce((a, b) => a + b, 0);
  const x = batch(6).map(Math.fround);
  for (const at of [0, 7, 23, 44, 59]) {
    const shifted = (by: number): number => normalize(x.map((value, i) => (i === at ? value + by : value)));
    expect(analytic[at]).toBeCloseTo((shifted(1e-4) - shifted(-1e-4)) / 2e-4, 3);
  }
});

test('gives every tensor back', () => {
  const norm = createBatchNorm('returned', 'norm', units, true);
  tf.tidy(() => void norm.apply(tf.tensor2d(batch(1), [rows, units]), 1));
  norm.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

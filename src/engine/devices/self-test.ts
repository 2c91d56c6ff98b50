/** Whether a device computes rightly: its answers beside those of TensorFlow.js in plain JavaScript. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { SelfTest } from '../../contract/devices.ts';
import { exportOnnx } from '../graph/export-onnx.ts';
import type { OnnxSession } from './onnx-session.ts';
import { batch, classes, forward, names, selfTestData, selfTestGraph, side } from './self-test-network.ts';
import type { SelfTestData } from './self-test-network.ts';

/**
 * The largest difference that passes, as a part of the largest number of each array. Single precision differs by
 * 1e-6 to 1e-5 here; NVIDIA's TF32 convolutions keep 11 bits of each factor, about 5e-4; half precision loses
 * small gradients altogether and fails.
 */
export const tolerance = 2e-3;

/** Steps of training that are compared: the later ones build on all that the first got right or wrong. */
const steps = 3;

/** An array of an answer and what it is. */
export interface Part {
  readonly name: string;
  readonly values: ArrayLike<number>;
}

/** The reference answers don't depend on the device. */
const plain = 'cpu';

/** Runs a small convolutional network on the device and compares. */
export async function testInference(compile: (onnx: Uint8Array) => Promise<OnnxSession>): Promise<SelfTest> {
  const data = selfTestData();
  const expected = await onBackend(plain, () => tf.tidy(() => probabilities(data).dataSync<'float32'>()));
  const session = await compile(exportOnnx(selfTestGraph(data.weights)));
  const name = 'class probabilities';
  try {
    const [answer = []] = await session.run(data.photos.slice(), [batch, side, side, 3]);
    return compare('inference', [{ name, values: answer }], [{ name, values: expected }]);
  } finally {
    await session.release();
  }
}

/** Trains a small convolutional network for a few steps on a TensorFlow.js backend and compares. */
export async function testTraining(backend: string): Promise<SelfTest> {
  const data = selfTestData();
  const expected = await onBackend(plain, () => train(data));
  const answer = await onBackend(backend, () => train(data));
  return compare('training-step', answer, expected);
}

/**
 * @param answer the device's arrays
 * @param expected the same ones, rightly
 */
export function compare(
  kind: SelfTest['kind'],
  answer: readonly Part[],
  expected: readonly Part[],
): SelfTest {
  let worst = { difference: -1, where: '' };
  for (const [i, { name, values }] of expected.entries()) {
    const given = answer[i]?.values ?? [];
    const difference = given.length === values.length ? largestDifference(given, values) : Number.NaN;
    // NaN is worse than any number.
    if (!(difference <= worst.difference)) worst = { difference, where: name };
    if (Number.isNaN(difference)) break;
  }
  return {
    kind,
    passed: worst.difference <= tolerance,
    difference: Number.isFinite(worst.difference) ? worst.difference : null,
    tolerance,
    where: worst.where,
  };
}

/** As a part of the largest right number; NaN if any is not a number. */
function largestDifference(given: ArrayLike<number>, right: ArrayLike<number>): number {
  let difference = 0;
  let scale = Number.MIN_VALUE;
  for (let i = 0; i < right.length; i += 1) {
    const expected = right[i] ?? Number.NaN;
    const off = Math.abs((given[i] ?? Number.NaN) - expected);
    if (!Number.isFinite(off)) return Number.NaN;
    difference = Math.max(difference, off);
    scale = Math.max(scale, Math.abs(expected));
  }
  return difference / scale;
}

async function onBackend<T>(name: string, compute: () => T | Promise<T>): Promise<T> {
  if (name === plain) await import('@tensorflow/tfjs-backend-cpu');
  if (!(await tf.setBackend(name))) throw new Error(`The TensorFlow.js backend "${name}" does not start.`);
  return compute();
}

const tensors = (data: SelfTestData): Map<string, tf.Tensor> =>
  new Map([...data.weights].map(([name, { shape, data: values }]) => [name, tf.tensor(values, [...shape])]));

function probabilities(data: SelfTestData): tf.Tensor2D {
  const weights = tensors(data);
  return tf.softmax(forward(tf, weights, tf.tensor4d(data.photos, [batch, side, side, 3]), weights));
}

/** @returns the loss of every step, the gradients of the first, and how far training moved each weight */
async function train(data: SelfTestData): Promise<Part[]> {
  const optimizer = tf.train.momentum(0.05, 0.9);
  const photos = tf.tensor4d(data.photos, [batch, side, side, 3]);
  const labels = tf.tensor2d(data.labels, [batch, classes]);
  const variables = new Map<string, tf.Variable>();
  for (const [name, { shape, data: values }] of data.weights)
    if (names.some((trained) => trained === name))
      variables.set(
        name,
        tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), true, `self-test/${name}`)),
      );
  try {
    const losses: number[] = [];
    const parts: Part[] = [];
    for (let step = 0; step < steps; step += 1) {
      const { value, grads } = tf.variableGrads(
        () => tf.losses.softmaxCrossEntropy(labels, forward(tf, variables, photos)),
        [...variables.values()],
      );
      if (step === 0)
        for (const [name, gradient] of Object.entries(grads))
          parts.push({
            name: `the gradient of ${name.replace('self-test/', '')}`,
            values: await gradient.data<'float32'>(),
          });
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      losses.push((await value.data<'float32'>())[0] ?? Number.NaN);
      tf.dispose([value, grads]);
    }
    for (const [name, variable] of variables) {
      const before = data.weights.get(name)?.data ?? new Float32Array();
      const after = await variable.data<'float32'>();
      parts.push({
        name: `${name} after ${steps} steps`,
        values: after.map((value, i) => value - (before[i] ?? 0)),
      });
    }
    return [{ name: `the loss of ${steps} steps`, values: losses }, ...parts];
  } finally {
    optimizer.dispose();
    tf.dispose([photos, labels, ...variables.values()]);
  }
}

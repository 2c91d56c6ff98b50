/** Runs the same TensorFlow.js code on the backend under test and on tfjs-backend-cpu, and compares. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';
import { registerOnnxRuntimeBackend } from '../../src/backend/index.ts';

export { tf };

registerOnnxRuntimeBackend({ threads: 1 });
tf.env().set('IS_NODE', false); // tfjs-backend-cpu would advise to install tfjs-node

/** Values with their shapes, wherever they were computed. */
export interface Plain {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

export type Compute = () => tf.Tensor | readonly tf.Tensor[];

export async function on(backend: 'cpu' | 'onnxruntime', compute: Compute): Promise<Plain[]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const result = compute();
    const tensors = Array.isArray(result) ? (result as tf.Tensor[]) : [result as tf.Tensor];
    const plain = tensors.map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from(tensor.dataSync()),
    }));
    return plain as unknown as tf.TensorContainer;
  }) as unknown as Plain[];
}

/** Both backends give the same shapes, dtypes and values (relative to the largest, NaN and infinities included). */
export async function expectSame(compute: Compute, tolerance = 1e-4): Promise<void> {
  const expected = await on('cpu', compute);
  const actual = await on('onnxruntime', compute);
  expectClose(actual, expected, tolerance);
}

export function expectClose(actual: readonly Plain[], expected: readonly Plain[], tolerance = 1e-4): void {
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  actual.forEach(({ values }, t) => {
    const wanted = expected[t]?.values ?? [];
    const scale = Math.max(0.1, ...wanted.filter(Number.isFinite).map(Math.abs));
    values.forEach((value, i) => {
      const want = wanted[i] as number;
      const same = Object.is(value, want) || value === want || Math.abs(value - want) <= tolerance * scale;
      if (!same) {
        expect.fail(
          `output ${String(t)} differs at ${String(i)}: ${String(value)}, expected ${String(want)}`,
        );
      }
    });
  });
}

/** Numbers in [low, high) from a small generator: the same for the same seed. */
export function numbers(count: number, seed: number, low = -1, high = 1): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return low + ((state >>> 8) / 2 ** 24) * (high - low);
  });
}

export function random(shape: readonly number[], seed: number, low = -1, high = 1): tf.Tensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return tf.tensor(numbers(size, seed, low, high), [...shape]);
}

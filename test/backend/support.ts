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
  let plain: Plain[] = [];
  tf.tidy(() => {
    const result = compute();
    const tensors = result instanceof tf.Tensor ? [result] : result;
    plain = tensors.map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      values: Array.from(tensor.dataSync()),
    }));
  });
  return plain;
}

/** Where the backend under test and tfjs-backend-cpu differ: in shape, dtype or value (see {@link compare}). */
export async function differences(compute: Compute, tolerance = 1e-4): Promise<string[]> {
  const expected = await on('cpu', compute);
  return compare(await on('onnxruntime', compute), expected, tolerance);
}

/** Fails where the two backends differ. */
export async function expectSame(compute: Compute, tolerance = 1e-4): Promise<void> {
  expect(await differences(compute, tolerance)).toEqual([]);
}

/** What differs, values relative to the largest; NaN and infinities must be the same. At most one line an output. */
export function compare(actual: readonly Plain[], expected: readonly Plain[], tolerance = 1e-4): string[] {
  const lines = actual.length === expected.length ? [] : [`${String(actual.length)} outputs`];
  expected.forEach(({ shape, dtype, values }, t) => {
    const got = actual[t];
    if (got === undefined) return;
    const kind = `${got.dtype}[${got.shape.join()}]`;
    const wantedKind = `${dtype}[${shape.join()}]`;
    if (kind !== wantedKind) lines.push(`output ${String(t)} is ${kind}, expected ${wantedKind}`);
    const scale = Math.max(0.1, ...values.filter(Number.isFinite).map(Math.abs));
    const place = values.findIndex((want, i) => {
      const value = got.values[i] as number;
      return !Object.is(value, want) && value !== want && !(Math.abs(value - want) <= tolerance * scale);
    });
    if (place < 0) return;
    lines.push(
      `output ${String(t)} at ${String(place)} is ${String(got.values[place])}, expected ${String(values[place])}`,
    );
  });
  return lines;
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

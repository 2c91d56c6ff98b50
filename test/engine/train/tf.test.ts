import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { startTf, tf } from '../../../src/engine/train/tf.ts';

const wasm = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;

test('training runs on WebAssembly and gradients are registered', async () => {
  expect(await startTf(wasm)).toBe('wasm');
  const gradient = tf.grad((x: Tensor) => tf.sum(tf.square(x)));
  expect([...gradient(tf.tensor1d([1, -2])).dataSync()]).toEqual([2, -4]);
});

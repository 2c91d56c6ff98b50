import { assert, asyncProperty, constantFrom, integer, nat, record } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OnnxRuntimeBackend } from '../../src/backend/index.ts';
import { expectSame, tf } from './support.ts';

/** Devices other than the CPU have neither the blocked layout nor the positions of greatest elements. */
let block = 0;
let backend: OnnxRuntimeBackend;
beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  const found = tf.backend();
  if (!(found instanceof OnnxRuntimeBackend)) throw new Error('The backend under test is in use.');
  backend = found;
  block = backend.graph.block;
  backend.graph.block = 0;
});
afterAll(() => {
  backend.graph.block = block;
});

describe('the gradient of a max pool by comparison', () => {
  it('is that of tfjs-backend-cpu for any window, ties included', async () => {
    await assert(
      asyncProperty(
        record({
          size: integer({ min: 4, max: 8 }),
          window: integer({ min: 2, max: 3 }),
          stride: integer({ min: 1, max: 3 }),
          pad: constantFrom<'same' | 'valid'>('same', 'valid'),
          seed: nat(1000),
        }),
        async ({ size, window, stride, pad, seed }) => {
          await expectSame(() => {
            // Few different numbers, so that many windows have several greatest ones; many are 0, as padding is.
            const x = tf.floor(tf.randomUniform<tf.Rank.R4>([2, size, size, 3], -2, 2, 'float32', seed));
            const y = tf.maxPool(x, window, stride, pad);
            const dy = tf.randomNormal<tf.Rank.R4>(y.shape, 0, 1, 'float32', seed + 1);
            return tf.grad((input) => tf.maxPool(input as tf.Tensor4D, window, stride, pad))(x, dy);
          });
          expect(backend.graph.block).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });
});

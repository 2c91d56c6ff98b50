import { assert, asyncProperty, constantFrom, integer, nat, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallbackReport } from '../../src/backend/index.ts';
import { differences, expectSame, random, tf } from './support.ts';

const three = (min: number, max: number) =>
  tuple(integer({ min, max }), integer({ min, max }), integer({ min, max }));
const pads = constantFrom<'same' | 'valid'>('same', 'valid');
const windows = record({
  size: three(3, 6),
  kernel: three(1, 3),
  stride: integer({ min: 1, max: 3 }),
  pad: pads,
  seed: nat(1000),
});

/** A stride beyond the window, with padding 'same', is the host's matter: TensorFlow.js pads by less than nothing then. */
const stridesOf = (kernel: readonly number[], stride: number, pad: string): [number, number, number] =>
  kernel.map((size) => (pad === 'same' ? Math.min(size, stride) : stride)) as [number, number, number];

const volume = (x: tf.Tensor): tf.Tensor5D => x as tf.Tensor5D;

describe('convolutions of volumes', () => {
  test('forward and gradients, any window and stride', async () => {
    await assert(
      asyncProperty(windows, async ({ size, kernel, stride, pad, seed }) => {
        const strides = stridesOf(kernel, stride, pad);
        await expectSame(() => {
          const x = random([2, ...size, 3], seed);
          const filter = random([...kernel, 3, 4], seed + 1);
          const f = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.conv3d(volume(a), volume(b), strides, pad);
          const y = f(x, filter);
          return [y, ...tf.grads(f)([x, filter], random(y.shape, seed + 2))];
        });
      }),
      { numRuns: 40 },
    );
    expect([...fallbackReport()]).toEqual([]);
  });

  test('dilated, and transposed', async () => {
    await expect(
      differences(() => [
        tf.conv3d(
          volume(random([1, 6, 5, 7, 2], 1)),
          volume(random([2, 2, 2, 2, 3], 2)),
          1,
          'same',
          'NDHWC',
          2,
        ),
        tf.conv3dTranspose(
          volume(random([2, 2, 3, 2, 3], 1)),
          volume(random([3, 2, 2, 4, 3], 2)),
          [2, 4, 6, 4, 4],
          2,
          'same',
        ),
      ]),
    ).resolves.toEqual([]);
    expect([...fallbackReport()]).toEqual([]);
  });
});

describe('pools of volumes', () => {
  test('forward and gradients, any window and stride, ties included', async () => {
    await assert(
      asyncProperty(windows, async ({ size, kernel, stride, pad, seed }) => {
        // tfjs-backend-cpu (4.22) counts positions wrongly in windows that aren't as wide as they are high.
        const square: [number, number, number] = [kernel[0], kernel[1], kernel[1]];
        await expectSame(() => {
          // Few different numbers, so that many windows have several greatest ones.
          const x = tf.floor(random([2, ...size, 3], seed, -2, 2));
          return ([tf.maxPool3d, tf.avgPool3d] as const).flatMap((pool) => {
            const window = pool === tf.maxPool3d ? square : kernel;
            const f = (a: tf.Tensor): tf.Tensor =>
              pool(volume(a), window, stridesOf(window, stride, pad), pad);
            const y = f(x);
            return [y, tf.grad(f)(x, random(y.shape, seed + 2))];
          });
        });
      }),
      { numRuns: 60 },
    );
    expect([...fallbackReport()]).toEqual([]);
  });

  test('the gradient of the greatest goes to it alone, in windows of any shape', async () => {
    await tf.setBackend('onnxruntime');
    tf.tidy(() => {
      const x = random([2, 4, 5, 6, 3], 7);
      const f = (a: tf.Tensor): tf.Tensor => tf.maxPool3d(volume(a), [2, 1, 3], [2, 1, 3], 'valid');
      const y = f(x);
      const dx = tf.grad(f)(x, tf.ones(y.shape));
      // Windows side by side: each has one 1, where the greatest element is.
      expect(tf.sum(dx).dataSync()[0]).toBe(y.size);
      expect(tf.sum(tf.mul(dx, x)).dataSync()[0]).toBeCloseTo(tf.sum(y).dataSync()[0] as number, 3);
    });
  });
});

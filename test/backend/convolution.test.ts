import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallbackReport } from '../../src/backend/index.ts';
import { differences, random, tf } from './support.ts';

/** Shapes and options a convolution can have: kernels to 4, strides to 3, dilation where the stride is 1. */
const convolutions = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 4, max: 9 }),
    width: fc.integer({ min: 4, max: 9 }),
    channels: fc.integer({ min: 1, max: 4 }),
    outputs: fc.integer({ min: 1, max: 4 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
    seed: fc.nat(1000),
  })
  .map((shape) => ({ ...shape, x: [shape.batch, shape.height, shape.width, shape.channels] }));

/** The value of f and its gradients by all its arguments, for a random dy. */
function withGradients(f: (...args: tf.Tensor[]) => tf.Tensor, args: tf.Tensor[], seed: number): tf.Tensor[] {
  const y = f(...args);
  return [y, ...tf.grads(f)(args, random(y.shape, seed + 7))];
}

const check = async (
  property: fc.IAsyncPropertyWithHooks<[typeof convolutions extends fc.Arbitrary<infer T> ? T : never]>,
) => fc.assert(property, { numRuns: 25 });

describe('forward and backward as on tfjs-backend-cpu', () => {
  test('conv2d', () =>
    check(
      fc.asyncProperty(convolutions, async ({ x, kernel, channels, outputs, stride, pad, seed }) => {
        await expect(
          differences(() =>
            withGradients(
              (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
              [random(x, seed), random([...kernel, channels, outputs], seed + 1)],
              seed,
            ),
          ),
        ).resolves.toEqual([]);
      }),
    ));

  test('depthwiseConv2d', () =>
    check(
      fc.asyncProperty(convolutions, async ({ x, kernel, channels, outputs, stride, pad, seed }) => {
        await expect(
          differences(() =>
            withGradients(
              (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, [stride[0], stride[0]], pad),
              [random(x, seed), random([...kernel, channels, Math.min(outputs, 2)], seed + 1)],
              seed,
            ),
          ),
        ).resolves.toEqual([]);
      }),
    ));

  test('conv2dTranspose', () =>
    check(
      fc.asyncProperty(
        convolutions,
        async ({ x, kernel, channels, outputs, stride, seed, batch, height, width }) => {
          await expect(
            differences(() =>
              withGradients(
                (x, w) =>
                  tf.conv2dTranspose(
                    x as tf.Tensor4D,
                    w as tf.Tensor4D,
                    [batch, height * stride[0], width * stride[1], outputs],
                    stride,
                    'same',
                  ),
                [random(x, seed), random([...kernel, outputs, channels], seed + 1)],
                seed,
              ),
            ),
          ).resolves.toEqual([]);
        },
      ),
    ));

  test('dilated and NCHW convolutions', () =>
    check(
      fc.asyncProperty(
        convolutions,
        async ({ kernel, channels, outputs, pad, seed, batch, height, width }) => {
          await expect(
            differences(() => {
              const w = random([...kernel, channels, outputs], seed) as tf.Tensor4D;
              const [h, v] = [height + 8, width + 8];
              return [
                tf.conv2d(random([batch, h, v, channels], seed + 1) as tf.Tensor4D, w, 1, pad, 'NHWC', 2),
                tf.depthwiseConv2d(
                  random([batch, h, v, channels], seed + 1) as tf.Tensor4D,
                  w,
                  1,
                  pad,
                  'NHWC',
                  2,
                ),
                tf.conv2d(random([batch, channels, h, v], seed + 1) as tf.Tensor4D, w, 1, pad, 'NCHW'),
                tf.conv2d(random([batch, h, v, channels], seed + 1) as tf.Tensor4D, w, 2, [
                  [0, 0],
                  [2, 1],
                  [1, 0],
                  [0, 0],
                ]),
              ];
            }),
          ).resolves.toEqual([]);
        },
      ),
    ));

  test('pools', () =>
    check(
      fc.asyncProperty(convolutions, async ({ x, kernel, stride, pad, seed }) => {
        await expect(
          differences(() => [
            ...withGradients(
              (x) => tf.maxPool(x as tf.Tensor4D, kernel, stride, pad),
              [random(x, seed)],
              seed,
            ),
            ...withGradients(
              (x) => tf.avgPool(x as tf.Tensor4D, kernel, stride, pad),
              [random(x, seed)],
              seed,
            ),
            // Many equal elements: the first one of a window is the one.
            ...withGradients(
              (x) => tf.maxPool(tf.relu(x) as tf.Tensor4D, kernel, stride, pad),
              [random(x, seed, -3, 1)],
              seed,
            ),
          ]),
        ).resolves.toEqual([]);
      }),
    ));

  test('global average pool, batch norm and its gradients', () =>
    check(
      fc.asyncProperty(convolutions, async ({ x, channels, seed }) => {
        await expect(
          differences(() => {
            const vectors = [1, 2, 3, 4].map((i) => random([channels], seed + i, 0.5, 2));
            return [
              ...withGradients((x) => tf.mean(tf.relu(x), [1, 2]), [random(x, seed)], seed),
              ...withGradients(
                (x, mean, variance, offset, scale) =>
                  tf.batchNorm(
                    x as tf.Tensor4D,
                    mean as tf.Tensor1D,
                    variance as tf.Tensor1D,
                    offset as tf.Tensor1D,
                    scale as tf.Tensor1D,
                  ),
                [random(x, seed), ...vectors],
                seed,
              ),
            ];
          }),
        ).resolves.toEqual([]);
      }),
    ));

  test('fused convolutions', () =>
    check(
      fc.asyncProperty(convolutions, async ({ x, kernel, channels, outputs, stride, pad, seed }) => {
        await expect(
          differences(() =>
            (['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const).map((activation) =>
              tf.fused.conv2d({
                x: random(x, seed) as tf.Tensor4D,
                filter: random([...kernel, channels, outputs], seed + 1) as tf.Tensor4D,
                strides: stride,
                pad,
                bias: random([outputs], seed + 2),
                activation,
                leakyreluAlpha: 0.3,
              }),
            ),
          ),
        ).resolves.toEqual([]);
      }),
    ));

  test('without falling back', () => {
    expect([...fallbackReport()]).toEqual([]);
  });
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallbackReport } from '../../src/backend/index.ts';
import { differences, random, tf } from './support.ts';

/** Channels that fill blocks of 16 or 8, or nearly do; maps whose pixels do and don't. */
const convolutions = fc
  .record({
    batch: fc.constantFrom(1, 2, 4),
    height: fc.constantFrom(4, 7, 8),
    width: fc.constantFrom(4, 7, 8),
    channels: fc.constantFrom(3, 8, 16, 24, 32),
    outputs: fc.constantFrom(10, 8, 16, 24, 32),
    kernel: fc.constantFrom(1, 2, 3, 5),
    stride: fc.constantFrom(1, 2),
    dilation: fc.constantFrom(1, 2),
    pad: fc.constantFrom<'same' | 'valid' | number>('same', 'valid', 1),
    seed: fc.nat(1000),
  })
  .filter(({ kernel, dilation, height, width, pad, stride }) => {
    if (typeof pad === 'number' && kernel === 1) return false;
    return (kernel - 1) * dilation < Math.min(height, width) && (dilation === 1 || stride === 1);
  })
  .map((shape) => ({ ...shape, x: [shape.batch, shape.height, shape.width, shape.channels] }));

type Four = tf.Tensor4D;

/** The value of f and, where TensorFlow.js has them, its gradients by all its arguments for a random dy. */
function withGradients(
  f: (...args: tf.Tensor[]) => tf.Tensor,
  args: tf.Tensor[],
  seed: number,
  isDifferentiable = true,
): tf.Tensor[] {
  const y = f(...args);
  if (!isDifferentiable) return [y];
  return [y, ...tf.grads(f)(args, random(y.shape, seed + 7))];
}

describe('convolutions of many channels as on tfjs-backend-cpu', () => {
  test('conv2d', () =>
    fc.assert(
      fc.asyncProperty(
        convolutions,
        async ({ x, kernel, channels, outputs, stride, pad, dilation, seed }) => {
          const found = await differences(() =>
            withGradients(
              (x, w) => tf.conv2d(x as Four, w as Four, stride, pad, 'NHWC', dilation),
              [random(x, seed), random([kernel, kernel, channels, outputs], seed + 1)],
              seed,
              dilation === 1,
            ),
          );
          expect(found).toEqual([]);
        },
      ),
      { numRuns: 40 },
    ));

  test('depthwiseConv2d', () =>
    fc.assert(
      fc.asyncProperty(convolutions, async ({ x, kernel, channels, stride, pad, dilation, seed }) => {
        const found = await differences(() =>
          withGradients(
            (x, w) => tf.depthwiseConv2d(x as Four, w as Four, stride, pad, 'NHWC', dilation),
            [random(x, seed), random([kernel, kernel, channels, 1], seed + 1)],
            seed,
            dilation === 1,
          ),
        );
        expect(found).toEqual([]);
      }),
      { numRuns: 40 },
    ));
});

/** TensorFlow.js has no gradient for these. */
const forwardOnly = new Set(['cumsum', 'comparison and choice', 'cut in space']);

/** What may follow or precede a convolution: it gets and gives blocks. */
const between: Record<string, (x: Four, seed: number) => tf.Tensor> = {
  relu6: (x) => tf.relu6(tf.mul(x, 4)),
  relu: (x) => tf.relu(x),
  'a factor for every channel': (x, seed) => tf.mul(random([x.shape[3]], seed), x),
  'less a number for every channel': (x, seed) => tf.sub(x, random([1, 1, 1, x.shape[3]], seed)),
  'two biases of one convolution': (x, seed) =>
    tf.mul(tf.add(x, random([x.shape[3]], seed)), tf.add(tf.add(random([x.shape[3]], seed + 1), x), x)),
  'bias of every channel': (x, seed) => tf.add(x, random([x.shape[3]], seed)),
  'a number for every pixel': (x, seed) => tf.mul(x, random([1, x.shape[1], x.shape[2], 1], seed)),
  'a full operand': (x, seed) => tf.sub(random(x.shape, seed), x),
  'comparison and choice': (x, seed) => tf.where(tf.greater(x, 0.1), x, random(x.shape, seed)),
  'broadcast to more channels': (x, seed) =>
    tf.add(tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, 1]), random([1, 1, 1, 48], seed)),
  'batch norm': (x, seed) =>
    tf.batchNorm(
      x,
      random([x.shape[3]], seed),
      tf.abs(random([x.shape[3]], seed + 1)),
      random([x.shape[3]], seed + 2),
      random([x.shape[3]], seed + 3),
    ),
  'mean of maps': (x) => tf.mean(x, [1, 2]),
  'mean of maps, kept': (x) => tf.mean(x, [1, 2], true),
  'sum of each channel': (x) => tf.sum(x, [0, 1, 2]),
  'sum over channels': (x) => tf.sum(x, 3),
  'greatest of rows': (x) => tf.max(x, 2),
  'sum of all': (x) => tf.sum(x),
  moments: (x) => tf.concat(Object.values(tf.moments(x, [0, 1, 2]))),
  transpose: (x) => tf.transpose(x, [0, 3, 2, 1]),
  reshape: (x) => tf.reshape(x, [x.shape[0], -1]),
  'pad around': (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 0],
      [0, 2],
      [0, 0],
    ]),
  'pad channels': (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 0],
      [0, 2],
      [3, 1],
    ]),
  'cut in space': (x) => tf.stridedSlice(x, [0, 1, 0, 0], x.shape, [1, 2, 1, 1]),
  'cut in channels': (x) => tf.slice(x, [0, 0, 0, 2], [-1, -1, -1, 5]),
  'reverse channels': (x) => tf.reverse(x, 3),
  'joined channels': (x, seed) => tf.concat([x, random([...x.shape.slice(0, 3), 3], seed) as Four, x], 3),
  'split channels': (x) => tf.split(x, 2, 3)[1] as tf.Tensor,
  tile: (x) => tf.tile(x, [1, 2, 1, 2]),
  softmax: (x) => tf.softmax(x),
  cumsum: (x) => tf.cumsum(x, 3),
  'max pool': (x) => tf.maxPool(x, 2, 2, 'same'),
  'average pool': (x) => tf.avgPool(x, 3, 2, 'same'),
  resize: (x) => tf.image.resizeBilinear(x, [3, 5]),
};

describe('operations around them as on tfjs-backend-cpu', () => {
  test.each(Object.keys(between))('%s', async (name) => {
    const f = between[name] as (x: Four, seed: number) => tf.Tensor;
    const found = await differences(() => {
      const x = random([2, 6, 6, 16], 1);
      const w = random([3, 3, 16, 32], 2);
      const both = (x: tf.Tensor, w: tf.Tensor): tf.Tensor =>
        f(tf.conv2d(x as Four, w as Four, 1, 'same'), 3);
      return withGradients(both, [x, w], 4, !forwardOnly.has(name));
    });
    expect(found).toEqual([]);
  });

  test('nothing falls back to the host', () => {
    expect([...fallbackReport().keys()].filter((kernel) => /conv|pad|add|sum/i.test(kernel))).toEqual([]);
  });
});

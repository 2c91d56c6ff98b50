import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  double,
  integer,
  nat,
  record,
  tuple,
} from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { fallbackReport, type OnnxRuntimeBackend } from '../../src/backend/index.ts';
import { differences, expectSame, random, tf } from './support.ts';

/*
 * What tfjs-backend-cpu 4.22 gets wrong, and so can't be compared with: the nearest gradient of every photo but the
 * first is read from the wrong place, the bilinear one is returned as [width, height], both take half pixels for
 * whole ones, and with aligned corners that of a single row never ends. Such gradients are compared with the forward pass instead, whose transpose they are.
 */
type Resize = (x: tf.Tensor4D, size: [number, number], align: boolean, half: boolean) => tf.Tensor4D;
const methods: Record<string, Resize> = {
  nearest: (x, size, align, half) => tf.image.resizeNearestNeighbor(x, size, align, half),
  bilinear: (x, size, align, half) => tf.image.resizeBilinear(x, size, align, half),
};
const methodNames = constantFrom('nearest', 'bilinear');
const resizeBy = (name: string): Resize => methods[name] as Resize;

/** Where resized images' pixels are read from; TensorFlow.js allows no others. */
const alignments = constantFrom<[align: boolean, half: boolean]>(
  [false, false],
  [true, false],
  [false, true],
);

beforeEach(async () => {
  await tf.setBackend('onnxruntime');
});

/** Few channels, and enough for the blocked layout: the resize stands between two convolutions. */
const channels = constantFrom(3, 16, 32);

describe('a resize and its gradient', () => {
  test('are those of tfjs-backend-cpu, whatever the sizes', async () => {
    await assert(
      asyncProperty(
        record({ from: integer({ min: 1, max: 6 }), to: integer({ min: 1, max: 13 }), align: boolean() }),
        methodNames,
        nat(1000),
        async ({ from, to, align }, method, seed) => {
          const isAligned = align && from > 1;
          await expectSame(() => {
            const x = random([1, from, from, 3], seed) as tf.Tensor4D;
            const f = (y: tf.Tensor): tf.Tensor =>
              resizeBy(method)(y as tf.Tensor4D, [to, to], isAligned, false);
            return [f(x), tf.grad(f)(x, random([1, to, to, 3], seed + 1))];
          });
        },
      ),
      { numRuns: 80 },
    );
    expect([...fallbackReport()]).toEqual([]);
  });

  test('belong together: <resize(x), dy> is <x, gradient(dy)>, on any shape and with half pixels', async () => {
    await assert(
      asyncProperty(
        record({
          h: integer({ min: 1, max: 5 }),
          w: integer({ min: 1, max: 5 }),
          height: integer({ min: 1, max: 10 }),
          width: integer({ min: 1, max: 10 }),
        }),
        methodNames,
        alignments,
        nat(1000),
        async ({ h, w, height, width }, method, [align, half], seed) => {
          await tf.setBackend('onnxruntime');
          tf.tidy(() => {
            const x = random([2, h, w, 3], seed) as tf.Tensor4D;
            const dy = random([2, height, width, 3], seed + 1);
            const f = (y: tf.Tensor): tf.Tensor =>
              resizeBy(method)(y as tf.Tensor4D, [height, width], align, half);
            const [there] = tf.sum(tf.mul(f(x), dy)).dataSync();
            const [back] = tf.sum(tf.mul(x, tf.grad(f)(x, dy))).dataSync();
            expect(Math.abs((there as number) - (back as number))).toBeLessThan(1e-4);
          });
        },
      ),
      { numRuns: 80 },
    );
    expect([...fallbackReport()]).toEqual([]);
  });

  test('agree with tfjs-backend-cpu forward, with half pixels and on any shape', async () => {
    await assert(
      asyncProperty(
        integer({ min: 1, max: 9 }),
        integer({ min: 1, max: 9 }),
        methodNames,
        alignments,
        async (height, width, method, [align, half]) => {
          await expectSame(() =>
            resizeBy(method)(random([1, 4, 3, 2], 1) as tf.Tensor4D, [height, width], align, half),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('stay in the layout of the convolutions around them', async () => {
    await assert(
      asyncProperty(
        channels,
        integer({ min: 1, max: 4 }),
        integer({ min: 1, max: 4 }),
        methodNames,
        async (depth, down, across, method) => {
          const times: [number, number] = method === 'bilinear' ? [down, down] : [down, across];
          await expectSame(() => {
            const x = random([1, 4, 4, depth], 1);
            const first = random([3, 3, depth, depth], 2, -0.3, 0.3);
            const second = random([3, 3, depth, 2 * depth], 3, -0.3, 0.3);
            const f = (y: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
              const map = tf.relu(tf.conv2d(y as tf.Tensor4D, a as tf.Tensor4D, 1, 'same'));
              const size = [4 * times[0], 4 * times[1]] as [number, number];
              const large = resizeBy(method)(map, size, false, false);
              return tf.sum(tf.square(tf.conv2d(large, b as tf.Tensor4D, 1, 'same')));
            };
            return [f(x, first, second), ...tf.grads(f)([x, first, second])];
          });
        },
      ),
      { numRuns: 20 },
    );
    expect([...fallbackReport()]).toEqual([]);
  });

  test('work without the blocked layout, as on other devices', async () => {
    const backend = tf.backend() as OnnxRuntimeBackend;
    const { block } = backend.graph;
    backend.graph.block = 0;
    try {
      await expect(
        differences(() => {
          const x = random([1, 3, 3, 16], 1);
          return Object.values(methods).flatMap((resize) => {
            const f = (y: tf.Tensor): tf.Tensor => resize(y as tf.Tensor4D, [6, 6], false, false);
            return [f(x), tf.grad(f)(x, random([1, 6, 6, 16], 2))];
          });
        }),
      ).resolves.toEqual([]);
    } finally {
      backend.graph.block = block;
    }
  });

  test('of integers are what tfjs-backend-cpu makes of them', async () => {
    await expect(
      differences(() => {
        const x = tf.cast(random([1, 3, 3, 2], 1, -20, 20), 'int32') as tf.Tensor4D;
        return Object.values(methods).map((resize) => resize(x, [6, 5], false, false));
      }),
    ).resolves.toEqual([]);
  });
});

test('crops are those of tfjs-backend-cpu, with boxes beyond the image and turned around', async () => {
  const box = tuple(
    double({ min: -0.3, max: 1.3, noNaN: true }),
    double({ min: -0.3, max: 1.3, noNaN: true }),
  );
  await assert(
    asyncProperty(
      array(tuple(box, box), { minLength: 1, maxLength: 4 }),
      integer({ min: 1, max: 6 }),
      integer({ min: 1, max: 6 }),
      constantFrom<'nearest' | 'bilinear'>('nearest', 'bilinear'),
      async (boxes, height, width, method) => {
        await expectSame(() => {
          const image = random([2, 5, 4, 3], 1) as tf.Tensor4D;
          const edges = boxes.map(([[y1, y2], [x1, x2]]) => [y1, x1, y2, x2]);
          const whole = [...edges, [0, 0, 1, 1], [1, 0, 0, 1]];
          const of = tf.tensor1d(
            whole.map((_, i) => i % 2),
            'int32',
          );
          return tf.image.cropAndResize(image, tf.tensor2d(whole), of, [height, width], method, -3);
        });
      },
    ),
    { numRuns: 60 },
  );
  expect([...fallbackReport()]).toEqual([]);
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallbackReport, inspect } from '../../src/backend/index.ts';
import { differences, numbers, random, tf } from './support.ts';

const shapes = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  seed: fc.nat(1000),
});
type Case = typeof shapes extends fc.Arbitrary<infer T> ? T : never;

const check = (property: (given: Case) => Promise<void>, numRuns = 8) =>
  fc.assert(fc.asyncProperty(shapes, property), { numRuns });

const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 0.5, -0.5, 2.5, 3.5, -2.5, 20, -20, 100, -100];
/** The least positive numbers that there are, and those around ReLU6's end. */
const extreme = [1.2e-38, 3e-39, -1e-45, 3e38, -3e38, 6, 5.9999995, 6.0000005];

type Unary = (x: tf.Tensor) => tf.Tensor;

/** Smooth enough for its gradient to be compared at random points of this range. */
const unary: Record<string, [Unary, number, number]> = {
  abs: [tf.abs, -2, 2],
  acos: [tf.acos, -0.9, 0.9],
  acosh: [tf.acosh, 1.1, 3],
  asin: [tf.asin, -0.9, 0.9],
  asinh: [tf.asinh, -2, 2],
  atan: [tf.atan, -2, 2],
  atanh: [tf.atanh, -0.9, 0.9],
  ceil: [tf.ceil, -2, 2],
  clipByValue: [(x) => tf.clipByValue(x, -0.7, 1.2), -2, 2],
  cos: [tf.cos, -2, 2],
  cosh: [tf.cosh, -2, 2],
  elu: [tf.elu, -2, 2],
  erf: [tf.erf, -2, 2],
  exp: [tf.exp, -2, 2],
  expm1: [tf.expm1, -2, 2],
  floor: [tf.floor, -2, 2],
  leakyRelu: [(x) => tf.leakyRelu(x, 0.3), -2, 2],
  log: [tf.log, 0.1, 2],
  log1p: [tf.log1p, -0.5, 2],
  neg: [tf.neg, -2, 2],
  reciprocal: [tf.reciprocal, 0.3, 2],
  relu: [tf.relu, -2, 2],
  relu6: [tf.relu6, -2, 9],
  round: [tf.round, -2, 2],
  rsqrt: [tf.rsqrt, 0.2, 2],
  selu: [tf.selu, -2, 2],
  sigmoid: [tf.sigmoid, -3, 3],
  sign: [tf.sign, -2, 2],
  sin: [tf.sin, -2, 2],
  sinh: [tf.sinh, -2, 2],
  softmax: [(x) => tf.softmax(x), -2, 2],
  logSoftmax: [(x) => tf.logSoftmax(x), -2, 2],
  softplus: [tf.softplus, -2, 2],
  sqrt: [tf.sqrt, 0.1, 2],
  square: [tf.square, -2, 2],
  step: [(x) => tf.step(x, 0.2), -2, 2],
  tan: [tf.tan, -1, 1],
  tanh: [tf.tanh, -2, 2],
};

describe.each(Object.entries(unary))('%s', (_, [f, low, high]) => {
  test('forward and gradient', () =>
    check(async ({ shape, seed }) => {
      await expect(
        differences(() => {
          const x = random(shape, seed, low, high);
          return [f(x), tf.grad(f)(x, random(shape, seed + 1))];
        }),
      ).resolves.toEqual([]);
    }));

  test('NaN, infinities, zeros and large numbers', async () => {
    await expect(differences(() => special.map((value) => f(tf.tensor1d([value]))))).resolves.toEqual([]);
  });

  test('the gradient there', async () => {
    await expect(
      differences(() =>
        [...special, ...extreme].flatMap((value) =>
          [1, 0].map((dy) => tf.grad(f)(tf.tensor1d([value]), tf.tensor1d([dy]))),
        ),
      ),
    ).resolves.toEqual([]);
  });
});

describe('the gradients of ReLU and ReLU6', () => {
  test.each([3, 16])('pass NaN on, in the layout of a convolution of %i channels', async (channels) => {
    await expect(
      differences(() => {
        const numbers = random([2, 4, 4, channels], 1, -9, 9);
        const x = tf.where(tf.greater(numbers, 8), tf.fill(numbers.shape, NaN), numbers);
        const filter = random([1, 1, channels, channels], 2) as tf.Tensor4D;
        return [tf.relu, tf.relu6].flatMap((f) => {
          const ofMap = (y: tf.Tensor): tf.Tensor => f(tf.conv2d(y as tf.Tensor4D, filter, 1, 'same'));
          return [tf.grad((y) => f(y))(x, numbers), tf.grad(ofMap)(x, numbers)];
        });
      }),
    ).resolves.toEqual([]);
  });

  test('know the least positive number from zero', async () => {
    await expect(
      differences(() => {
        const x = tf.tensor1d([1.4e-45, 1e-40, 0, -1e-45]);
        return [tf.step(x), tf.grad((y) => tf.relu(y))(x)];
      }),
    ).resolves.toEqual([]);
  });

  test('are no more operations than need be', async () => {
    await tf.setBackend('onnxruntime');
    const x = random([2, 4, 4, 16], 1);
    const dy = random([2, 4, 4, 16], 2);
    for (const [f, steps] of [
      [tf.relu, { HardSigmoid: 2, Mul: 1 }],
      [tf.relu6, { HardSigmoid: 1, Mul: 2, Sub: 1 }],
    ] as const) {
      tf.tidy(() => {
        tf.grad((y) => f(y))(x, dy).dataSync();
      });
      expect(Object.fromEntries(inspect())).toEqual(steps);
    }
    tf.dispose([x, dy]);
  });
});

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
const binary: Record<string, Binary> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  atan2: tf.atan2,
  prelu: (a, b) => tf.prelu(a, b),
};

describe.each(Object.entries(binary))('%s', (name, f) => {
  test('forward and gradients, broadcast both ways', () =>
    check(async ({ shape, seed }) => {
      await expect(
        differences(() => {
          const narrow = shape.map((dim, i) => ((seed >> i) & 1 ? 1 : dim));
          const suffix = shape.slice(seed % shape.length);
          return [narrow, suffix].flatMap((other) => {
            const args = [random(shape, seed, 0.2, 2), random(other, seed + 1, 0.2, 2)];
            const y = f(...(args as [tf.Tensor, tf.Tensor]));
            // TensorFlow.js' own gradients of these three don't sum over what was broadcast.
            if (['maximum', 'minimum', 'squaredDifference'].includes(name)) return [y];
            return [y, ...tf.grads(f)(args, random(shape, seed + 2))];
          });
        }),
      ).resolves.toEqual([]);
    }));
});

const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));
const column = (i: 0 | 1) => tf.tensor1d(pairs.map((pair) => pair[i]));
const integers = [0, 1, -1, 2, -2, 3, 7, -7, 100, -100, 2 ** 20];
const integerPairs = integers.flatMap((a) => integers.map((b) => [a, b] as const));
const integerColumn = (i: 0 | 1) =>
  tf.tensor1d(
    integerPairs.map((pair) => pair[i]),
    'int32',
  );

describe('two operands', () => {
  test.each(
    Object.entries({
      maximum: tf.maximum,
      minimum: tf.minimum,
      mod: tf.mod,
      add: tf.add,
      mul: tf.mul,
      div: tf.div,
      equal: tf.equal,
      notEqual: tf.notEqual,
      less: tf.less,
      lessEqual: tf.lessEqual,
      greater: tf.greater,
      greaterEqual: tf.greaterEqual,
    }),
  )('%s of special values', async (_, f) => {
    await expect(differences(() => f(column(0), column(1)))).resolves.toEqual([]);
  });

  test.each(
    Object.entries({
      add: tf.add,
      sub: tf.sub,
      div: tf.div,
      floorDiv: tf.floorDiv,
      mod: tf.mod,
      maximum: tf.maximum,
      minimum: tf.minimum,
      squaredDifference: tf.squaredDifference,
      less: tf.less,
      equal: tf.equal,
    }),
  )('%s of integers', async (name, f) => {
    await expect(
      differences(() => {
        const small = name === 'squaredDifference' ? tf.scalar(100, 'int32') : undefined;
        const b = small === undefined ? integerColumn(1) : tf.minimum(integerColumn(1), small);
        const a = small === undefined ? integerColumn(0) : tf.minimum(integerColumn(0), small);
        return f(a, b);
      }),
    ).resolves.toEqual([]);
  });

  test('pow of floats and of integers', async () => {
    await expect(
      differences(() => [
        tf.pow(random([20], 1, 0.1, 3), random([20], 2, -2, 2)),
        tf.pow(tf.tensor1d([-2, -3, 2, 0], 'int32'), tf.tensor1d([3, 2, 4, 0], 'int32')),
        ...tf.grads(tf.pow)([random([20], 1, 0.1, 3), random([20], 2, -2, 2)]),
      ]),
    ).resolves.toEqual([]);
  });

  test('logic and choice', async () => {
    await expect(
      differences(() => {
        const a = tf.tensor2d([1, 0, 1, 0], [2, 2], 'bool');
        const b = tf.tensor2d([1, 1, 0, 0], [2, 2], 'bool');
        const [x, y] = [random([2, 2], 1), random([2, 2], 2)];
        return [
          tf.logicalAnd(a, b),
          tf.logicalOr(a, b),
          tf.logicalXor(a, b),
          tf.logicalNot(a),
          tf.where(a, x, y),
          tf.where(a, a, b),
          tf.where(tf.tensor1d([1, 0], 'bool'), x, y),
          tf.where(a, tf.cast(x, 'int32'), tf.cast(y, 'int32')),
          tf.isNaN(column(0)),
          tf.isInf(column(0)),
          tf.isFinite(column(0)),
          tf.addN([x, y, x]),
        ];
      }),
    ).resolves.toEqual([]);
  });

  test('casts', async () => {
    await expect(
      differences(() => {
        const x = tf.tensor1d([NaN, 0, -0.9, 1.9, -3.5, 1e6, Infinity]);
        return [
          tf.cast(x, 'int32'),
          tf.cast(x, 'bool'),
          tf.cast(tf.tensor1d([0, 1, 5], 'int32'), 'bool'),
          tf.cast(tf.tensor1d([0, 1, 5], 'int32'), 'float32'),
          tf.cast(tf.tensor1d([0, 1, 1], 'bool'), 'float32'),
          tf.cast(tf.tensor1d([0, 1, 1], 'bool'), 'int32'),
        ];
      }),
    ).resolves.toEqual([]);
  });
});

describe('reductions', () => {
  type Reduce = (x: tf.Tensor, axis: number[], keepDims: boolean) => tf.Tensor;
  const reductions: Record<string, Reduce> = {
    sum: tf.sum,
    mean: tf.mean,
    max: tf.max,
    min: tf.min,
    logSumExp: tf.logSumExp,
  };

  test.each(Object.entries(reductions))('%s with its gradient, over any axes', async (_, f) => {
    await check(async ({ shape, seed }) => {
      await expect(
        differences(() => {
          const axes = shape.map((_, i) => i).filter((i) => (seed >> i) & 1);
          const chosen = axes.length === 0 ? [0] : axes;
          const x = random(shape, seed);
          const g = (y: tf.Tensor): tf.Tensor => f(y, chosen, seed % 2 === 0);
          return [g(x), tf.grad(g)(x), f(tf.cast(tf.mul(x, 5), 'int32'), chosen, false)];
        }),
      ).resolves.toEqual([]);
    });
  });

  test('argMax, argMin, all, any, topk, cumsum, moments', async () => {
    await check(async ({ shape, seed }) => {
      await expect(
        differences(() => {
          const x = random(shape, seed);
          const axis = seed % shape.length;
          const { values, indices } = tf.topk(x, Math.min(2, shape.at(-1) as number));
          const { mean, variance } = tf.moments(x, axis);
          return [
            tf.prod(x, axis),
            tf.argMax(x, axis),
            tf.argMin(x, axis),
            tf.all(tf.greater(x, -0.9), axis),
            tf.any(tf.greater(x, 0.9), axis),
            values,
            indices,
            tf.cumsum(x, axis, seed % 2 === 0, seed % 3 === 0),
            mean,
            variance,
          ];
        }),
      ).resolves.toEqual([]);
    });
  });
});

describe('matrices', () => {
  test('matMul in all transpositions, with gradients', async () => {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        await expect(
          differences(() => {
            const a = random(transposeA ? [4, 3] : [3, 4], 1);
            const b = random(transposeB ? [5, 4] : [4, 5], 2);
            const f = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => tf.matMul(x, y, transposeA, transposeB);
            return [f(a, b), ...tf.grads(f)([a, b], random([3, 5], 3))];
          }),
        ).resolves.toEqual([]);
        await expect(
          differences(() => {
            const a = random(transposeA ? [2, 4, 3] : [2, 3, 4], 1);
            const b = random(transposeB ? [2, 5, 4] : [2, 4, 5], 2);
            const f = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => tf.matMul(x, y, transposeA, transposeB);
            return [f(a, b), ...tf.grads(f)([a, b], random([2, 3, 5], 3))];
          }),
        ).resolves.toEqual([]);
      }
    }
  });

  test('fused with bias and activation', async () => {
    await expect(
      differences(() =>
        (['linear', 'relu', 'elu', 'relu6', 'sigmoid', 'prelu'] as const).map((activation) =>
          tf.fused.matMul({
            a: random([3, 4], 1),
            b: random([4, 5], 2),
            bias: random([5], 3),
            activation,
            preluActivationWeights: random([5], 4),
          }),
        ),
      ),
    ).resolves.toEqual([]);
  });
});

describe('shapes', () => {
  test('reshape, transpose, slices, pads, concats, splits, tiles with gradients', async () => {
    await check(async ({ shape, seed }) => {
      await expect(
        differences(() => {
          const x = random(shape, seed);
          const order = shape.map((_, i) => (i + seed) % shape.length);
          const axis = seed % shape.length;
          const begin = shape.map((dim) => seed % dim);
          const fs: Unary[] = [
            (y) => tf.transpose(y, order),
            (y) => tf.mul(tf.transpose(y, order), tf.transpose(tf.square(y), order)),
            (y) => tf.reshape(y, [-1]),
            (y) => tf.reshape(tf.transpose(y, order), [-1]),
            (y) =>
              tf.slice(
                y,
                begin,
                shape.map((dim, i) => dim - (begin[i] as number)),
              ),
            (y) =>
              tf.pad(
                y,
                shape.map((_, i) => [i % 2, (seed + i) % 3] as [number, number]),
                0.5,
              ),
            (y) => tf.concat([y, tf.square(y)], axis),
            (y) =>
              tf.tile(
                y,
                shape.map((_, i) => 1 + ((seed + i) % 2)),
              ),
            (y) => tf.expandDims(y, axis),
            (y) => tf.squeeze(y),
            (y) => tf.stack([y, tf.exp(y)], axis),
            (y) => tf.reverse(y, axis),
            (y) => tf.addN(tf.unstack(tf.concat([y, y], axis), axis)),
            (y) => tf.addN(tf.split(tf.concat([y, y], axis), 2, axis)),
            (y) => tf.broadcastTo(tf.sum(y, axis, true), shape),
            (y) => tf.gather(y, tf.tensor1d([0, seed % (shape[axis] as number), 0], 'int32'), axis),
          ];
          return fs.flatMap((f) => [f(x), tf.grad(f)(x)]);
        }),
      ).resolves.toEqual([]);
    }, 12);
  });

  test('strided slices, mirrored pads, one-hot, ranges, fills', async () => {
    await expect(
      differences(() => {
        const x = random([4, 5, 3], 1);
        return [
          tf.stridedSlice(x, [0, 1, 0], [4, 5, 3], [2, 1, 2]),
          tf.stridedSlice(x, [3, -1, 0], [0, -5, 3], [-1, -2, 1]),
          tf.stridedSlice(x, [1, 0, 0], [2, 5, 3], [1, 1, 1], 0, 0, 0, 0, 1),
          tf.mirrorPad(
            x,
            [
              [1, 1],
              [2, 1],
              [0, 2],
            ],
            'reflect',
          ),
          tf.oneHot(tf.tensor2d([0, 2, -1, 5], [2, 2], 'int32'), 4),
          tf.oneHot(tf.tensor1d([0, 2], 'int32'), 3, 2, -1, 'float32'),
          tf.range(0, 10, 3),
          tf.range(5, 0),
          tf.linspace(1, 3, 5),
          tf.ones([2, 3], 'int32'),
          tf.zeros([2], 'bool'),
          tf.zerosLike(x),
          tf.onesLike(tf.cast(x, 'int32')),
          tf.reshape(tf.tensor1d([]), [0, 4]),
          tf.concat([tf.zeros([0, 3]), random([2, 3], 4)]),
        ];
      }),
    ).resolves.toEqual([]);
  });

  test('rows added up by segment, and the gradient of a gather, ids out of range included', async () => {
    await expect(
      differences(() => {
        const x = random([6, 2, 3], 1);
        const ids = tf.tensor1d([2, 0, -1, 2, 7, 3], 'int32');
        const f = (y: tf.Tensor): tf.Tensor => tf.gather(y, tf.tensor2d([0, 2, 2, 1], [2, 2], 'int32'), 1);
        const table = random([4, 3, 2], 2);
        return [
          tf.unsortedSegmentSum(x, ids, 4),
          tf.unsortedSegmentSum(tf.reshape(x, [36]), tf.range(0, 36, 1, 'int32'), 36),
          tf.grad(f)(table, random([4, 2, 2, 2], 3)),
        ];
      }),
    ).resolves.toEqual([]);
  });

  test('how often numbers occur', async () => {
    await expect(
      differences(() => {
        const x = tf.tensor2d([0, 2, 2, 5, 1, 2], [2, 3], 'int32');
        const weights = random([2, 3], 1);
        const none = tf.tensor1d([], 'float32');
        return [
          tf.denseBincount(x, none as never, 4),
          tf.denseBincount(x, none as never, 4, true),
          tf.denseBincount(x, weights as tf.Tensor2D, 4),
          tf.denseBincount(tf.reshape<tf.Rank.R1>(x, [6]), tf.reshape<tf.Rank.R1>(weights, [6]), 3),
        ];
      }),
    ).resolves.toEqual([]);
  });

  test('local response normalization with its gradient', async () => {
    await expect(
      differences(() =>
        [0, 1, 2, 5].flatMap((radius) => {
          const x = random([2, 3, 2, 7], radius) as tf.Tensor4D;
          const f = (y: tf.Tensor): tf.Tensor =>
            tf.localResponseNormalization(y as tf.Tensor4D, radius, 1.2, 0.3, 0.75);
          return [f(x), tf.grad(f)(x, random(x.shape, 9))];
        }),
      ),
    ).resolves.toEqual([]);
  });
});

describe('kernels without an ONNX form', () => {
  test('run on the host and are counted', async () => {
    const before = fallbackReport().get('Multinomial') ?? 0;
    await tf.setBackend('onnxruntime');
    const drawn = tf.tidy(() => Array.from(tf.multinomial(tf.tensor1d([0, 1]), 5, 3).dataSync()));
    expect(drawn).toHaveLength(5);
    expect(fallbackReport().get('Multinomial')).toBe(before + 1);
  });

  test('complex numbers and strings', async () => {
    await expect(
      differences(() => {
        const z = tf.complex(tf.tensor1d(numbers(4, 1)), tf.tensor1d(numbers(4, 2)));
        return [
          tf.real(z),
          tf.imag(z),
          tf.abs(z),
          tf.real(tf.mul(z, z)),
          tf.real(tf.spectral.fft(z as tf.Tensor)),
        ];
      }),
    ).resolves.toEqual([]);
    await tf.setBackend('onnxruntime');
    expect(
      tf.tidy(() => Array.from(tf.concat([tf.tensor1d(['a', 'b']), tf.tensor1d(['c'])]).dataSync())),
    ).toEqual(['a', 'b', 'c']);
  });
});

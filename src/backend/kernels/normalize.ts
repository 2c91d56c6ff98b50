/** Batch and local response normalization. */
import type { Graph } from '../graph/graph.ts';
import { literal, float, int, ints } from '../graph/operations.ts';
import { blockOf } from '../graph/perm.ts';
import type { Literal } from '../graph/node.ts';
import type { Value } from '../graph/value.ts';
import { asNchw, fromNchw } from './conv/geometry.ts';
import type { Attrs, Kernel, Table } from './kernel.ts';

const batchNorm: Kernel = (g, inputs, attrs) => {
  const x = inputs.get('x');
  const epsilon = (attrs.any('varianceEpsilon') as number | undefined) ?? 0.001;
  const mean = inputs.get('mean');
  const variance = inputs.get('variance');
  const scale = inputs.find('scale');
  const offset = inputs.find('offset');
  const channels = x.shape.at(-1) as number;
  const perChannel = [mean, variance, scale, offset].every(
    (v) => v === undefined || (v.rank === 1 && v.size === channels),
  );
  if (x.size === 0) return undefined;
  if (perChannel && blockOf(x.perm) > 0) return byChannel(g, x, mean, variance, scale, offset, epsilon);
  if (perChannel && (x.rank === 4 || x.rank === 2)) {
    const nchw = x.rank === 4 ? asNchw(g, x) : g.plain(x);
    const vector = (value: Value | undefined, otherwise: number): Value | Literal =>
      value === undefined
        ? literal('float32', Array.from<number>({ length: channels }).fill(otherwise), [channels])
        : g.plain(value);
    const y = g.op(
      'BatchNormalization',
      [nchw, vector(scale, 1), vector(offset, 0), vector(mean, 0), vector(variance, 1)],
      { type: 'float32', shape: nchw.shape },
      { epsilon: float(epsilon) },
    );
    return x.rank === 4 ? fromNchw(y) : y;
  }
  return byElement(g, x, mean, variance, scale, offset, epsilon);
};

/** As a product and a sum of vectors of channels: on blocks these are one pass. */
function byChannel(
  g: Graph,
  x: Value,
  mean: Value,
  variance: Value,
  scale: Value | undefined,
  offset: Value | undefined,
  epsilon: number,
): Value {
  const deviation = g.map('Sqrt', g.zip('Add', [variance, g.f32(epsilon)]));
  const factor = scale === undefined ? g.map('Reciprocal', deviation) : g.zip('Div', [scale, deviation]);
  const shift = g.zip('Mul', [mean, factor]);
  const rest = offset === undefined ? g.map('Neg', shift) : g.zip('Sub', [offset, shift]);
  return g.zip('Add', [g.zip('Mul', [x, factor]), rest]);
}

function byElement(
  g: Graph,
  x: Value,
  mean: Value,
  variance: Value,
  scale: Value | undefined,
  offset: Value | undefined,
  epsilon: number,
): Value {
  const deviation = g.map('Sqrt', g.zip('Add', [variance, g.f32(epsilon)]));
  const factor = scale === undefined ? g.map('Reciprocal', deviation) : g.zip('Div', [scale, deviation]);
  const scaled = g.zip('Mul', [g.zip('Sub', [x, mean]), factor]);
  return offset === undefined ? scaled : g.zip('Add', [scaled, offset]);
}

/** tf.localResponseNormalization's numbers, and its window in channels. */
const lrnNumbers = (attrs: Attrs) => ({
  size: 2 * attrs.number('depthRadius') + 1,
  alpha: attrs.number('alpha'),
  beta: attrs.number('beta'),
  bias: attrs.number('bias'),
});

const lrn: Kernel = (g, inputs, attrs) => {
  const { size, alpha, beta, bias } = lrnNumbers(attrs);
  const x = asNchw(g, inputs.get('x'));
  if (x.size === 0) return undefined;
  return fromNchw(
    g.op(
      'LRN',
      [x],
      { type: 'float32', shape: x.shape },
      {
        size: int(size),
        alpha: float(alpha * size), // ONNX divides by the window's size
        beta: float(beta),
        bias: float(bias),
      },
    ),
  );
};

/**
 * With s = bias + alpha * (sum of x^2 over the window) and y = x * s^-beta:
 * dx = dy * s^-beta - 2 alpha beta x * (sum of dy * y / s over the window).
 */
const lrnGrad: Kernel = (g, inputs, attrs) => {
  const { size, alpha, beta, bias } = lrnNumbers(attrs);
  const [x, y, dy] = ['x', 'y', 'dy'].map((name) => asNchw(g, inputs.get(name))) as [Value, Value, Value];
  if (x.size === 0) return undefined;
  const squares = sumOverChannels(g, g.zip('Mul', [x, x]), size);
  const s = g.zip('Add', [g.zip('Mul', [squares, g.f32(alpha)]), g.f32(bias)]);
  const own = g.zip('Mul', [dy, g.zip('Pow', [s, g.f32(-beta)])]);
  const others = sumOverChannels(g, g.zip('Div', [g.zip('Mul', [dy, y]), s]), size);
  return fromNchw(g.zip('Sub', [own, g.zip('Mul', [g.zip('Mul', [x, others]), g.f32(2 * alpha * beta)])]));
};

/** Sums over a window of channels around each channel of [n, c, h, w]: a mean of `size` elements, zeros beyond. */
function sumOverChannels(g: Graph, x: Value, size: number): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const shape = [n, 1, c, h * w];
  const radius = (size - 1) / 2;
  const mean = g.op(
    'AveragePool',
    [g.view(x, shape)],
    { type: 'float32', shape },
    { kernel_shape: ints([size, 1]), pads: ints([radius, 0, radius, 0]), count_include_pad: int(1) },
  );
  return g.zip('Mul', [g.view(mean, x.shape), g.f32(size)]);
}

export const normalizeKernels: Table = { FusedBatchNorm: batchNorm, LRN: lrn, LRNGrad: lrnGrad };

/** Batch and local response normalization. */
import type { Graph } from '../graph/graph.ts';
import { literal, float, int } from '../graph/operations.ts';
import { blockOf } from '../graph/perm.ts';
import type { Literal } from '../graph/node.ts';
import type { Value } from '../graph/value.ts';
import { asNchw, fromNchw } from './conv/geometry.ts';
import type { Kernel, Table } from './kernel.ts';

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

const lrn: Kernel = (g, inputs, attrs) => {
  const size = 2 * attrs.number('depthRadius') + 1;
  const x = asNchw(g, inputs.get('x'));
  return fromNchw(
    g.op(
      'LRN',
      [x],
      { type: 'float32', shape: x.shape },
      {
        size: int(size),
        alpha: float(attrs.number('alpha') * size), // ONNX divides by the window's size
        beta: float(attrs.number('beta')),
        bias: float(attrs.number('bias')),
      },
    ),
  );
};

export const normalizeKernels: Table = { FusedBatchNorm: batchNorm, LRN: lrn };

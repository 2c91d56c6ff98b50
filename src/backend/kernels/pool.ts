/** Pools and their gradients, on [n, c, h, w]. */
import type { Graph } from '../graph/graph.ts';
import { int, ints } from '../graph/operations.ts';
import { channelsFirst } from '../graph/perm.ts';
import { Value } from '../graph/value.ts';
import {
  asNchw,
  fromNchw,
  isEmpty,
  isPointwise,
  pads,
  poolGeometry,
  type Geometry,
} from './conv/geometry.ts';
import { transposeAttributes } from './conv/input-gradient.ts';
import { castLikeJs } from './cast.ts';
import type { Kernel, Table } from './kernel.ts';
import { maxPoolGradientByComparison } from './max-pool-gradient.ts';

/** ONNX wants less padding than kernel; more of it never helps, and TensorFlow.js only pads so where told to. */
const isPaddedTooFar = ({ padBefore, reach, kernel }: Geometry): boolean =>
  [0, 1].some((i) => Math.max(padBefore[i] as number, reach[i] as number) >= (kernel[i] as number));

const attributes = (geometry: Geometry) => ({
  kernel_shape: ints(geometry.kernel),
  strides: ints(geometry.strides),
  pads: ints(pads(geometry)),
});

/** Greatest elements, and where they were: the second output is computed only if something reads it. */
function maxPool(g: Graph, x: Value, geometry: Geometry): Value[] {
  const shape = [geometry.batch, geometry.inChannels, ...geometry.output];
  return g.ops(
    'MaxPool',
    [asNchw(g, x)],
    [
      { type: 'float32', shape },
      { type: 'int64', shape },
    ],
    {
      ...attributes(geometry),
      dilations: ints(geometry.dilations),
    },
  );
}

function forward(compute: (g: Graph, x: Value, geometry: Geometry) => Value): Kernel {
  return (g, inputs, attrs) => {
    const given = inputs.get('x');
    const geometry = poolGeometry(given.shape, attrs);
    if (isEmpty(geometry) || isPaddedTooFar(geometry)) return undefined;
    if (isPointwise(geometry)) return given;
    return castLikeJs(g, fromNchw(compute(g, g.cast(given, 'float32'), geometry)), given.type);
  };
}

/** The forward pass's own positions where it's still pending; else those of a pool over the same input. */
function positions(g: Graph, x: Value, y: Value, geometry: Geometry): Value {
  const { source } = y;
  if (!source.isLeaf && source.operation.op === 'MaxPool' && source.sources[0] === asNchw(g, x).source) {
    return new Value(source, 1, source.dims[1] as readonly number[], null);
  }
  return maxPool(g, x, geometry)[1] as Value;
}

const maxPoolGrad: Kernel = (g, inputs, attrs) => {
  const x = g.cast(inputs.get('input'), 'float32');
  const geometry = poolGeometry(x.shape, attrs);
  if (isEmpty(geometry) || isPaddedTooFar(geometry)) return undefined;
  const dy = inputs.get('dy');
  // The CPU's blocked layout tells it from the other devices.
  if (g.block === 0)
    return maxPoolGradientByComparison(g, x, g.cast(inputs.get('output'), 'float32'), dy, geometry);
  const { batch, inChannels, input, output } = geometry;
  const places = batch * inChannels * output[0] * output[1];
  const size = batch * inChannels * input[0] * input[1];
  const zeros = g.op('ConstantOfShape', [g.int64s([size])], { type: 'float32', shape: [size] });
  const where = g.reshape(positions(g, x, inputs.get('output'), geometry), [places]);
  const gradients = g.reshape(asNchw(g, dy), [places]);
  // Windows that overlap may share their greatest element.
  const overlap = geometry.strides.some((stride, i) => stride < (geometry.extent[i] as number));
  const scattered = g.op(
    'ScatterElements',
    [zeros, where, gradients],
    { type: 'float32', shape: [size] },
    overlap ? { axis: int(0), reduction: { kind: 'string', value: 'add' } } : { axis: int(0) },
  );
  return fromNchw(g.reshape(scattered, [batch, inChannels, ...input]));
};

/** Every element's gradient spread over its window; like TensorFlow.js, by the window's size even at the borders. */
const avgPoolGrad: Kernel = (g, inputs, attrs) => {
  const inputShape = inputs.get('input').shape;
  const geometry = poolGeometry(inputShape, attrs);
  if (isEmpty(geometry)) return undefined;
  const { batch, inChannels, input, output, kernel } = geometry;
  const share = g.zip('Mul', [asNchw(g, inputs.get('dy')), g.f32(1 / (kernel[0] * kernel[1]))]);
  const isGlobal = [0, 1].every(
    (i) => output[i] === 1 && kernel[i] === input[i] && geometry.padBefore[i] === 0,
  );
  if (isGlobal) return new Value(share.source, share.out, inputShape, channelsFirst);
  const ones = g.dense(g.uniform('float32', 1, [1, 1, ...kernel]));
  const planes = batch * inChannels;
  const spread = g.op(
    'ConvTranspose',
    [g.reshape(share, [planes, 1, ...output]), ones],
    { type: 'float32', shape: [planes, 1, ...input] },
    transposeAttributes(geometry),
  );
  return fromNchw(g.reshape(spread, [batch, inChannels, ...input]));
};

export const poolKernels: Table = {
  MaxPool: forward((g, x, geometry) => maxPool(g, x, geometry)[0] as Value),
  AvgPool: forward((g, x, geometry) =>
    g.op(
      'AveragePool',
      [asNchw(g, x)],
      { type: 'float32', shape: [geometry.batch, geometry.inChannels, ...geometry.output] },
      { ...attributes(geometry), count_include_pad: int(0) },
    ),
  ),
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
};

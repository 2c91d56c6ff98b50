import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import type { Value } from '../../graph/value.ts';
import { pad, reverse, slice } from '../shape.ts';
import { groupedFilter } from './depthwise-forward.ts';
import { asNchw, fromNchw, type Geometry } from './geometry.ts';
import { transposeAttributes } from './input-gradient.ts';

/**
 * The gradient of a depthwise convolution with respect to its input: the depthwise convolution of the output's
 * gradient (with zeros between its rows and columns where the stride skipped some) with the kernel turned round.
 * Where there are several outputs per channel, ConvTranspose with as many groups as channels.
 * @param dy [n, oh, ow, c * multiplier]
 * @param filter [kh, kw, c, multiplier]
 * @returns [n, h, w, c]
 */
export function depthwiseInputGradient(g: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const { batch, inChannels, outChannels, input, output, kernel, extent, strides, dilations, padBefore } =
    geometry;
  const shape = [batch, inChannels, ...input];
  const grouped = groupedFilter(g, filter, geometry);
  const gradient = asNchw(g, dy);
  const before = [0, 1].map((axis) => (extent[axis] as number) - 1 - (padBefore[axis] as number));
  if (outChannels !== inChannels || before.some((amount) => amount < 0)) {
    const attributes = transposeAttributes(geometry, inChannels);
    return fromNchw(g.op('ConvTranspose', [gradient, grouped], { type: 'float32', shape }, attributes));
  }
  const after = [0, 1].map(
    (axis) =>
      (input[axis] as number) -
      (output[axis] as number) * (strides[axis] as number) +
      (padBefore[axis] as number),
  );
  const spread = cropEnds(g, spreadOut(g, gradient, strides), after);
  return fromNchw(
    g.op(
      'Conv',
      [spread, reverse(g, grouped, [2, 3])],
      { type: 'float32', shape },
      {
        kernel_shape: ints(kernel),
        dilations: ints(dilations),
        pads: ints([...before, ...after.map((amount) => Math.max(amount, 0))]),
        group: int(inChannels),
      },
    ),
  );
}

/** [n, c, h, w] to [n, c, h * sh, w * sw], zeros after every element. */
function spreadOut(g: Graph, x: Value, [down, across]: readonly [number, number]): Value {
  if (down === 1 && across === 1) return x;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const none: [number, number] = [0, 0];
  const apart = pad(g, g.reshape(x, [n * c, h, 1, w, 1]), [none, none, [0, down - 1], none, [0, across - 1]]);
  return g.reshape(apart, [n, c, h * down, w * across]);
}

/** Cuts off what a negative padding at the end asks for. */
function cropEnds(g: Graph, x: Value, after: readonly number[]): Value {
  const shape = x.shape.map((dim, axis) => dim + Math.min(after[axis - 2] ?? 0, 0));
  const cuts = shape.flatMap((end, axis) =>
    end === x.shape[axis] ? [] : [{ axis, start: 0, end, step: 1 }],
  );
  return slice(g, x, shape, cuts);
}

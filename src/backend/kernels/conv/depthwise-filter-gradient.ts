import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import { Value } from '../../graph/value.ts';
import { slice, tile } from '../shape.ts';
import { channelFirst } from './depthwise-forward.ts';
import { asNchw, pads, type Geometry } from './geometry.ts';

/**
 * The gradient of a depthwise convolution with respect to its filter: one Conv in which every channel of every photo
 * is a group of its own and the output's gradient is the kernel, then a sum over photos.
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, c * multiplier]
 * @returns [kh, kw, c, multiplier]
 */
export function depthwiseFilterGradient(g: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batch, inChannels, outChannels, input, output, kernel, strides, dilations } = geometry;
  const multiplier = outChannels / inChannels;
  const planes = batch * outChannels;
  let images = asNchw(g, x);
  if (multiplier > 1) {
    images = g.dense(tile(g, g.reshape(images, [batch, inChannels, 1, ...input]), [1, 1, multiplier, 1, 1]));
  }
  const reached = [0, 1].map((axis) => {
    const surplus = Math.max(-(geometry.reach[axis] as number), 0);
    return (kernel[axis] as number) + Math.floor(surplus / (dilations[axis] as number));
  });
  const correlated = g.op(
    'Conv',
    [g.reshape(images, [1, planes, ...input]), g.reshape(asNchw(g, dy), [planes, 1, ...output])],
    { type: 'float32', shape: [1, planes, ...reached] },
    {
      kernel_shape: ints(output),
      strides: ints(dilations),
      dilations: ints(strides),
      pads: ints(pads(geometry)),
      group: int(planes),
    },
  );
  const cuts = kernel.flatMap((end, i) =>
    end === reached[i] ? [] : [{ axis: i + 2, start: 0, end, step: 1 }],
  );
  const perPhoto = g.reshape(slice(g, correlated, [1, planes, ...kernel], cuts), [
    batch,
    inChannels,
    multiplier,
    ...kernel,
  ]);
  const { source, out } =
    batch === 1 ? g.reshape(perPhoto, perPhoto.shape.slice(1)) : g.reduce('ReduceSum', perPhoto, [0]);
  return g.withPerm(new Value(source, out, [...kernel, inChannels, multiplier], channelFirst), null);
}

import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import type { Value } from '../../graph/value.ts';
import { slice } from '../shape.ts';
import { asBlocked, blockedConv, convolution, transposed } from './blocked.ts';
import { pads, type Geometry } from './geometry.ts';

/**
 * The gradient of a depthwise convolution with respect to its filter: one Conv in which every channel of every photo
 * is a group of its own and the output's gradient, as it lies, is the filter; then a sum over photos. In blocks it
 * costs about as much as the forward pass.
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, c]
 * @returns [kh, kw, c, 1]
 */
export function blockedDepthwiseFilterGradient(g: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batch, inChannels: c, input, output, kernel, strides, dilations, reach } = geometry;
  const planes = batch * c;
  const reached = [0, 1].map((i) => {
    const surplus = Math.max(-(reach[i] as number), 0);
    return (kernel[i] as number) + Math.floor(surplus / (dilations[i] as number));
  }) as [number, number];
  const correlated = blockedConv(
    g,
    [g.view(asBlocked(g, x), [1, planes, ...input]), g.view(asBlocked(g, dy), [planes, 1, ...output])],
    [1, planes, ...reached],
    convolution(output, pads(geometry), {
      strides: ints(dilations),
      dilations: ints(strides),
      group: int(planes),
    }),
  );
  const open = g.view(correlated, [batch, c / g.block, ...reached, g.block]);
  const sum = batch === 1 ? g.view(open, open.shape.slice(1)) : g.reduce('ReduceSum', open, [0]);
  const cuts = kernel.flatMap((end, i) =>
    end === reached[i] ? [] : [{ axis: i + 1, start: 0, end, step: 1 }],
  );
  const cut = slice(g, sum, [c / g.block, ...kernel, g.block], cuts);
  return g.reshape(transposed(g, cut, [1, 2, 0, 3]), [...kernel, c, 1]);
}

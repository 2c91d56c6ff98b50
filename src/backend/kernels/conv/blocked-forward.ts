import type { Attributes } from '../../onnx/model.ts';
import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import type { Value } from '../../graph/value.ts';
import { pad } from '../shape.ts';
import {
  asBlocked,
  blockedConv,
  convolution,
  depthwiseFilter,
  forwardFilter,
  fromBlocked,
  roundUp,
} from './blocked.ts';
import { pads, type Geometry } from './geometry.ts';

const attributes = (geometry: Geometry, group: number): Attributes =>
  convolution(geometry.kernel, pads(geometry), {
    strides: ints(geometry.strides),
    dilations: ints(geometry.dilations),
    group: int(group),
  });

/**
 * Convolution on blocks of channels.
 * @param x [n, h, w, c]
 * @param filter [kh, kw, c, out]
 * @param bias [out], added by the same operation
 */
export function blockedForward(g: Graph, x: Value, filter: Value, geometry: Geometry, bias?: Value): Value {
  const { batch, output, outChannels } = geometry;
  const channels = roundUp(g, outChannels);
  const operands = [asBlocked(g, x), forwardFilter(g, filter)];
  if (bias !== undefined) operands.push(pad(g, g.plain(bias), [[0, channels - outChannels]]));
  const y = blockedConv(g, operands, [batch, channels, ...output], attributes(geometry, 1));
  return fromBlocked(g, y, outChannels);
}

/** Depthwise convolution on blocks of channels, one output per channel. */
export function blockedDepthwiseForward(
  g: Graph,
  x: Value,
  filter: Value,
  geometry: Geometry,
  bias?: Value,
): Value {
  const { batch, output, outChannels } = geometry;
  const operands = [asBlocked(g, x), depthwiseFilter(g, filter, false)];
  if (bias !== undefined) operands.push(g.plain(bias));
  const shape = [batch, outChannels, ...output];
  return fromBlocked(g, blockedConv(g, operands, shape, attributes(geometry, outChannels)), outChannels);
}

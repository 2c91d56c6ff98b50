import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import type { Value } from '../../graph/value.ts';
import {
  asBlocked,
  blockedConv,
  convolution,
  depthwiseFilter,
  fromBlocked,
  fullPads,
  isBlockedDense,
  isBlockedDepthwise,
  roundUp,
  spreadBlocked,
  turnedFilter,
} from './blocked.ts';
import type { Geometry } from './geometry.ts';

/**
 * Whether {@link blockedInputGradient} is the fastest way. With a stride, three of four elements of the spread gradient
 * are zeros, and ConvTranspose is faster.
 */
export const isBlockedInputGradient = (g: Graph, geometry: Geometry): boolean =>
  isBlockedDense(g, geometry) &&
  fullPads(geometry) !== undefined &&
  (geometry.strides.every((stride) => stride === 1) || geometry.kernel.every((size) => size === 1));

export const isBlockedDepthwiseInputGradient = (g: Graph, geometry: Geometry): boolean =>
  isBlockedDepthwise(g, geometry) && fullPads(geometry) !== undefined;

/**
 * The gradient of a convolution with respect to its input: a convolution of the output's gradient with the filter
 * turned by 180 degrees, inputs and outputs exchanged.
 * @param dy [n, oh, ow, out]
 * @param filter [kh, kw, c, out]
 * @returns [n, h, w, c]
 */
export function blockedInputGradient(g: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const { batch, inChannels, input, output, kernel, strides, dilations } = geometry;
  const channels = roundUp(g, inChannels);
  const operands = [asBlocked(g, dy), turnedFilter(g, filter)];
  const isSpreadLater = kernel.every((size) => size === 1) && geometry.padBefore.every((size) => size === 0);
  if (isSpreadLater) {
    // One tap: what lies between the rows and columns that the stride reads is zero anyway.
    const small = blockedConv(g, operands, [batch, channels, ...output], convolution(kernel, [0, 0, 0, 0]));
    const spread = spreadBlocked(g, small, strides);
    if (spread.shape[2] === input[0] && spread.shape[3] === input[1])
      return fromBlocked(g, spread, inChannels);
  }
  const wide = spreadBlocked(g, operands[0] as Value, strides);
  const attributes = convolution(kernel, fullPads(geometry) ?? [], { dilations: ints(dilations) });
  const shape = [batch, channels, ...input];
  return fromBlocked(g, blockedConv(g, [wide, operands[1] as Value], shape, attributes), inChannels);
}

/** The same for a depthwise convolution with one output per channel. */
export function blockedDepthwiseInputGradient(g: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const { batch, inChannels, input, kernel, strides, dilations } = geometry;
  const operands = [spreadBlocked(g, asBlocked(g, dy), strides), depthwiseFilter(g, filter, true)];
  const attributes = convolution(kernel, fullPads(geometry) ?? [], {
    dilations: ints(dilations),
    group: int(inChannels),
  });
  return fromBlocked(g, blockedConv(g, operands, [batch, inChannels, ...input], attributes), inChannels);
}

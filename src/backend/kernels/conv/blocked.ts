/** Operands of ONNX Runtime's blocked convolutions: see FORMULATIONS.md. */
import type { Attributes } from '../../onnx/model.ts';
import { blockedDomain } from '../../graph/blocked.ts';
import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import { blockedLayout, channelsFirst, internPerm } from '../../graph/perm.ts';
import type { Value } from '../../graph/value.ts';
import { pad } from '../shape.ts';
import { asNchw, physical, type Geometry, type Pair } from './geometry.ts';

/** Channels rounded up to whole blocks. */
export const roundUp = (g: Graph, channels: number): number => Math.ceil(channels / g.block) * g.block;

/** Whether channels can be brought into blocks: the reorder takes them four at a time. */
const isBlockable = (g: Graph, channels: number): boolean => channels % 4 === 0 && channels * 2 >= g.block;

/** Whether the blocked operators can compute a dense convolution of this geometry. */
export const isBlockedDense = (g: Graph, { inChannels, outChannels }: Geometry): boolean =>
  g.block > 0 && isBlockable(g, inChannels) && isBlockable(g, outChannels);

/** Whether the blocked operators can compute a depthwise convolution of this geometry. */
export const isBlockedDepthwise = (g: Graph, { inChannels, outChannels }: Geometry): boolean =>
  g.block > 0 && inChannels === outChannels && inChannels % g.block === 0;

/** A logical [n, h, w, c] in blocks, as ONNX Runtime declares it: [n, c rounded up, h, w]. */
export function asBlocked(g: Graph, x: Value): Value {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const shape = [n, roundUp(g, c), h, w];
  if (c % g.block === 0) return g.view(g.withPerm(g.dense(x), blockedLayout(g.block)), shape);
  return g.op(
    'ReorderInput',
    [asNchw(g, x)],
    { type: 'float32', shape },
    { channels_last: int(0) },
    blockedDomain,
  );
}

/** The logical [n, h, w, c] of blocks declared as [n, c rounded up, h, w]. */
export function fromBlocked(g: Graph, y: Value, channels: number): Value {
  const [n, , h, w] = y.shape as [number, number, number, number];
  const shape = [n, h, w, channels];
  if (channels % g.block === 0) return g.view(y, shape, blockedLayout(g.block));
  return reorderOutput(g, y, channels, false, shape);
}

/** Blocks declared as [n, c rounded up, h, w], as [n, h, w, c] held channels last or first. */
export const reorderOutput = (
  g: Graph,
  y: Value,
  channels: number,
  isLast: boolean,
  shape: readonly number[],
): Value =>
  g.op(
    'ReorderOutput',
    [y],
    { type: 'float32', shape, perm: isLast ? null : channelsFirst },
    { channels: int(channels), channels_last: int(isLast ? 1 : 0) },
    blockedDomain,
  );

/** ONNX's Reorder of [n, c, h, w] into blocks of c, or of [n, h, w, c] where `isLast`. */
export function reorderInput(g: Graph, x: Value, isLast: boolean): Value {
  const [n, second, third, fourth] = x.shape as [number, number, number, number];
  const shape = isLast ? [n, fourth, second, third] : x.shape;
  return g.op(
    'ReorderInput',
    [x],
    { type: 'float32', shape },
    { channels_last: int(isLast ? 1 : 0) },
    blockedDomain,
  );
}

/** A blocked convolution of blocks declared as [n, c, h, w]. */
export const blockedConv = (
  g: Graph,
  operands: readonly Value[],
  shape: readonly number[],
  attributes: Attributes,
): Value => g.op('Conv', operands, { type: 'float32', shape }, attributes, blockedDomain);

/** A value's elements, in logical order, with their axes in another one. */
export const transposed = (g: Graph, x: Value, order: readonly number[]): Value =>
  physical(g.withPerm(g.plain(x), internPerm(order)));

/** A dense filter as [kh * kw, in rounded up, out rounded up]. */
function roundedFilter(g: Graph, filter: Value): { filter: Value; taps: number; from: number; to: number } {
  const [kh, kw, cin, cout] = filter.shape as [number, number, number, number];
  const [taps, from, to] = [kh * kw, roundUp(g, cin), roundUp(g, cout)];
  const flat = g.reshape(filter, [taps, cin, cout]);
  const rounded = pad(g, flat, [
    [0, 0],
    [0, from - cin],
    [0, to - cout],
  ]);
  return { filter: rounded, taps, from, to };
}

/** A filter [kh, kw, in, out] as forward convolutions take it: blocks of in and out, out innermost. */
export function forwardFilter(g: Graph, filter: Value): Value {
  const { filter: rounded, taps, from, to } = roundedFilter(g, filter);
  const b = g.block;
  const open = g.reshape(rounded, [taps, from / b, b, to / b, b]);
  return g.reshape(transposed(g, open, [3, 1, 0, 2, 4]), [
    to,
    from,
    filter.shape[0] as number,
    filter.shape[1] as number,
  ]);
}

/** The same as input gradients take it: turned by 180 degrees, in and out exchanged. */
export function turnedFilter(g: Graph, filter: Value): Value {
  const { filter: rounded, taps, from, to } = roundedFilter(g, filter);
  const b = g.block;
  // Into blocks of `in` by the reorder, which is faster than a Transpose of single elements.
  const swapped = reorderInput(g, g.reshape(turned(g, rounded), [taps, from, 1, to]), false);
  const open = g.view(swapped, [taps, from / b, to / b, b * b]);
  return g.reshape(transposed(g, open, [1, 2, 0, 3]), [
    from,
    to,
    filter.shape[0] as number,
    filter.shape[1] as number,
  ]);
}

/** A depthwise filter [kh, kw, c, 1] in blocks of c; turned by 180 degrees for input gradients. */
export function depthwiseFilter(g: Graph, filter: Value, isTurned: boolean): Value {
  const [kh, kw, c] = filter.shape as [number, number, number, number];
  const flat = g.reshape(filter, [kh * kw, c / g.block, g.block]);
  return g.reshape(transposed(g, isTurned ? turned(g, flat) : flat, [1, 0, 2]), [c, 1, kh, kw]);
}

/** The first axis backwards. */
function turned(g: Graph, x: Value): Value {
  const taps = x.shape[0] as number;
  if (taps === 1) return x;
  const order = Array.from({ length: taps }, (_, i) => taps - 1 - i);
  return g.op('Gather', [g.plain(x), g.int64s(order)], { type: x.type, shape: x.shape }, { axis: int(0) });
}

/** Zeros after every row and column of blocks declared as [n, c, h, w], as strides skipped them. */
export function spreadBlocked(g: Graph, x: Value, [down, across]: Pair): Value {
  if (down === 1 && across === 1) return x;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const none: [number, number] = [0, 0];
  const open = g.view(x, [(n * c) / g.block, h, 1, w, 1, g.block]);
  const apart = pad(g, open, [none, none, [0, down - 1], none, [0, across - 1], none]);
  return g.view(apart, [n, c, h * down, w * across]);
}

/**
 * Pads of the full correlation that input gradients are, over a gradient spread by {@link spreadBlocked}.
 * @returns undefined where one of them would be negative
 */
export function fullPads({ extent, padBefore, input, output, strides }: Geometry): number[] | undefined {
  const before = [0, 1].map((i) => (extent[i] as number) - 1 - (padBefore[i] as number));
  const after = [0, 1].map(
    (i) => (input[i] as number) - (output[i] as number) * (strides[i] as number) + (padBefore[i] as number),
  );
  const all = [...before, ...after];
  return all.some((amount) => amount < 0) ? undefined : all;
}

export const convolution = (kernel: Pair, pads: readonly number[], more: Attributes = {}): Attributes => ({
  kernel_shape: ints(kernel),
  pads: ints(pads),
  ...more,
});

import type { Graph } from '../../graph/graph.ts';
import { int } from '../../graph/operations.ts';
import type { Value } from '../../graph/value.ts';
import { pad, slice } from '../shape.ts';
import {
  asBlocked,
  blockedConv,
  convolution,
  isBlockedDense,
  reorderInput,
  reorderOutput,
  roundUp,
  transposed,
} from './blocked.ts';
import type { Geometry } from './geometry.ts';

const isOneTap = ({ kernel, padBefore, reach }: Geometry): boolean =>
  kernel.every((size) => size === 1) && padBefore.every((n) => n === 0) && reach.every((n) => n <= 0);

/** Whether {@link blockedFilterGradient} can be used and is the fastest way. */
export function isBlockedFilterGradient(g: Graph, geometry: Geometry): boolean {
  if (!isBlockedDense(g, geometry)) return false;
  const pixels = geometry.output[0] * geometry.output[1];
  if (isOneTap(geometry)) return (geometry.batch * pixels) % g.block === 0;
  // Else, on small maps, matrices of whole rows are as fast.
  return pixels % g.block === 0;
}

/**
 * The gradient of a convolution with respect to its filter, on blocks. For every tap it is the product of the input
 * under the tap and the output's gradient, summed over pixels. A block of either, as it lies, is already the filter of
 * a 1x1 convolution whose input channels are the pixels; the other one is turned so that pixels are its channels.
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, out]
 * @returns [kh, kw, c, out]
 */
export function blockedFilterGradient(g: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batch, inChannels, outChannels, output, kernel, strides, dilations, padBefore, reach } = geometry;
  const [from, to] = [roundUp(g, inChannels), roundUp(g, outChannels)];
  const blocks = { x: asBlocked(g, x), dy: asBlocked(g, dy) };
  const { block } = g;
  const open = g.view(blocks.x, [(batch * from) / block, ...geometry.input, block]);
  const none: [number, number] = [0, 0];
  const padded = pad(g, open, [
    none,
    [padBefore[0], Math.max(reach[0], 0)],
    [padBefore[1], Math.max(reach[1], 0)],
    none,
  ]);
  const count = kernel[0] * kernel[1];
  // The smaller one is turned; with several taps the gradient, because that is done once.
  const turnsX = count === 1 && from <= to;
  const turnedGradient = turnsX ? undefined : pixelsAsChannels(g, blocks.dy, batch, to, output);
  const parts: Value[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const cuts = [row * dilations[0], column * dilations[1]].flatMap((start, i) => {
        const step = strides[i] as number;
        const end = start + ((output[i] as number) - 1) * step + 1;
        return start === 0 && end === padded.shape[i + 1] && step === 1
          ? []
          : [{ axis: i + 1, start, end, step }];
      });
      const tap = slice(g, padded, [(batch * from) / block, ...output, block], cuts);
      const under = g.view(tap, [batch, from, ...output]);
      // [from, to] of this tap
      const product =
        turnedGradient === undefined
          ? transposed(
              g,
              pixelProduct(g, pixelsAsChannels(g, under, batch, from, output), blocks.dy, geometry),
              [1, 0, 2],
            )
          : transposed(g, pixelProduct(g, turnedGradient, under, geometry), [0, 2, 1]);
      parts.push(g.reshape(product, [1, from, to]));
    }
  }
  const all =
    parts.length === 1
      ? (parts[0] as Value)
      : g.op('Concat', parts, { type: 'float32', shape: [count, from, to] }, { axis: int(0) });
  const cuts = [inChannels, outChannels].flatMap((end, i) =>
    end === all.shape[i + 1] ? [] : [{ axis: i + 1, start: 0, end, step: 1 }],
  );
  return g.reshape(slice(g, all, [count, inChannels, outChannels], cuts), [
    ...kernel,
    inChannels,
    outChannels,
  ]);
}

/** Whether a photo's pixels fill whole blocks, so that every photo can be a group of its own. */
const isPerPhoto = (g: Graph, [h, w]: readonly [number, number]): boolean => (h * w) % g.block === 0;

/** Blocks declared as [n, c, h, w] as blocks of pixels, c in a row: [1, n * h * w, 1, c]. */
function pixelsAsChannels(
  g: Graph,
  x: Value,
  batch: number,
  channels: number,
  output: readonly [number, number],
): Value {
  const pixels = output[0] * output[1];
  const isLast = !isPerPhoto(g, output);
  const plain = reorderOutput(g, x, channels, isLast, [batch, ...output, channels]);
  const rows = isLast ? [1, batch * pixels, 1, channels] : [batch, 1, channels, pixels];
  return g.view(reorderInput(g, g.view(plain, rows), !isLast), [1, batch * pixels, 1, channels]);
}

/**
 * Sums over pixels of products of channels.
 * @param across what {@link pixelsAsChannels} returned, of p channels
 * @param filter blocks declared as [n, q, h, w]
 * @returns [q / block, p, block]
 */
function pixelProduct(g: Graph, across: Value, filter: Value, { batch, output }: Geometry): Value {
  const pixels = output[0] * output[1];
  const p = across.shape[3] as number;
  const q = filter.shape[1] as number;
  const { block } = g;
  const none = [0, 0, 0, 0];
  if (isPerPhoto(g, output)) {
    const perPhoto = blockedConv(
      g,
      [across, g.view(filter, [batch * q, pixels, 1, 1])],
      [1, batch * q, 1, p],
      convolution([1, 1], none, { group: int(batch) }),
    );
    const open = g.view(perPhoto, [batch, q / block, p, block]);
    return batch === 1 ? g.view(open, open.shape.slice(1)) : g.reduce('ReduceSum', open, [0]);
  }
  const byBlock = transposed(g, g.view(filter, [batch, q / block, pixels * block]), [1, 0, 2]);
  const y = blockedConv(
    g,
    [across, g.view(byBlock, [q, batch * pixels, 1, 1])],
    [1, q, 1, p],
    convolution([1, 1], none),
  );
  return g.view(y, [q / block, p, block]);
}

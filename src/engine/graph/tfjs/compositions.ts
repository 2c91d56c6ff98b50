/** What no single layer of TF.js 1.3 says: padding with any number, slices of channels, a factor for every place. */
import type { Pads } from '../graph.ts';
import { imageOf, sizesOf, type LayerStack, type Symbolic } from './layer-stack.ts';

/**
 * An image with rows and columns added that repeat its border, or hold one number. The border is cut out, filled
 * if need be, and put back once for each row or column.
 *
 * @param part names the step where it isn't the node itself
 */
export function padWith(
  stack: LayerStack,
  x: Symbolic,
  pads: Pads,
  fill: 'edge' | number,
  part?: string,
): Symbolic {
  const [top, left, bottom, right] = pads;
  const rows = padAxis(stack, x, 1, [top, bottom], fill, `${part ?? 'pad'}_rows`);
  const columns = padAxis(stack, rows, 2, [left, right], fill, `${part ?? 'pad'}_columns`);
  return part === undefined ? stack.activation(columns, 'linear') : columns;
}

function padAxis(
  stack: LayerStack,
  x: Symbolic,
  axis: 1 | 2,
  [before, after]: readonly [number, number],
  fill: 'edge' | number,
  part: string,
): Symbolic {
  const size = imageOf(x)[axis - 1] ?? 1;
  const strip = (side: 'first' | 'last'): Symbolic => {
    const [start, end] = side === 'first' ? [0, size - 1] : [size - 1, 0];
    const cut = stack.crop(x, axis === 1 ? [start, 0, end, 0] : [0, start, 0, end], `${part}_${side}`);
    return fill === 'edge' ? cut : stack.affineConstant(cut, 0, fill, `${part}_${side}_fill`);
  };
  const parts: Symbolic[] = [];
  if (before > 0) parts.push(...Array<Symbolic>(before).fill(strip('first')));
  parts.push(x);
  if (after > 0) parts.push(...Array<Symbolic>(after).fill(strip('last')));
  return parts.length === 1 ? x : stack.concat(parts, axis, part);
}

/**
 * Channels start (inclusive) to end (exclusive). Cropping2D cuts spatial axes only, so channels become one.
 *
 * @param part names the step where it isn't the node itself
 */
export function sliceChannels(
  stack: LayerStack,
  x: Symbolic,
  start: number,
  end: number,
  part?: string,
): Symbolic {
  const sizes = sizesOf(x);
  const channels = sizes.at(-1) ?? 1;
  const places = sizes.slice(0, -1).reduce((total, size) => total * size, 1);
  const helper = (step: string): string => (part === undefined ? step : `${part}_${step}`);
  const flat = stack.reshape(x, [places, channels, 1], helper('flat'));
  const cut = stack.crop(flat, [0, start, 0, channels - end], helper('cut'));
  return stack.reshape(cut, [...sizes.slice(0, -1), end - start], part);
}

/** ShuffleNet: channels [groups, c / groups] become [c / groups, groups]. */
export function shuffleChannels(stack: LayerStack, x: Symbolic, groups: number): Symbolic {
  const sizes = sizesOf(x);
  const channels = sizes.at(-1) ?? 1;
  const places = sizes.slice(0, -1).reduce((total, size) => total * size, 1);
  const grouped = stack.reshape(x, [places, groups, channels / groups], 'groups');
  return stack.reshape(stack.permute(grouped, [1, 3, 2], 'turn'), sizes);
}

/**
 * Multiplies every place of an image by its own number, the same for all channels; never trained. Places and
 * channels change roles, so that a 1 x 1 depthwise convolution does it.
 */
export function scalePlaces(stack: LayerStack, x: Symbolic, scales: Float32Array, part: string): Symbolic {
  const [height, width, channels] = imageOf(x);
  const places = height * width;
  const flat = stack.reshape(x, [1, places, channels], `${part}_flat`);
  const turned = stack.permute(flat, [1, 3, 2], `${part}_turn`);
  const scaled = stack.affine(turned, scales, new Float32Array(places), `${part}_scaled`, true);
  const back = stack.permute(scaled, [1, 3, 2], `${part}_back`);
  return stack.reshape(back, [height, width, channels]);
}

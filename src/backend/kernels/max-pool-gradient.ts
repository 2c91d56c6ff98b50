/**
 * The gradient of a max pool without the positions of the greatest elements, which ONNX Runtime's MaxPool gives on
 * the CPU only (1.30: "The Indices output is not supported yet" on WebGPU).
 */
import type { Graph } from '../graph/graph.ts';
import { int, ints, literal } from '../graph/operations.ts';
import type { Value } from '../graph/value.ts';
import { asNchw, fromNchw, pads, type Geometry } from './conv/geometry.ts';
import { transposeAttributes } from './conv/input-gradient.ts';

/** What padding holds: less than anything in a photo's activations, but finite, for 0 times it is to be 0. */
const lowest = -3.4e38;

/**
 * Every window's elements are brought side by side as channels, by a convolution with one filter an element; the
 * first that is the greatest gets the window's gradient, and the transposed convolution brings it back.
 *
 * @param x the pool's input, [n, h, w, c]
 * @param y its output, [n, oh, ow, c]
 * @param dy the output's gradient
 * @returns [n, h, w, c]
 */
export function maxPoolGradientByComparison(
  g: Graph,
  x: Value,
  y: Value,
  dy: Value,
  geometry: Geometry,
): Value {
  const { batch, inChannels, input, output, kernel, strides, dilations } = geometry;
  const planes = batch * inChannels;
  const taps = kernel[0] * kernel[1];
  const [top = 0, left = 0, bottom = 0, right = 0] = pads(geometry);
  const padded = [planes, 1, input[0] + top + bottom, input[1] + left + right];
  const matrix = (keep: (row: number, column: number) => boolean, dims: readonly number[]) =>
    literal(
      'float32',
      Array.from({ length: taps * taps }, (_, i) => (keep(Math.floor(i / taps), i % taps) ? 1 : 0)),
      dims,
    );
  const eachTap = matrix((row, column) => row === column, [taps, 1, ...kernel]);
  const before = matrix((row, column) => column < row, [taps, taps, 1, 1]);
  const windows = { type: 'float32', shape: [planes, taps, ...output] } as const;

  const flat = g.reshape(asNchw(g, x), [planes, 1, ...input]);
  const filled = g.op('Pad', [flat, g.int64s([0, 0, top, left, 0, 0, bottom, right]), g.f32(lowest)], {
    type: 'float32',
    shape: padded,
  });
  const elements = g.op('Conv', [filled, eachTap], windows, {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    dilations: ints(dilations),
  });
  const greatest = g.cast(
    g.zip('Equal', [elements, g.reshape(asNchw(g, y), [planes, 1, ...output])], 'bool'),
    'float32',
  );
  const earlier = g.op('Conv', [greatest, before], windows, { kernel_shape: ints([1, 1]) });
  const isFirst = g.cast(g.zip('Less', [earlier, g.f32(0.5)], 'bool'), 'float32');
  const share = g.zip('Mul', [
    g.zip('Mul', [greatest, isFirst]),
    g.reshape(asNchw(g, dy), [planes, 1, ...output]),
  ]);
  const spread = g.op(
    'ConvTranspose',
    [share, eachTap],
    { type: 'float32', shape: [planes, 1, ...input] },
    { ...transposeAttributes(geometry), group: int(1) },
  );
  return fromNchw(g.reshape(spread, [batch, inChannels, ...input]));
}

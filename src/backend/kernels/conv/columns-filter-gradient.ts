import type { Graph } from '../../graph/graph.ts';
import { int } from '../../graph/operations.ts';
import type { Value } from '../../graph/value.ts';
import { pad, slice } from '../shape.ts';
import { asNchw, type Geometry } from './geometry.ts';

/** Whether there are so few input channels (an image's) that one matrix of all taps is worth its memory. */
export const isColumns = ({ inChannels }: Geometry): boolean => inChannels <= 4;

/**
 * The gradient of a convolution with respect to its filter: the input under every tap as rows of one matrix, times the
 * output's gradient, for each photo; then a sum over photos. For the first layer, whose input has few channels.
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, out]
 * @returns [kh, kw, c, out]
 */
export function columnsFilterGradient(g: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batch, inChannels, outChannels, output, kernel, strides, dilations, padBefore, reach } = geometry;
  const none: [number, number] = [0, 0];
  const padded = pad(g, asNchw(g, x), [
    none,
    none,
    [padBefore[0], Math.max(reach[0], 0)],
    [padBefore[1], Math.max(reach[1], 0)],
  ]);
  const taps: Value[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const cuts = [row * dilations[0], column * dilations[1]].map((start, i) => {
        const step = strides[i] as number;
        return { axis: i + 2, start, end: start + ((output[i] as number) - 1) * step + 1, step };
      });
      taps.push(slice(g, padded, [batch, inChannels, ...output], cuts));
    }
  }
  const rows = kernel[0] * kernel[1] * inChannels;
  const all =
    taps.length === 1
      ? (taps[0] as Value)
      : g.op('Concat', taps, { type: 'float32', shape: [batch, rows, ...output] }, { axis: int(1) });
  const pixels = output[0] * output[1];
  const products = g.op(
    'FusedMatMul',
    [g.view(all, [batch, rows, pixels]), g.view(asNchw(g, dy), [batch, outChannels, pixels])],
    { type: 'float32', shape: [batch, rows, outChannels] },
    { transB: int(1) },
    'com.microsoft',
  );
  return g.reshape(g.reduce('ReduceSum', products, [0]), [...kernel, inChannels, outChannels]);
}

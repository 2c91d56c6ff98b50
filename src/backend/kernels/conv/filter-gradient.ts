import type { Graph } from '../../graph/graph.ts';
import { int } from '../../graph/operations.ts';
import { internPerm } from '../../graph/perm.ts';
import type { Value } from '../../graph/value.ts';
import { pad, slice } from '../shape.ts';
import { physical, type Geometry } from './geometry.ts';

/** [n, h, w, c] held as [c, n, h, w]: from [n, c, h, w], a copy in blocks of h * w. */
const channelsOutermost = internPerm([3, 0, 1, 2]);

/**
 * The gradient of a convolution with respect to its filter: for every position of the kernel, the input shifted by
 * it, as a matrix [c, n * oh * ow], times the output's gradient as [n * oh * ow, out].
 * @param x [n, h, w, c]
 * @param dy [n, oh, ow, out]
 * @returns [kh, kw, c, out]
 */
export function convFilterGradient(g: Graph, x: Value, dy: Value, geometry: Geometry): Value {
  const { batch, inChannels, outChannels, output, kernel, strides, dilations, padBefore, reach } = geometry;
  const positions = batch * output[0] * output[1];
  const gradient = g.reshape(physical(g.withPerm(g.dense(dy), channelsOutermost)), [outChannels, positions]);
  const padded = pad(g, physical(g.withPerm(g.dense(x), channelsOutermost)), [
    [0, 0],
    [0, 0],
    [padBefore[0], Math.max(reach[0], 0)],
    [padBefore[1], Math.max(reach[1], 0)],
  ]);
  const window = [0, 1].map((axis) => ((output[axis] as number) - 1) * (strides[axis] as number) + 1);
  const size = [0, 1].map((axis) => padded.shape[axis + 2] as number);
  const parts: Value[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      const cuts = [row * dilations[0], column * dilations[1]].flatMap((start, i) => {
        const step = strides[i] as number;
        const end = start + (window[i] as number);
        return start === 0 && end === size[i] && step === 1 ? [] : [{ axis: i + 2, start, end, step }];
      });
      const shifted = slice(g, padded, [inChannels, batch, ...output], cuts);
      parts.push(
        g.op(
          'Gemm',
          [g.reshape(shifted, [inChannels, positions]), gradient],
          { type: 'float32', shape: [inChannels, outChannels] },
          { transB: int(1) },
        ),
      );
    }
  }
  const all =
    parts.length === 1
      ? (parts[0] as Value)
      : g.op(
          'Concat',
          parts,
          { type: 'float32', shape: [parts.length * inChannels, outChannels] },
          { axis: int(0) },
        );
  return g.reshape(all, [...kernel, inChannels, outChannels]);
}

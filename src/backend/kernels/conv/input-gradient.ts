import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import { internPerm } from '../../graph/perm.ts';
import type { Value } from '../../graph/value.ts';
import { filterOutFirst } from './forward.ts';
import { asNchw, fromNchw, isPointwise, pads, physical, type Geometry } from './geometry.ts';

/** A filter [kh, kw, in, out] held as [in, out, kh, kw]: for 1x1, as it lies. */
const inFirst = internPerm([2, 3, 0, 1]);

/**
 * The gradient of a convolution with respect to its input: for 1x1 the convolution with the filter's transpose, else
 * ConvTranspose.
 * @param dy [n, oh, ow, out]
 * @param filter [kh, kw, c, out]
 * @returns [n, h, w, c]
 */
export function convInputGradient(g: Graph, dy: Value, filter: Value, geometry: Geometry): Value {
  const shape = [geometry.batch, geometry.inChannels, ...geometry.input];
  if (isPointwise(geometry)) {
    const transposed = physical(g.withPerm(g.dense(filter), inFirst));
    return fromNchw(g.op('Conv', [asNchw(g, dy), transposed], { type: 'float32', shape }));
  }
  const operands = [asNchw(g, dy), filterOutFirst(g, filter)];
  return fromNchw(g.op('ConvTranspose', operands, { type: 'float32', shape }, transposeAttributes(geometry)));
}

/** The attributes of the ConvTranspose that undoes a convolution's geometry. */
export const transposeAttributes = (geometry: Geometry, group = 1) => ({
  kernel_shape: ints(geometry.kernel),
  strides: ints(geometry.strides),
  dilations: ints(geometry.dilations),
  pads: ints(pads(geometry)),
  // Rows and columns at the end that no window has read.
  output_padding: ints(geometry.reach.map((reach) => Math.max(-reach, 0))),
  group: int(group),
});

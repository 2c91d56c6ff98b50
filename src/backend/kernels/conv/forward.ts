import type { Graph } from '../../graph/graph.ts';
import { int, ints } from '../../graph/operations.ts';
import { internPerm } from '../../graph/perm.ts';
import type { Value } from '../../graph/value.ts';
import { asNchw, fromNchw, pads, physical, type Geometry } from './geometry.ts';

/** A filter [kh, kw, in, out] held as [out, in, kh, kw]. */
const outFirst = internPerm([3, 2, 0, 1]);

export const filterOutFirst = (g: Graph, filter: Value): Value =>
  physical(g.withPerm(g.dense(filter), outFirst));

/** The attributes of ONNX's Conv. */
export const convAttributes = (geometry: Geometry, group = 1) => ({
  kernel_shape: ints(geometry.kernel),
  strides: ints(geometry.strides),
  dilations: ints(geometry.dilations),
  pads: ints(pads(geometry)),
  group: int(group),
});

/**
 * Convolution as ONNX's Conv.
 * @param x [n, h, w, c]
 * @param filter [kh, kw, c, out]
 * @param bias [out], added by the same operation
 */
export function convForward(g: Graph, x: Value, filter: Value, geometry: Geometry, bias?: Value): Value {
  const operands = [asNchw(g, x), filterOutFirst(g, filter)];
  if (bias !== undefined) operands.push(g.plain(bias));
  const shape = [geometry.batch, geometry.outChannels, ...geometry.output];
  return fromNchw(g.op('Conv', operands, { type: 'float32', shape }, convAttributes(geometry)));
}

import type { Graph } from '../../graph/graph.ts';
import { internPerm } from '../../graph/perm.ts';
import type { Value } from '../../graph/value.ts';
import { convAttributes } from './forward.ts';
import { asNchw, fromNchw, physical, type Geometry } from './geometry.ts';

/** A filter [kh, kw, c, multiplier] held as [c, multiplier, kh, kw]. */
export const channelFirst = internPerm([2, 3, 0, 1]);

/** A depthwise filter [kh, kw, c, m] as ONNX's grouped Conv takes it: [c * m, 1, kh, kw]. */
export const groupedFilter = (g: Graph, filter: Value, { outChannels, kernel }: Geometry): Value =>
  g.reshape(physical(g.withPerm(g.dense(filter), channelFirst)), [outChannels, 1, ...kernel]);

/**
 * Depthwise convolution as ONNX's Conv with as many groups as channels.
 * @param x [n, h, w, c]
 * @param filter [kh, kw, c, multiplier]
 * @returns [n, oh, ow, c * multiplier]
 */
export function depthwiseForward(g: Graph, x: Value, filter: Value, geometry: Geometry, bias?: Value): Value {
  const operands = [asNchw(g, x), groupedFilter(g, filter, geometry)];
  if (bias !== undefined) operands.push(g.plain(bias));
  const shape = [geometry.batch, geometry.outChannels, ...geometry.output];
  return fromNchw(
    g.op('Conv', operands, { type: 'float32', shape }, convAttributes(geometry, geometry.inChannels)),
  );
}

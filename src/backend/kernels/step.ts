/** Which elements are positive, as numbers: what the gradients of ReLU and its kin multiply by. */
import type { Graph } from '../graph/graph.ts';
import type { GraphNode } from '../graph/node.ts';
import { float } from '../graph/operations.ts';
import { Value } from '../graph/value.ts';

/** x > 0 ? 1 : alpha, NaN where x is. */
export function step(g: Graph, x: Value, alpha: number): Value {
  if (alpha === 0) return steep(g, steep(g, x));
  const positive = g.zip('Greater', [x, g.f32(0)], 'bool');
  const chosen = g.zip('Where', [positive, g.f32(1), g.f32(alpha)], 'float32');
  return g.zip('Where', [g.map('IsNaN', x, { type: 'bool' }), x, chosen], 'float32');
}

/**
 * A slope so steep that 1 is reached at once, by all but the least positive numbers (below 3e-39): these by a second
 * one. As fast as comparing and converting, faster than the sign, and NaN stays NaN.
 */
export const steep = (g: Graph, x: Value): Value => g.map('HardSigmoid', x, { attributes: slope });
const slope = { alpha: float(2 ** 127), beta: float(0) };

/** What a pending step with alpha 0 was made from; undefined for other values. */
export function steppedFrom({ source, perm, shape }: Value): Value | undefined {
  const first = isSteep(source) ? source.sources[0] : undefined;
  const x = first !== undefined && isSteep(first) ? first.sources[0] : undefined;
  const out = (first as GraphNode | undefined)?.outs[0];
  return x === undefined || out === undefined ? undefined : new Value(x, out, shape, perm);
}

const isSteep = (source: Value['source']): source is GraphNode =>
  !source.isLeaf && source.operation.op === 'HardSigmoid';

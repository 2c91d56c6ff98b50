import type { Graph } from '../graph/graph.ts';
import type { Literal } from '../graph/node.ts';
import type { Value } from '../graph/value.ts';
import type { ElementType } from '../onnx/model.ts';
import type { Table } from './kernel.ts';

/**
 * A value as another type with JavaScript's conversions: floats are truncated, NaN and infinities become 0. What is
 * beyond int32 becomes 0 from float32 and keeps its last 32 bits from float64.
 */
export function castLikeJs(g: Graph, x: Value, type: ElementType): Value {
  if (x.type === type) return x;
  const isFloat = x.type === 'float32' || x.type === 'float64';
  if (!isFloat || type !== 'int32') return g.cast(x, type);
  const scalar = (value: number): Literal => g.scalar(x.type, value);
  const limit = x.type === 'float64' ? 2 ** 53 : 2 ** 31;
  const inRange = g.zip('Less', [g.map('Abs', x), scalar(limit)], 'bool');
  const whole = g.zip('Where', [inRange, x, scalar(0)], x.type);
  if (x.type === 'float32') return g.cast(whole, 'int32');
  // Not by way of int64: ONNX Runtime makes one conversion of the two.
  const turns = g.map('Floor', g.zip('Mul', [g.zip('Add', [whole, scalar(2 ** 31)]), scalar(2 ** -32)]));
  return g.cast(g.zip('Sub', [whole, g.zip('Mul', [turns, scalar(2 ** 32)])]), 'int32');
}

/** Computes in float32 whatever the operands are, and gives the result the first one's type, as tfjs-backend-cpu does. */
export function inFloat(
  g: Graph,
  operands: readonly Value[],
  compute: (...operands: Value[]) => Value,
): Value {
  const type = operands[0]?.type ?? 'float32';
  return castLikeJs(g, compute(...operands.map((operand) => g.cast(operand, 'float32'))), type);
}

export const castKernels: Table = {
  Cast: (g, inputs, attrs) => {
    const dtype = attrs.dtype('dtype');
    if (dtype === 'complex64' || dtype === 'string') return undefined;
    return castLikeJs(g, inputs.get('x'), dtype);
  },
};

import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/value.ts';
import type { ElementType } from '../onnx/model.ts';
import type { Table } from './kernel.ts';

/** A value as another type with JavaScript's conversions: floats are truncated, NaN and infinities become 0. */
export function castLikeJs(g: Graph, x: Value, type: ElementType): Value {
  if (x.type === type) return x;
  if (x.type !== 'float32' || type !== 'int32') return g.cast(x, type);
  const inRange = g.zip('Less', [g.map('Abs', x), g.f32(2 ** 31)], 'bool');
  return g.cast(g.zip('Where', [inRange, x, g.f32(0)], 'float32'), 'int32');
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

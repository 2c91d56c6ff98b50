/** Element by element, several operands under broadcasting. */
import type { Graph } from '../graph/graph.ts';
import { int } from '../graph/operations.ts';
import type { GraphNode } from '../graph/node.ts';
import { sameShape, type Value } from '../graph/value.ts';
import { castLikeJs } from './cast.ts';
import type { Kernel, Table } from './kernel.ts';
import { steep, steppedFrom } from './step.ts';

/** bool has no arithmetic in ONNX: it's computed as int32. */
function arithmetic(g: Graph, op: string, a: Value, b: Value): Value {
  if (a.type !== 'bool') return g.zip(op, [a, b]);
  return g.cast(g.zip(op, [g.cast(a, 'int32'), g.cast(b, 'int32')]), 'bool');
}

const numberOp =
  (op: string): Kernel =>
  (g, inputs) =>
    arithmetic(g, op, inputs.get('a'), inputs.get('b'));

/** The pending operation that made a value, if it's of this kind. */
function madeBy({ source }: Value, op: string): GraphNode | undefined {
  return !source.isLeaf && source.operation.op === op ? source : undefined;
}

/**
 * (x <= limit) * step(x), the gradient of ReLU6: whether x * (just above limit - x) is positive, which is the same
 * number for every x, NaN too, but for those below 1e-39, which get a part of 1. A pass less than anything exact.
 */
function isBetween(g: Graph, a: Value, b: Value): Value | undefined {
  const below = madeBy(a, 'Cast')?.sources[0];
  const x = steppedFrom(b);
  if (x === undefined || below === undefined || below.isLeaf) return undefined;
  const [same, limit] = below.sources;
  if (below.operation.op !== 'LessOrEqual' || same !== x.source || limit?.isLeaf !== true) return undefined;
  if (a.perm !== b.perm || !sameShape(a.shape, b.shape) || limit.data.length !== 1) return undefined;
  const end = nextFloat(limit.data[0] as number);
  if (!(end > 0 && end < Infinity)) return undefined;
  return steep(g, g.zip('Mul', [x, g.zip('Sub', [g.f32(end), x])]));
}

/** The smallest float32 above a positive one. */
function nextFloat(value: number): number {
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0] as number) + 1;
  return new Float32Array(bits.buffer)[0] as number;
}

const comparison =
  (op: string, negate = false): Kernel =>
  (g, inputs) => {
    const [a, b] = [inputs.get('a'), inputs.get('b')].map((x) =>
      x.type === 'bool' ? g.cast(x, 'int32') : x,
    );
    const result = g.zip(op, [a as Value, b as Value], 'bool');
    return negate ? g.map('Not', result) : result;
  };

const logical =
  (op: string): Kernel =>
  (g, inputs) =>
    g.zip(op, [castLikeJs(g, inputs.get('a'), 'bool'), castLikeJs(g, inputs.get('b'), 'bool')], 'bool');

/** Through float64, where every int32 is exact and division by zero is not a trap of the processor. */
function inDouble(g: Graph, a: Value, b: Value, compute: (a: Value, b: Value) => Value): Value {
  return castLikeJs(g, compute(g.cast(a, 'float64'), g.cast(b, 'float64')), 'int32');
}

/** The remainder with the sign of the divisor; NaN for a zero divisor. */
function modulo(g: Graph, a: Value, b: Value): Value {
  const fmod = { fmod: int(1) };
  const remainder = g.zip('Mod', [a, b], a.type, fmod);
  // (rem + b) % b where the signs differ; where they don't, that is rem itself but for rounding.
  const zero = g.scalar(a.type, 0);
  const aNegative = g.zip('Less', [a, zero], 'bool');
  const bNegative = g.zip('Less', [b, zero], 'bool');
  const differ = g.zip('Xor', [aNegative, bNegative], 'bool');
  const wrapped = g.zip('Mod', [g.zip('Add', [remainder, b]), b], a.type, fmod);
  return g.zip('Where', [differ, wrapped, remainder], a.type);
}

/** Where, for types it lacks as well. */
export function where(g: Graph, condition: Value, t: Value, e: Value): Value {
  if (t.type !== 'bool') return g.zip('Where', [condition, t, e], t.type);
  return g.cast(g.zip('Where', [condition, g.cast(t, 'int32'), g.cast(e, 'int32')], 'int32'), 'bool');
}

export function prelu(g: Graph, x: Value, alpha: Value): Value {
  const negative = g.zip('Less', [x, g.f32(0)], 'bool');
  return g.zip('Where', [negative, g.zip('Mul', [alpha, x]), x], 'float32');
}

export const binaryKernels: Table = {
  Add: numberOp('Add'),
  Sub: numberOp('Sub'),
  Multiply: (g, inputs) => {
    const [a, b] = [inputs.get('a'), inputs.get('b')];
    return isBetween(g, a, b) ?? arithmetic(g, 'Mul', a, b);
  },
  Maximum: numberOp('Max'),
  Minimum: numberOp('Min'),
  AddN: (g, inputs) => {
    const [first, ...rest] = inputs.list();
    return rest.reduce((sum, x) => arithmetic(g, 'Add', sum, x), first as Value);
  },
  RealDiv: (g, inputs) =>
    g.zip('Div', [g.cast(inputs.get('a'), 'float32'), g.cast(inputs.get('b'), 'float32')]),
  FloorDiv: (g, inputs) =>
    inDouble(g, inputs.get('a'), inputs.get('b'), (a, b) => g.map('Floor', g.zip('Div', [a, b]))),
  Mod: (g, inputs) => {
    const a = inputs.get('a');
    const b = inputs.get('b');
    // In float64 as well: a small remainder plus a large divisor would lose the remainder.
    if (a.type === 'float32') return g.cast(modulo(g, g.cast(a, 'float64'), g.cast(b, 'float64')), 'float32');
    return castLikeJs(
      g,
      inDouble(g, a, b, (x, y) => modulo(g, x, y)),
      a.type,
    );
  },
  Pow: (g, inputs) => {
    const a = inputs.get('a');
    const b = inputs.get('b');
    if (a.type === 'float32') return g.zip('Pow', [a, b]);
    return castLikeJs(
      g,
      inDouble(g, a, b, (x, y) => g.zip('Pow', [x, y])),
      a.type,
    );
  },
  SquaredDifference: (g, inputs) => {
    const difference = arithmetic(g, 'Sub', inputs.get('a'), inputs.get('b'));
    return arithmetic(g, 'Mul', difference, difference);
  },
  Equal: comparison('Equal'),
  NotEqual: comparison('Equal', true),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  Prelu: (g, inputs) => prelu(g, g.cast(inputs.get('x'), 'float32'), g.cast(inputs.get('alpha'), 'float32')),
  EluGrad: (g, inputs) => {
    const dy = inputs.get('dy');
    const y = inputs.get('y');
    const slope = g.zip('Add', [g.zip('Min', [y, g.f32(0)]), g.f32(1)]);
    return g.zip('Mul', [dy, slope]);
  },
  Select: (g, inputs) => {
    const condition = castLikeJs(g, inputs.get('condition'), 'bool');
    const t = inputs.get('t');
    const e = inputs.get('e');
    const tail = t.shape.slice(1).map(() => 1);
    const aligned =
      condition.rank === 1 && t.rank > 1 ? g.reshape(condition, [...condition.shape, ...tail]) : condition;
    const type =
      t.type === e.type ? t.type : t.type === 'float32' || e.type === 'float32' ? 'float32' : 'int32';
    return where(g, aligned, g.cast(t, type), g.cast(e, type));
  },
};

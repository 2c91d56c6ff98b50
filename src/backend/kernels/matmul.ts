import { util } from '@tensorflow/tfjs-core';
import { broadcastShapes, type Graph } from '../graph/graph.ts';
import { int } from '../graph/operations.ts';
import type { Value } from '../graph/value.ts';
import { finishFused } from './activation.ts';
import { castLikeJs } from './cast.ts';
import type { Attrs, Inputs, Table } from './kernel.ts';

/** a [..., m, k] times b [..., k, n], either transposed on the way in. */
export function matMul(g: Graph, a: Value, b: Value, transposeA = false, transposeB = false): Value {
  const left = transposeA ? swapLast(g, a) : a;
  const right = transposeB ? swapLast(g, b) : b;
  const m = left.shape.at(-2) as number;
  const n = right.shape.at(-1) as number;
  util.assert(
    left.shape.at(-1) === right.shape.at(-2),
    () => `MatMul: the inner lengths of [${left.shape.join()}] and [${right.shape.join()}] must be the same`,
  );
  const batch = broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2), 'MatMul');
  const shape = [...batch, m, n];
  if (left.size === 0 || right.size === 0) return g.uniform('float32', 0, shape);
  if (left.rank === 2 && right.rank === 2) return gemm(g, left, right, shape);
  return g.op('MatMul', [g.plain(left), g.plain(right)], { type: 'float32', shape });
}

/** A matrix in column order is a transposed operand: Gemm takes it as it lies. */
function gemm(g: Graph, a: Value, b: Value, shape: readonly number[]): Value {
  const denseA = g.dense(a);
  const denseB = g.dense(b);
  const attributes = { transA: int(denseA.perm === null ? 0 : 1), transB: int(denseB.perm === null ? 0 : 1) };
  return g.op('Gemm', [denseA, denseB], { type: 'float32', shape }, attributes);
}

function swapLast(g: Graph, x: Value): Value {
  const order = x.shape.map((_, axis) => axis);
  return g.relabel(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
}

function fromInputs(g: Graph, inputs: Inputs, attrs: Attrs): Value {
  const a = g.cast(inputs.get('a'), 'float32');
  const b = g.cast(inputs.get('b'), 'float32');
  return matMul(g, a, b, attrs.flag('transposeA'), attrs.flag('transposeB'));
}

export const matMulKernels: Table = {
  BatchMatMul: (g, inputs, attrs) => castLikeJs(g, fromInputs(g, inputs, attrs), inputs.get('a').type),
  _FusedMatMul: (g, inputs, attrs) => finishFused(g, fromInputs(g, inputs, attrs), inputs, attrs),
};

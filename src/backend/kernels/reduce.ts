/** Along axes: the layout's own axes are reduced, nothing is transposed. */
import { util } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.ts';
import { int } from '../graph/operations.ts';
import { physicalAxis } from '../graph/perm.ts';
import { sizeOf, Value } from '../graph/value.ts';
import type { Attrs, Kernel, Table } from './kernel.ts';

function reduction(
  op: string,
  prepare: (g: Graph, x: Value) => Value,
  axisName = 'axis',
  finish: (g: Graph, x: Value, like: Value) => Value = (_, x) => x,
): Kernel {
  return (g, inputs, attrs) => {
    const given = inputs.get('x');
    const x = prepare(g, given);
    const axes = axesOf(attrs, axisName, x);
    if (sizeOf(x.shape) === 0) return undefined; // ONNX reductions differ on what has no elements
    return finish(g, axes.length === 0 ? x : g.reduce(op, x, axes, attrs.flag('keepDims')), given);
  };
}

const axesOf = (attrs: Attrs, name: string, x: Value): number[] =>
  util.parseAxisParam(attrs.any(name) as number | number[], [...x.shape]);

const asNumber = (g: Graph, x: Value): Value => (x.type === 'bool' ? g.cast(x, 'int32') : x);
const asFloat = (g: Graph, x: Value): Value => g.cast(x, 'float32');
const asIs = (_: Graph, x: Value): Value => x;
const likeBefore = (g: Graph, x: Value, like: Value): Value => g.cast(x, like.type);

/** The largest or smallest; NaN where there is one, which ONNX Runtime would overlook. */
function extreme(op: string, axisName: string): Kernel {
  const onlyNumbers = reduction(op, asNumber, axisName, likeBefore);
  const anyNaN = reduction('ReduceMax', (g, x) => g.map('IsNaN', x, { type: 'bool' }), axisName);
  return (g, inputs, attrs, backend) => {
    const numbers = onlyNumbers(g, inputs, attrs, backend);
    if (inputs.get('x').type !== 'float32' || !(numbers instanceof Value)) return numbers;
    const isNaN = anyNaN(g, inputs, attrs, backend) as Value;
    return g.zip('Where', [isNaN, g.f32(Number.NaN), numbers], 'float32');
  };
}

function extremeIndex(op: string): Kernel {
  return (g, inputs, attrs) => {
    const x = g.dense(asNumber(g, inputs.get('x')));
    const axis = axesOf(attrs, 'axis', x)[0];
    if (axis === undefined || x.size === 0) return undefined;
    const plain = g.withPerm(withoutNaN(g, x, op === 'ArgMax' ? -Infinity : Infinity), null);
    const index = g.op(
      op,
      [plain],
      { type: 'int64', shape: x.shape.filter((_, i) => i !== axis) },
      { axis: int(axis), keepdims: int(0) },
    );
    return g.cast(index, 'int32');
  };
}

/** NaN is never the largest nor the smallest. */
function withoutNaN(g: Graph, x: Value, instead: number): Value {
  if (x.type !== 'float32') return x;
  return g.zip('Where', [g.map('IsNaN', x, { type: 'bool' }), g.f32(instead), x], 'float32');
}

/** The axis a softmax runs along; TensorFlow.js allows the last one only. */
function alongLast(op: string): Kernel {
  return (g, inputs, attrs) => {
    const x = g.unblocked(g.dense(asFloat(g, inputs.get('logits'))));
    const given = attrs.number(op === 'Softmax' ? 'dim' : 'axis', -1);
    const axis = given < 0 ? given + x.rank : given;
    return g.op(
      op,
      [x],
      { type: 'float32', shape: x.shape, perm: x.perm },
      { axis: int(physicalAxis(axis, x.perm)) },
    );
  };
}

export const reduceKernels: Table = {
  Sum: reduction('ReduceSum', asNumber),
  Prod: reduction('ReduceProd', asNumber),
  Mean: reduction('ReduceMean', asFloat),
  Max: extreme('ReduceMax', 'reductionIndices'),
  Min: extreme('ReduceMin', 'axis'),
  All: reduction('ReduceMin', asIs),
  Any: reduction('ReduceMax', asIs),
  ArgMax: extremeIndex('ArgMax'),
  ArgMin: extremeIndex('ArgMin'),
  Softmax: alongLast('Softmax'),
  LogSoftmax: alongLast('LogSoftmax'),
};

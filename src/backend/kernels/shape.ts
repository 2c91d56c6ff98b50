/** Shapes, slices, pads, joins: what moves elements rather than computing. */
import { backend_util, slice_util, util, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.ts';
import { int, text } from '../graph/operations.ts';
import { blockOf, channelsFirst, permute, physicalAxis, type Perm } from '../graph/perm.ts';
import { sizeOf, Value } from '../graph/value.ts';
import type { Kernel, Table } from './kernel.ts';

/** x[starts : ends : steps] along logical axes, in x's own layout. */
export function slice(
  g: Graph,
  x: Value,
  shape: readonly number[],
  axes: readonly { axis: number; start: number; end: number; step: number }[],
): Value {
  if (axes.length === 0) return x;
  const isSpatial = axes.every(({ axis }) => axis !== 3);
  const dense = isSpatial ? g.dense(x) : g.unblocked(g.dense(x));
  const operands = [
    dense,
    g.int64s(axes.map(({ start }) => start)),
    g.int64s(axes.map(({ end }) => end)),
    g.int64s(axes.map(({ axis }) => physicalAxis(axis, dense.perm))),
    g.int64s(axes.map(({ step }) => step)),
  ];
  return g.op('Slice', operands, { type: x.type, shape, perm: dense.perm });
}

/** Before any first element, whatever the axis: ONNX's way to end a backward slice. */
const beforeAll = -(2 ** 31);

export function reverse(g: Graph, x: Value, axes: readonly number[]): Value {
  return slice(
    g,
    x,
    x.shape,
    axes.map((axis) => ({ axis, start: -1, end: beforeAll, step: -1 })),
  );
}

/** Joins values along a logical axis, in the layout that most of them would otherwise have to leave. */
export function concat(g: Graph, values: readonly Value[], axis: number): Value {
  let perm: Perm = null;
  let largest = 0;
  for (const value of values) {
    const { perm: layout } = blockOf(value.perm) > 0 ? { perm: channelsFirst } : value;
    if (layout !== null && value.size > largest) {
      perm = layout;
      largest = value.size;
    }
  }
  const aligned = values.map((value) => g.withPerm(g.dense(value), perm));
  const first = aligned[0] as Value;
  const length = values.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
  const shape = first.shape.map((dim, i) => (i === axis ? length : dim));
  return g.op('Concat', aligned, { type: first.type, shape, perm }, { axis: int(physicalAxis(axis, perm)) });
}

export function split(g: Graph, x: Value, sizes: readonly number[], axis: number): Value[] {
  if (sizes.length === 1) return [x];
  const dense = g.unblocked(g.dense(x));
  const outputs = sizes.map((size) => ({
    type: x.type,
    shape: x.shape.map((dim, i) => (i === axis ? size : dim)),
    perm: dense.perm,
  }));
  return g.ops('Split', [dense, g.int64s(sizes)], outputs, { axis: int(physicalAxis(axis, dense.perm)) });
}

export function pad(
  g: Graph,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  mode: 'constant' | 'reflect' = 'constant',
  value = 0,
): Value {
  if (paddings.every(([before, after]) => before === 0 && after === 0)) return x;
  const isSpatial = paddings[3]?.every((amount) => amount === 0) ?? true;
  const dense = isSpatial ? g.dense(x) : g.unblocked(g.dense(x));
  const physical =
    dense.perm === null ? paddings : dense.perm.map((axis) => paddings[axis] as [number, number]);
  const pads = g.int64s([...physical.map(([before]) => before), ...physical.map(([, after]) => after)]);
  const shape = x.shape.map(
    (dim, i) => dim + (paddings[i] as [number, number])[0] + (paddings[i] as [number, number])[1],
  );
  const operands = mode === 'constant' ? [dense, pads, g.scalar(x.type, value)] : [dense, pads];
  return g.op('Pad', operands, { type: x.type, shape, perm: dense.perm }, { mode: text(mode) });
}

/** Repeats; where only axes of length 1 repeat, nothing is copied until someone needs it. */
export function tile(g: Graph, x: Value, reps: readonly number[]): Value {
  const shape = x.shape.map((dim, axis) => dim * (reps[axis] as number));
  if (reps.every((rep, axis) => rep === 1 || x.shape[axis] === 1))
    return new Value(x.source, x.out, shape, x.perm);
  const dense = g.unblocked(g.dense(x));
  return g.op('Tile', [dense, g.int64s(permute(reps, dense.perm))], {
    type: x.type,
    shape,
    perm: dense.perm,
  });
}

/** bool isn't among the types of every one of these operations. */
const viaBytes =
  (kernel: (g: Graph, x: Value) => Value): ((g: Graph, x: Value) => Value) =>
  (g, x) =>
    x.type === 'bool' ? g.cast(kernel(g, g.cast(x, 'int32')), 'bool') : kernel(g, x);

const normalizeAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

const padKernel: Kernel = (g, inputs, attrs) => {
  const paddings = attrs.any('paddings') as [number, number][];
  const x = inputs.get('x');
  if (x.size === 0) return undefined;
  return viaBytes((g, x) => pad(g, x, paddings, 'constant', attrs.number('constantValue', 0)))(g, x);
};

export const shapeKernels: Table = {
  Transpose: (g, inputs, attrs) => g.relabel(inputs.get('x'), attrs.numbers('perm')),
  Slice: (g, inputs, attrs) => {
    const x = inputs.get('x');
    const [begin, size] = slice_util.parseSliceParams(
      { shape: [...x.shape] } as TensorInfo,
      attrs.any('begin') as number | number[],
      attrs.any('size') as number | number[],
    ) as [number[], number[]];
    slice_util.assertParamsValid({ shape: [...x.shape] } as TensorInfo, begin, size);
    const axes = begin.flatMap((start, axis) => {
      const length = size[axis] as number;
      return length === x.shape[axis] ? [] : [{ axis, start, end: start + length, step: 1 }];
    });
    return slice(g, x, size, axes);
  },
  StridedSlice: (g, inputs, attrs) => {
    const x = inputs.get('x');
    const { finalShapeSparse, finalShape, begin, end, strides } = slice_util.sliceInfo(
      [...x.shape],
      attrs.numbers('begin'),
      attrs.numbers('end'),
      attrs.numbers('strides'),
      attrs.number('beginMask', 0),
      attrs.number('endMask', 0),
      attrs.number('ellipsisMask', 0),
      attrs.number('newAxisMask', 0),
      attrs.number('shrinkAxisMask', 0),
    );
    if (sizeOf(finalShape) === 0 || x.size === 0) return undefined;
    const axes = begin.map((start, axis) => {
      const step = strides[axis] as number;
      const last = end[axis] as number;
      return { axis, start, end: step < 0 && last < 0 ? beforeAll : last, step };
    });
    return g.reshape(slice(g, x, finalShapeSparse, axes), finalShape);
  },
  PadV2: padKernel,
  MirrorPad: (g, inputs, attrs) => {
    const x = inputs.get('x');
    if ((attrs.any('mode') as string) !== 'reflect') return undefined;
    return viaBytes((g, x) => pad(g, x, attrs.any('paddings') as [number, number][], 'reflect'))(g, x);
  },
  Concat: (g, inputs, attrs) => {
    const values = inputs.list();
    const axis = normalizeAxis(attrs.number('axis'), values[0]?.rank ?? 0);
    backend_util.assertParamsConsistent(
      values.map(({ shape }) => [...shape]),
      axis,
    );
    const filled = values.filter((value) => value.size > 0);
    if (filled.length === 0) return undefined;
    return filled.length === 1 ? filled[0] : concat(g, filled, axis);
  },
  SplitV: (g, inputs, attrs) => {
    const x = inputs.get('x');
    const axis = normalizeAxis(attrs.number('axis'), x.rank);
    const asked = attrs.any('numOrSizeSplits') as number | number[];
    const like = { shape: [...x.shape] } as Tensor;
    return split(g, x, backend_util.prepareSplitSize(like, asked, axis), axis);
  },
  Pack: (g, inputs, attrs) => {
    const values = inputs.list();
    const axis = normalizeAxis(attrs.number('axis'), (values[0]?.rank ?? 0) + 1);
    const [first] = values;
    for (const { shape, type } of values) {
      util.assertShapesMatch([...(first?.shape ?? [])], [...shape], 'Pack: shapes must be the same: ');
      util.assert(
        type === first?.type,
        () => `Pack: dtypes ${type} and ${String(first?.type)} must be the same`,
      );
    }
    if (values.some(({ size }) => size === 0)) return undefined;
    const expanded = values.map((x) => g.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]));
    return expanded.length === 1 ? expanded[0] : concat(g, expanded, axis);
  },
  Unpack: (g, inputs, attrs) => {
    const x = inputs.get('value');
    const axis = normalizeAxis(attrs.number('axis'), x.rank);
    if (x.size === 0) return undefined;
    const shape = x.shape.filter((_, i) => i !== axis);
    const sizes = Array.from({ length: x.shape[axis] as number }, () => 1);
    return split(g, x, sizes, axis).map((part) => g.reshape(part, shape));
  },
  Tile: (g, inputs, attrs) => {
    const x = inputs.get('x');
    const reps = attrs.numbers('reps');
    if (x.size === 0 || reps.includes(0)) return undefined;
    return tile(g, x, reps);
  },
  Reverse: (g, inputs, attrs) => {
    const x = inputs.get('x');
    if (x.rank === 0 || x.size === 0) return x;
    return reverse(g, x, util.parseAxisParam(attrs.any('dims') as number | number[], [...x.shape]));
  },
  FlipLeftRight: (g, inputs) => reverse(g, inputs.get('image'), [2]),
};

/** The arithmetic on constants that exporters leave in a network: shapes computed step by step, weights scaled. */
import { OnnxType, type OnnxNode } from '../onnx-proto.ts';
import { intsOf, numberOf } from './attributes.ts';
import {
  axesOf,
  axisIndex,
  floatTypes,
  ints,
  listOf,
  readConstant,
  resolveReshape,
  rowStrides,
  sliceRanges,
  squeezedDims,
  unsqueezedDims,
  type Constant,
} from './constants.ts';
import { broken } from './errors.ts';
import { product } from './view.ts';

/** Constants that are not weights are small; anything larger is a broken file. */
const largestFold = 1 << 24;

/** Element by element over a row-major shape: `pick` maps a multi-index to an offset in the source. */
function gathered(source: Constant, dims: number[], pick: (index: number[]) => number): Constant {
  const count = product(dims);
  if (!(count <= largestFold)) throw new RangeError(`a constant of ${count} numbers`);
  const data = source.float ? new Float32Array(count) : Array.from<number>({ length: count }).fill(0);
  const strides = rowStrides(dims);
  for (let i = 0; i < count; i++) {
    const index = dims.map((d, a) => Math.floor(i / (strides[a] ?? 1)) % d);
    data[i] = source.data[pick(index)] ?? 0;
  }
  return { dims, data, float: source.float };
}

/** @param permutation as ONNX Transpose: output axis i is input axis permutation[i] */
function transposeConstant(source: Constant, permutation: readonly number[]): Constant {
  const strides = rowStrides(source.dims);
  return gathered(
    source,
    permutation.map((p) => source.dims[p] ?? 1),
    (index) => index.reduce((at, v, a) => at + v * (strides[permutation[a] ?? 0] ?? 0), 0),
  );
}

function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    return x === 1 ? y : x;
  });
}

function broadcastTo(source: Constant, dims: number[]): Constant {
  const lead = dims.length - source.dims.length;
  const strides = rowStrides(source.dims);
  return gathered(source, dims, (index) =>
    source.dims.reduce((at, d, a) => at + (d === 1 ? 0 : (index[lead + a] ?? 0) * (strides[a] ?? 0)), 0),
  );
}

function binary(a: Constant, b: Constant, apply: (x: number, y: number) => number): Constant {
  const dims = broadcastShape(a.dims, b.dims);
  const left = broadcastTo(a, dims);
  const right = broadcastTo(b, dims);
  const float = a.float || b.float;
  const values = Array.from(left.data, (x, i) => {
    const value = apply(x, right.data[i] ?? 0);
    return float ? value : Math.trunc(value);
  });
  return { dims, float, data: float ? Float32Array.from(values) : values };
}

const unary = (source: Constant, apply: (x: number) => number): Constant => ({
  ...source,
  data: source.float ? Float32Array.from(source.data, apply) : Array.from(source.data, apply),
});

type Inputs = readonly (Constant | undefined)[];

function concatenated(parts: readonly Constant[], axis: number): Constant {
  const first = parts[0];
  if (first === undefined) return ints([0], []);
  const at = axisIndex(axis, first.dims.length);
  const outer = product(first.dims.slice(0, at));
  const data: number[] = [];
  for (let o = 0; o < outer; o++)
    for (const part of parts) {
      const run = product(part.dims.slice(at));
      for (let i = 0; i < run; i++) data.push(part.data[o * run + i] ?? 0);
    }
  const dims = first.dims.map((d, i) => (i === at ? parts.reduce((n, p) => n + (p.dims[at] ?? 0), 0) : d));
  return { dims, float: first.float, data: first.float ? Float32Array.from(data) : data };
}

function gather(source: Constant, indices: Constant, axis: number): Constant {
  const at = axisIndex(axis, source.dims.length);
  const size = source.dims[at] ?? 0;
  const strides = rowStrides(source.dims);
  const inner = rowStrides(indices.dims);
  const dims = [...source.dims.slice(0, at), ...indices.dims, ...source.dims.slice(at + 1)];
  return gathered(source, dims, (index) => {
    const which =
      indices.data[indices.dims.reduce((n, _, i) => n + (index[at + i] ?? 0) * (inner[i] ?? 0), 0)] ?? 0;
    return source.dims.reduce((n, _, i) => {
      const position =
        i === at ? axisIndex(which, size) : (index[i < at ? i : i + indices.dims.length - 1] ?? 0);
      return n + position * (strides[i] ?? 0);
    }, 0);
  });
}

function slice(node: OnnxNode, source: Constant, rest: Inputs): Constant {
  const [starts, ends, axes, steps] = rest;
  const ranges = sliceRanges(
    source.dims,
    starts === undefined ? (intsOf(node, 'starts') ?? []) : listOf(starts),
    ends === undefined ? (intsOf(node, 'ends') ?? []) : listOf(ends),
    axes === undefined ? intsOf(node, 'axes') : listOf(axes),
    steps === undefined ? undefined : listOf(steps),
  );
  if (ranges.some((r) => r.step === 0)) throw broken(node, 'a slice with step 0');
  const byAxis = new Map(ranges.map((r) => [r.axis, r]));
  const strides = rowStrides(source.dims);
  const dims = source.dims.map((d, i) => {
    const r = byAxis.get(i);
    return r === undefined ? d : Math.max(0, Math.ceil((r.end - r.start) / r.step));
  });
  return gathered(source, dims, (index) =>
    index.reduce((at, v, a) => {
      const r = byAxis.get(a);
      return at + (r === undefined ? v : r.start + v * r.step) * (strides[a] ?? 0);
    }, 0),
  );
}

/**
 * What a node computes from constants alone, or undefined for an operation not known here. `inputs` holds
 * undefined for optional inputs left out.
 */
export function foldConstants(node: OnnxNode, inputs: Inputs): Constant | undefined {
  const [a, b, c] = inputs;
  if (a === undefined) return undefined;
  switch (node.opType) {
    case 'Identity':
      return a;
    case 'Cast': {
      const to = numberOf(node, 'to', OnnxType.float);
      if (floatTypes.has(to)) return { ...a, float: true, data: Float32Array.from(a.data) };
      if (to === OnnxType.bool) return { ...unary(a, (v) => (v === 0 ? 0 : 1)), float: false };
      return { dims: a.dims, float: false, data: Array.from(a.data, Math.trunc) };
    }
    case 'Shape':
      return ints([a.dims.length], [...a.dims]);
    case 'Size':
      return ints([], [product(a.dims)]);
    case 'Reshape':
      return b && { ...a, dims: resolveReshape(a.dims, listOf(b), numberOf(node, 'allowzero', 0) !== 0) };
    case 'Flatten': {
      const axis = axisIndex(numberOf(node, 'axis', 1), a.dims.length);
      return { ...a, dims: [product(a.dims.slice(0, axis)), product(a.dims.slice(axis))] };
    }
    case 'Squeeze':
      return { ...a, dims: squeezedDims(a.dims, axesOf(node, b)) };
    case 'Unsqueeze':
      return { ...a, dims: unsqueezedDims(a.dims, axesOf(node, b) ?? []) };
    case 'Transpose':
      return transposeConstant(a, intsOf(node, 'perm') ?? a.dims.map((_, i) => a.dims.length - 1 - i));
    case 'Concat':
      return concatenated(
        inputs.filter((x) => x !== undefined),
        numberOf(node, 'axis', 0),
      );
    case 'Gather':
      return b && gather(a, b, numberOf(node, 'axis', 0));
    case 'Slice':
      return slice(node, a, inputs.slice(1));
    case 'ConstantOfShape':
      return constantOfShape(node, a);
    case 'Expand':
      return b && broadcastTo(a, broadcastShape(a.dims, listOf(b)));
    case 'Range':
      return b && c && range(a.data[0] ?? 0, b.data[0] ?? 0, c.data[0] ?? 1, a.float);
    case 'ReduceProd':
      return ints(numberOf(node, 'keepdims', 1) === 0 ? [] : [1], [product(listOf(a))]);
    case 'Where':
      return (
        b &&
        c &&
        binary(
          binary(a, b, (p, x) => (p === 0 ? 0 : x)),
          binary(a, c, (p, x) => (p === 0 ? x : 0)),
          add,
        )
      );
    case 'Neg':
      return unary(a, (v) => -v);
    case 'Floor':
      return unary(a, Math.floor);
    case 'Ceil':
      return unary(a, Math.ceil);
    case 'Sqrt':
      return unary(a, Math.sqrt);
    case 'Exp':
      return unary(a, Math.exp);
    case 'Abs':
      return unary(a, Math.abs);
    case 'Reciprocal':
      return unary(a, (v) => 1 / v);
    default: {
      const apply = binaryOps[node.opType];
      return apply === undefined || b === undefined ? undefined : binary(a, b, apply);
    }
  }
}

const add = (x: number, y: number): number => x + y;
const binaryOps: Record<string, (x: number, y: number) => number> = {
  Add: add,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
  Mod: (x, y) => x - y * Math.floor(x / y),
  Pow: (x, y) => x ** y,
  Min: (x, y) => Math.min(x, y),
  Max: (x, y) => Math.max(x, y),
  Equal: (x, y) => (x === y ? 1 : 0),
  Greater: (x, y) => (x > y ? 1 : 0),
  Less: (x, y) => (x < y ? 1 : 0),
};

function constantOfShape(node: OnnxNode, shape: Constant): Constant {
  const value = node.attributes.get('value')?.t;
  const fill = value === undefined ? { dims: [1], data: [0], float: true } : readConstant(value);
  return gathered(fill, listOf(shape), () => 0);
}

function range(start: number, limit: number, step: number, float: boolean): Constant {
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!(count <= largestFold)) throw new RangeError(`a range of ${count} numbers`);
  const data = Array.from({ length: count }, (_, i) => start + i * step);
  return { dims: [count], float, data: float ? Float32Array.from(data) : data };
}

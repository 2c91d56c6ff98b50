/** Constant tensors of an ONNX file, and the arithmetic on them that exporters leave in a network. */
import { HolotypeError } from '../../../contract/errors.ts';
import { OnnxType, type OnnxNode, type OnnxTensor } from '../onnx-proto.ts';
import { intsOf, numberOf } from './attributes.ts';
import { broken } from './errors.ts';
import { product } from './view.ts';

export interface Constant {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
  /** Integer constants divide towards zero. */
  readonly float: boolean;
}

/** Constants that are not weights are small; anything larger is a broken file. */
const largestFold = 1 << 24;

function corrupt(tensor: OnnxTensor, why: string): HolotypeError {
  return new HolotypeError('bad-input', `The weight "${tensor.name}" of this ONNX model ${why}.`, {
    remedy: 'Download or export the file again.',
  });
}

/** Little-endian IEEE half precision. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Bytes at an offset that the element type can start at: the file's own where possible, else a copy. */
function aligned(bytes: Uint8Array, elementSize: number): { buffer: ArrayBufferLike; byteOffset: number } {
  return bytes.byteOffset % elementSize === 0 ? bytes : new Uint8Array(bytes);
}

function rawElements(tensor: OnnxTensor, count: number): ArrayLike<number> {
  const bytes = tensor.rawData;
  const sizes: Record<number, number> = {
    [OnnxType.float]: 4,
    [OnnxType.uint8]: 1,
    [OnnxType.int8]: 1,
    [OnnxType.uint16]: 2,
    [OnnxType.int16]: 2,
    [OnnxType.int32]: 4,
    [OnnxType.int64]: 8,
    [OnnxType.bool]: 1,
    [OnnxType.float16]: 2,
    [OnnxType.double]: 8,
    [OnnxType.uint32]: 4,
    [OnnxType.uint64]: 8,
    [OnnxType.bfloat16]: 2,
  };
  const size = sizes[tensor.dataType];
  if (size === undefined) throw corrupt(tensor, `has the unknown element type ${tensor.dataType}`);
  if (bytes.length !== count * size)
    throw corrupt(
      tensor,
      `has ${bytes.length} bytes where its shape [${tensor.dims.join(', ')}] needs ${count * size}`,
    );
  const { buffer, byteOffset } = aligned(bytes, size);
  switch (tensor.dataType) {
    case OnnxType.float:
      return new Float32Array(buffer, byteOffset, count);
    case OnnxType.double:
      return new Float64Array(buffer, byteOffset, count);
    case OnnxType.int32:
      return new Int32Array(buffer, byteOffset, count);
    case OnnxType.uint32:
      return new Uint32Array(buffer, byteOffset, count);
    case OnnxType.int64:
    case OnnxType.uint64:
      return Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case OnnxType.int16:
      return new Int16Array(buffer, byteOffset, count);
    case OnnxType.uint16:
      return new Uint16Array(buffer, byteOffset, count);
    case OnnxType.int8:
      return new Int8Array(buffer, byteOffset, count);
    case OnnxType.float16:
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfToFloat);
    case OnnxType.bfloat16:
      return new Float32Array(
        Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (v) => v << 16).buffer,
      );
    default:
      return new Uint8Array(buffer, byteOffset, count);
  }
}

const floatTypes: ReadonlySet<number> = new Set([
  OnnxType.float,
  OnnxType.double,
  OnnxType.float16,
  OnnxType.bfloat16,
]);

/** The numbers of an ONNX tensor; float32 raw data stays a view where its alignment allows. */
export function readConstant(tensor: OnnxTensor): Constant {
  const { dims, dataType } = tensor;
  if (tensor.external)
    throw new HolotypeError(
      'not-supported',
      `The weight "${tensor.name}" of this ONNX model is kept in a separate file.`,
      { remedy: 'Save the model as one file: in Python, onnx.save(onnx.load(path), "model.onnx").' },
    );
  if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0))
    throw corrupt(tensor, `has the impossible shape [${dims.join(', ')}]`);
  const count = product(dims);
  const float = floatTypes.has(dataType);
  if (tensor.rawData.length > 0 || count === 0) {
    return { dims, float, data: count === 0 ? [] : rawElements(tensor, count) };
  }
  const typed =
    dataType === OnnxType.float
      ? tensor.floatData
      : dataType === OnnxType.double
        ? tensor.doubleData
        : dataType === OnnxType.int64 || dataType === OnnxType.uint64 || dataType === OnnxType.uint32
          ? tensor.int64Data
          : tensor.int32Data;
  if (typed.length !== count)
    throw corrupt(tensor, `has ${typed.length} numbers where its shape [${dims.join(', ')}] needs ${count}`);
  if (dataType === OnnxType.float16) return { dims, float, data: typed.map(halfToFloat) };
  return { dims, float, data: float ? Float32Array.from(typed) : typed };
}

/** The numbers as float32; shared with the file where they already are. */
export function asFloat32(constant: Constant): Float32Array {
  return constant.data instanceof Float32Array ? constant.data : Float32Array.from(constant.data);
}

export const ints = (dims: readonly number[], data: readonly number[]): Constant => ({
  dims,
  data,
  float: false,
});

/** The constant as a list, for shapes, axes and indices. */
export const listOf = (constant: Constant): number[] => Array.from(constant.data);

const rowStrides = (dims: readonly number[]): number[] => dims.map((_, i) => product(dims.slice(i + 1)));

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
export function transposeConstant(source: Constant, permutation: readonly number[]): Constant {
  const strides = rowStrides(source.dims);
  return gathered(
    source,
    permutation.map((p) => source.dims[p] ?? 1),
    (index) => index.reduce((at, v, a) => at + v * (strides[permutation[a] ?? 0] ?? 0), 0),
  );
}

export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
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

export const axisIndex = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The target of a Reshape: 0 keeps a size, -1 is what remains. */
export function resolveReshape(
  from: readonly number[],
  target: readonly number[],
  allowZero: boolean,
): number[] {
  const sizes = target.map((d, i) => (d === 0 && !allowZero ? (from[i] ?? 0) : d));
  const known = product(sizes.filter((d) => d !== -1));
  return sizes.map((d) => (d === -1 ? product(from) / known : d));
}

export function squeezedDims(dims: readonly number[], axes: readonly number[] | undefined): number[] {
  const drop = new Set(
    axes === undefined
      ? dims.flatMap((d, i) => (d === 1 ? [i] : []))
      : axes.map((a) => axisIndex(a, dims.length)),
  );
  return dims.filter((_, i) => !drop.has(i));
}

export function unsqueezedDims(dims: readonly number[], axes: readonly number[]): number[] {
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((a) => axisIndex(a, rank)));
  let next = 0;
  return Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (dims[next++] ?? 1)));
}

/** Start, end and step of every axis that a Slice touches, clamped to the axis. */
export function sliceRanges(
  dims: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] | undefined,
  steps: readonly number[] | undefined,
): { axis: number; start: number; end: number; step: number }[] {
  return starts.map((from, i) => {
    const axis = axisIndex(axes?.[i] ?? i, dims.length);
    const size = dims[axis] ?? 0;
    const step = steps?.[i] ?? 1;
    const clamp = (v: number) =>
      Math.min(Math.max(v < 0 ? v + size : v, step < 0 ? -1 : 0), step < 0 ? size - 1 : size);
    const to = ends[i] ?? size;
    return { axis, start: clamp(from), end: step < 0 && to < -size ? -1 : clamp(to), step };
  });
}

type Inputs = readonly (Constant | undefined)[];

/** Axes come as an attribute in older operator sets and as an input in newer ones. */
export const axesOf = (node: OnnxNode, input: Constant | undefined): number[] | undefined =>
  input === undefined ? intsOf(node, 'axes') : listOf(input);

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

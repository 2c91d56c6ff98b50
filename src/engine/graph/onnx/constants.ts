/** Constant tensors of an ONNX file: weights, shapes, axes. */
import { HolotypeError } from '../../../contract/errors.ts';
import { OnnxType, type OnnxNode, type OnnxTensor } from '../onnx-proto.ts';
import { intsOf } from './attributes.ts';
import { product } from './view.ts';

export interface Constant {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
  /** Integer constants divide towards zero. */
  readonly float: boolean;
}

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

export const floatTypes: ReadonlySet<number> = new Set([
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

export const rowStrides = (dims: readonly number[]): number[] =>
  dims.map((_, i) => product(dims.slice(i + 1)));

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

/** Axes come as an attribute in older operator sets and as an input in newer ones. */
export const axesOf = (node: OnnxNode, input: Constant | undefined): number[] | undefined =>
  input === undefined ? intsOf(node, 'axes') : listOf(input);

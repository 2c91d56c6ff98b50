/**
 * The tables of a TensorFlow Lite file that an importer of image networks needs, read straight from the
 * flatbuffer. Field numbers and enums are those of tensorflow/lite/schema/schema.fbs (version 3c).
 *
 * The flatbuffers runtime trusts its input; this reader doesn't. Every access is checked: DataView throws a
 * RangeError outside the file, and lengths are compared with what is left before anything is allocated.
 */

import { builtinOperators } from './tflite-operator-names.ts';

export type TensorType = 'float32' | 'float16' | 'int32' | 'uint8' | 'int64' | 'int16' | 'int8';

const tensorTypes: Readonly<Record<number, TensorType | undefined>> = {
  0: 'float32',
  1: 'float16',
  2: 'int32',
  3: 'uint8',
  4: 'int64',
  7: 'int16',
  9: 'int8',
};

export interface Quantization {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  /** The axis of the tensor's shape that several scales belong to. */
  readonly axis: number;
}

export interface TfliteTensor {
  readonly index: number;
  readonly name: string;
  readonly shape: readonly number[];
  /** undefined for types no image network has (strings, complex numbers, ...). */
  readonly type: TensorType | undefined;
  readonly typeCode: number;
  /** The bytes of a constant; undefined for a tensor that is computed. */
  readonly data: Uint8Array | undefined;
  readonly quantization: Quantization | undefined;
  readonly sparse: boolean;
}

export interface TfliteOperator {
  /** Place in the file, for messages. */
  readonly index: number;
  /** Builtin name ("CONV_2D"), "CUSTOM:<name>", or "builtin operator <number>". */
  readonly op: string;
  /** Tensor numbers; -1 for an optional input that isn't there. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The builtin options' table; an empty one when the file has none. */
  readonly options: OptionsReader;
}

export interface TfliteModel {
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly TfliteOperator[];
}

/** Scalar fields of an options table by field number; a missing field has the schema's default. */
export interface OptionsReader {
  int8(field: number, fallback?: number): number;
  int32(field: number, fallback?: number): number;
  float32(field: number, fallback?: number): number;
}

/** Whether bytes carry TensorFlow Lite's file identifier. */
export function isTflite(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && String.fromCharCode(...bytes.subarray(4, 8)) === 'TFL3';
}

/**
 * Reads the main subgraph of a TensorFlow Lite file.
 *
 * @throws RangeError when the file is cut off or its tables point outside it
 */
export function readTflite(bytes: Uint8Array): TfliteModel {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const model = new Table({ view, elementsLeft: bytes.length }, view.getUint32(0, true));
  const [graph] = model.tables(2);
  if (graph === undefined) throw new RangeError('the file has no subgraph');
  const codes = model.tables(1).map(operatorName);
  const buffers = model.tables(4).map((buffer) => ({ data: bufferBytes(buffer, bytes) }));
  return {
    tensors: graph.tables(0).map((tensor, index) => readTensor(tensor, index, buffers)),
    inputs: graph.int32s(1),
    outputs: graph.int32s(2),
    operators: graph.tables(3).map((operator, index) => ({
      index,
      op: codes[operator.int32(0)] ?? missing('operator code', operator.int32(0)),
      inputs: operator.int32s(1),
      outputs: operator.int32s(2),
      options: operator.table(4) ?? noOptions,
    })),
  };
}

function readTensor(
  tensor: Table,
  index: number,
  buffers: readonly { data: Uint8Array | undefined }[],
): TfliteTensor {
  const quantization = tensor.table(4);
  const scale = quantization?.float32s(2) ?? [];
  const typeCode = tensor.int8(1);
  const type = tensorTypes[typeCode];
  return {
    index,
    name: tensor.string(3) || `tensor_${index}`,
    shape: tensor.int32s(0),
    type,
    typeCode,
    data: (buffers[tensor.int32(2)] ?? missing('buffer', tensor.int32(2))).data,
    quantization:
      quantization === undefined || scale.length === 0
        ? undefined
        : { scale, zeroPoint: quantization.int64s(3), axis: quantization.int32(6) },
    sparse: tensor.table(6) !== undefined,
  };
}

/** Codes above 126 don't fit the old field, which then holds 127; older files have only the old one. */
function operatorName(code: Table): string {
  const builtin = Math.max(code.int8(0), code.int32(3));
  const name = builtinOperators[builtin];
  if (name === 'CUSTOM') return `CUSTOM:${code.string(1)}`;
  return name ?? `builtin operator ${builtin}`;
}

/** Files over 2 GB keep their buffers behind the flatbuffer; an empty buffer means "no constant". */
function bufferBytes(buffer: Table, bytes: Uint8Array): Uint8Array | undefined {
  const data = buffer.bytes(0);
  if (data !== undefined && data.length > 0) return data;
  const [offset, size] = [buffer.uint64(1), buffer.uint64(2)];
  if (offset <= 1 || size === 0) return undefined;
  if (offset + size > bytes.length) throw new RangeError('a buffer lies outside the file');
  return bytes.subarray(offset, offset + size);
}

function missing(what: string, index: number): never {
  throw new RangeError(`there is no ${what} ${index}`);
}

interface Source {
  readonly view: DataView;
  /** Elements of lists that may still be read: in a damaged file lists may overlap without end. */
  elementsLeft: number;
}

/** One flatbuffer table: a signed offset to its vtable, which holds the offset of each field or 0. */
class Table implements OptionsReader {
  readonly #source: Source;
  readonly #view: DataView;
  readonly #position: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  constructor(source: Source, position: number) {
    this.#source = source;
    this.#view = source.view;
    this.#position = position;
    this.#vtable = position - this.#view.getInt32(position, true);
    this.#vtableBytes = this.#view.getUint16(this.#vtable, true);
  }

  /** Position of a field's value, or undefined when it has its default. */
  #field(field: number): number | undefined {
    const slot = 4 + 2 * field;
    if (slot + 2 > this.#vtableBytes) return undefined;
    const offset = this.#view.getUint16(this.#vtable + slot, true);
    return offset === 0 ? undefined : this.#position + offset;
  }

  int8(field: number, fallback = 0): number {
    const position = this.#field(field);
    return position === undefined ? fallback : this.#view.getInt8(position);
  }

  int32(field: number, fallback = 0): number {
    const position = this.#field(field);
    return position === undefined ? fallback : this.#view.getInt32(position, true);
  }

  float32(field: number, fallback = 0): number {
    const position = this.#field(field);
    return position === undefined ? fallback : this.#view.getFloat32(position, true);
  }

  uint64(field: number): number {
    const position = this.#field(field);
    return position === undefined ? 0 : Number(this.#view.getBigUint64(position, true));
  }

  table(field: number): Table | undefined {
    const position = this.#field(field);
    return position === undefined ? undefined : this.#indirect(position);
  }

  tables(field: number): Table[] {
    return this.#vector(field, 4, (position) => this.#indirect(position));
  }

  int32s(field: number): number[] {
    return this.#vector(field, 4, (position) => this.#view.getInt32(position, true));
  }

  int64s(field: number): number[] {
    return this.#vector(field, 8, (position) => Number(this.#view.getBigInt64(position, true)));
  }

  float32s(field: number): number[] {
    return this.#vector(field, 4, (position) => this.#view.getFloat32(position, true));
  }

  bytes(field: number): Uint8Array | undefined {
    const range = this.#range(field, 1);
    if (range === undefined) return undefined;
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + range.start, range.length);
  }

  string(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  #indirect(position: number): Table {
    return new Table(this.#source, position + this.#view.getUint32(position, true));
  }

  #vector<T>(field: number, elementBytes: number, read: (position: number) => T): T[] {
    const range = this.#range(field, elementBytes);
    if (range === undefined) return [];
    this.#source.elementsLeft -= range.length;
    if (this.#source.elementsLeft < 0) throw new RangeError('its lists overlap');
    return Array.from({ length: range.length }, (_, i) => read(range.start + i * elementBytes));
  }

  #range(field: number, elementBytes: number): { start: number; length: number } | undefined {
    const position = this.#field(field);
    if (position === undefined) return undefined;
    const vector = position + this.#view.getUint32(position, true);
    const length = this.#view.getUint32(vector, true);
    const start = vector + 4;
    if (start + length * elementBytes > this.#view.byteLength)
      throw new RangeError('a list goes beyond the end of the file');
    return { start, length };
  }
}

/** Every field of an options table that isn't there has its default. */
const noOptions: OptionsReader = {
  int8: (_field, fallback = 0) => fallback,
  int32: (_field, fallback = 0) => fallback,
  float32: (_field, fallback = 0) => fallback,
};

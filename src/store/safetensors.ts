import { HolotypeError } from '../contract/errors.ts';

/**
 * The safetensors file format (https://github.com/huggingface/safetensors): the length of the header as a
 * little-endian u64, the header as JSON (`name -> {dtype, shape, data_offsets}` and `__metadata__`), then the
 * bytes of all tensors, row-major and little-endian, without gaps. Like Node itself on every machine we build
 * for, this code takes the machine to be little-endian.
 */

const arrays = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array, // no half-precision array in Node 20: the raw bits
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array, // 0 or 1
} as const;

export type SafetensorsDtype = keyof typeof arrays;
export type TensorArray = InstanceType<(typeof arrays)[SafetensorsDtype]>;

/** A tensor to write; without `dtype` the kind of the array decides (Float32Array: F32, Uint8Array: U8, ...). */
export interface TensorToWrite {
  shape: readonly number[];
  data: TensorArray;
  dtype?: SafetensorsDtype;
}

export interface StoredTensor {
  dtype: SafetensorsDtype;
  shape: number[];
  data: TensorArray;
}

export interface SafetensorsContent {
  /** In the order of their bytes in the file. */
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
}

const metadataKey = '__metadata__';
const maxHeaderBytes = 100_000_000; // the limit of the reference implementation
const alignment = 8;

/**
 * The file as pieces to be written one after the other: the header, then the bytes of each tensor as they lie
 * in memory, so that a large model is never held twice.
 *
 * Larger elements come first and equal ones by name, as the reference implementation has it: every tensor is
 * aligned, and the same tensors always give the same bytes.
 *
 * @throws HolotypeError('failed') when a shape doesn't match its data, or an array's kind its dtype
 */
export function* safetensorsChunks(
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  const entries = [...tensors].map(([name, tensor]) => ({ name, ...tensor, dtype: checked(name, tensor) }));
  entries.sort(
    (a, b) =>
      b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const header: [string, unknown][] = metadata ? [[metadataKey, metadata]] : [];
  let offset = 0;
  for (const { name, dtype, shape, data } of entries) {
    const end = offset + data.byteLength;
    header.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  // Written entry by entry: as properties of an object, names like "0" would move to the front, "__proto__" vanish.
  const json = header.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',');
  const text = new TextEncoder().encode(`{${json}}`);
  const length = Math.ceil(text.length / alignment) * alignment;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, 8);
  yield head;
  for (const { data } of entries) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** {@link safetensorsChunks} in one piece. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const chunks = [...safetensorsChunks(tensors, metadata)];
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * Reads a safetensors file. The arrays are views into `bytes` where alignment allows, else copies.
 *
 * @throws HolotypeError('bad-input') when anything about it is wrong: header, dtype, shape, sizes, gaps,
 *   overlaps, missing or surplus bytes
 */
export function decodeSafetensors(bytes: Uint8Array): SafetensorsContent {
  const { header, dataStart } = readHeader(bytes);
  let metadata: Record<string, string> = {};
  const entries: { name: string; dtype: SafetensorsDtype; shape: number[]; begin: number; end: number }[] =
    [];
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) metadata = readMetadata(value);
    else entries.push({ name, ...readEntry(name, value) });
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);

  const tensors = new Map<string, StoredTensor>();
  let offset = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin !== offset) throw damaged(`tensor "${name}" begins at byte ${begin}, expected ${offset}`);
    const size = elementCount(name, shape) * arrays[dtype].BYTES_PER_ELEMENT;
    if (end - begin !== size)
      throw damaged(
        `tensor "${name}" has ${end - begin} bytes, its shape [${shape.join(', ')}] needs ${size}`,
      );
    if (dataStart + end > bytes.length)
      throw damaged(`tensor "${name}" ends at byte ${dataStart + end} of ${bytes.length}`);
    tensors.set(name, { dtype, shape, data: view(bytes, dtype, dataStart + begin, size) });
    offset = end;
  }
  if (dataStart + offset !== bytes.length)
    throw damaged(`${bytes.length - dataStart - offset} bytes behind the last tensor`);
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array): { header: object; dataStart: number } {
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes are too few`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) throw damaged(`a header of ${length} bytes is too long`);
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) throw damaged(`the header ends at byte ${dataStart} of ${bytes.length}`);
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart)),
    );
  } catch (error) {
    throw damaged('the header is not valid JSON', error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw damaged('the header is not a JSON object');
  return { header, dataStart };
}

function readMetadata(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw damaged('the metadata is not an object');
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string') throw damaged(`the metadata "${key}" is not a text`);
      return [key, text];
    }),
  );
}

function readEntry(
  name: string,
  value: unknown,
): { dtype: SafetensorsDtype; shape: number[]; begin: number; end: number } {
  if (typeof value !== 'object' || value === null) throw damaged(`tensor "${name}" is not described`);
  const { dtype, shape, data_offsets: offsets }: { [field: string]: unknown } = { ...value };
  if (typeof dtype !== 'string' || !isDtype(dtype))
    throw damaged(`tensor "${name}" has the unknown type ${JSON.stringify(dtype)}`);
  if (!isSizes(shape)) throw damaged(`tensor "${name}" has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw damaged(`tensor "${name}" has no valid offsets`);
  const [begin = 0, end = 0] = offsets;
  if (end < begin) throw damaged(`tensor "${name}" ends before it begins`);
  return { dtype, shape, begin, end };
}

function view(bytes: Uint8Array, dtype: SafetensorsDtype, start: number, size: number): TensorArray {
  const ArrayType = arrays[dtype];
  const length = size / ArrayType.BYTES_PER_ELEMENT;
  const { buffer, byteOffset } = bytes;
  const position = byteOffset + start;
  if (buffer instanceof ArrayBuffer && position % ArrayType.BYTES_PER_ELEMENT === 0)
    return new ArrayType(buffer, position, length);
  return new ArrayType(new Uint8Array(bytes.subarray(start, start + size)).buffer, 0, length);
}

function checked(name: string, tensor: TensorToWrite): SafetensorsDtype {
  const { shape, data } = tensor;
  const dtype = tensor.dtype ?? dtypeOf(data);
  if (name === metadataKey) throw new HolotypeError('failed', `A tensor can't have the name "${name}".`);
  if (!(data instanceof arrays[dtype]))
    throw new HolotypeError(
      'failed',
      `Tensor "${name}" of type ${dtype} can't be a ${data.constructor.name}.`,
    );
  if (!isSizes(shape) || elementCount(name, shape) !== data.length)
    throw new HolotypeError(
      'failed',
      `Tensor "${name}" has ${data.length} values, which doesn't fit its shape [${shape.join(', ')}].`,
    );
  return dtype;
}

function dtypeOf(data: TensorArray): SafetensorsDtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint32Array) return 'U32';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Uint16Array) return 'U16';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof BigUint64Array) return 'U64';
  return 'U8';
}

function elementCount(name: string, shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count * 8)) throw damaged(`tensor "${name}" has an impossible size`);
  return count;
}

function isDtype(text: string): text is SafetensorsDtype {
  return Object.hasOwn(arrays, text);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function damaged(reason: string, cause?: unknown): HolotypeError {
  return new HolotypeError('bad-input', `Not a valid safetensors file: ${reason}.`, {
    remedy: 'Use another copy of the file: this one is damaged or incomplete.',
    ...(cause === undefined ? {} : { cause }),
  });
}

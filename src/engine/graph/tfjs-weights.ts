/**
 * TF.js weight files: a manifest (names, shapes, dtypes, quantization) beside one run of bytes.
 *
 * The format is that of tfjs-core's io/io_utils `decodeWeights` (4.22.0): little-endian values in manifest
 * order without padding; quantized values are restored as `q * scale + min`.
 */
import { HolotypeError } from '../../contract/errors.ts';
import type { Weight } from './graph.ts';
import { arrayAt, numberAt, objectAt, shapeAt, stringAt } from './json-reader.ts';

/** One entry of a weights manifest as this module writes it. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32';
}

export interface WeightsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightSpec[];
}

const storedBytes = { float32: 4, int32: 4, uint16: 2, float16: 2, uint8: 1, bool: 1 } as const;
type StoredType = keyof typeof storedBytes;
const storedTypes = ['float32', 'int32', 'uint16', 'float16', 'uint8', 'bool'] as const;

function storedType(value: unknown, name: string): StoredType {
  const type = storedTypes.find((known) => known === value);
  if (type !== undefined) return type;
  throw new HolotypeError('not-supported', `The weight "${name}" has the type ${JSON.stringify(value)}.`, {
    remedy: `Export the model with weights of type ${storedTypes.join(', ')}.`,
  });
}

/** IEEE 754 half precision (1 sign, 5 exponent, 10 fraction bits) to a number. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Stored values as numbers, before quantization is undone. `bytes` is exactly as long as the weight. */
function readValues(bytes: Uint8Array, type: StoredType): Float32Array {
  // A copy starts at offset 0, whatever the alignment of the weight in its file. (A Buffer's slice would share.)
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case 'float32':
      return new Float32Array(buffer);
    case 'int32':
      return Float32Array.from(new Int32Array(buffer));
    case 'uint16':
      return Float32Array.from(new Uint16Array(buffer));
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'uint8':
    case 'bool':
    default:
      return Float32Array.from(bytes);
  }
}

/**
 * Every weight of a TF.js model as float32.
 *
 * @param manifest the `weightsManifest` of a model.json
 * @param bytes all shards, concatenated in the manifest's order
 * @returns weights by name, in manifest order; int32 and bool values become (exact) floats
 * @throws HolotypeError('bad-input') naming the weight when bytes are missing, left over or misdescribed
 */
export function decodeWeights(manifest: unknown, bytes: Uint8Array): Map<string, Weight> {
  const weights = new Map<string, Weight>();
  let offset = 0;
  for (const [groupIndex, groupJson] of arrayAt(manifest, 'weightsManifest').entries()) {
    const group = objectAt(groupJson, `weightsManifest[${groupIndex}]`);
    for (const specJson of arrayAt(group['weights'], `weightsManifest[${groupIndex}].weights`)) {
      const spec = objectAt(specJson, `a weight of weightsManifest[${groupIndex}]`);
      const name = stringAt(spec['name'], `a weight's name in weightsManifest[${groupIndex}]`);
      const shape = shapeAt(spec['shape'], `the shape of weight "${name}"`);
      if (weights.has(name))
        throw new HolotypeError('bad-input', `The model file lists the weight "${name}" twice.`);
      const { data, byteLength } = readWeight(spec, name, shape, bytes, offset);
      offset += byteLength;
      weights.set(name, { shape, data });
    }
  }
  if (offset !== bytes.length)
    throw new HolotypeError(
      'bad-input',
      `The weights take ${offset} bytes according to model.json, but there are ${bytes.length}.`,
      { remedy: 'Check that every weight file belongs to this model.json, in its order, each once.' },
    );
  return weights;
}

function readWeight(
  spec: Readonly<Record<string, unknown>>,
  name: string,
  shape: readonly number[],
  bytes: Uint8Array,
  offset: number,
): { data: Float32Array; byteLength: number } {
  const quantization =
    spec['quantization'] === undefined || spec['quantization'] === null
      ? undefined
      : objectAt(spec['quantization'], `the quantization of weight "${name}"`);
  const type = storedType(quantization === undefined ? spec['dtype'] : quantization['dtype'], name);
  const length = shape.reduce((product, size) => product * size, 1);
  const byteLength = length * storedBytes[type];
  if (offset + byteLength > bytes.length)
    throw new HolotypeError(
      'bad-input',
      `The weight "${name}" is cut off: it needs ${byteLength} bytes at offset ${offset}, but the weight files end at ${bytes.length}.`,
      { remedy: 'A weight file is missing or was not downloaded whole: get it again.' },
    );
  const data = readValues(bytes.subarray(offset, offset + byteLength), type);
  if (quantization !== undefined && type !== 'float16') {
    const scale = numberAt(quantization['scale'], `the quantization scale of weight "${name}"`);
    const min = numberAt(quantization['min'], `the quantization minimum of weight "${name}"`);
    const whole = spec['dtype'] === 'int32';
    for (let i = 0; i < data.length; i++) {
      const value = (data[i] ?? 0) * scale + min;
      data[i] = whole ? Math.round(value) + 0 : value; // + 0: whole numbers have no -0
    }
  }
  return { data, byteLength };
}

/**
 * The reverse of {@link decodeWeights}, unquantized: one group in one file.
 *
 * @param weights name and weight, in the order they are to be written
 * @param path the file's name as the manifest tells it
 */
export function encodeWeights(
  weights: Iterable<readonly [name: string, weight: Weight]>,
  path = 'weights.bin',
): { manifest: WeightsGroup[]; bytes: Uint8Array } {
  const entries = [...weights];
  const bytes = new Uint8Array(entries.reduce((total, [, weight]) => total + weight.data.byteLength, 0));
  const specs: WeightSpec[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
    specs.push({ name, shape: [...shape], dtype: 'float32' });
  }
  return { manifest: [{ paths: [path], weights: specs }], bytes };
}

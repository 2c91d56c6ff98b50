/** The constants of a TensorFlow Lite file as float32 numbers, and what quantization says about tensors. */
import { HolotypeError } from '../../contract/errors.ts';
import type { ActivationKind, Weight } from './graph.ts';
import type { TensorType, TfliteTensor } from './tflite-schema.ts';

const typeBytes: Record<TensorType, number> = {
  float32: 4,
  float16: 2,
  int32: 4,
  uint8: 1,
  int64: 8,
  int16: 2,
  int8: 1,
};

/** Elements of a shape. @throws RangeError when a size is negative or the product absurd */
export function elementCount(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  if (shape.some((size) => size < 0) || count > 2 ** 31)
    throw new RangeError(`the shape [${shape.join(', ')}]`);
  return count;
}

/**
 * A constant as real numbers: `(q - zero point) * scale` where it is quantized (by tensor or by channel), the
 * numbers themselves where it isn't.
 *
 * @throws HolotypeError 'not-supported' for types and encodings no image network has, 'bad-input' when there are
 *   fewer or more bytes than the shape needs
 */
export function constantValues(tensor: TfliteTensor, bytes: Uint8Array): Weight {
  const raw = rawValues(tensor, bytes);
  const { quantization, shape } = tensor;
  if (quantization === undefined || tensor.type === 'float32' || tensor.type === 'float16')
    return { shape, data: raw };
  const { scale, zeroPoint, axis } = quantization;
  // By channel: runs of `inner` numbers share a scale, which repeats after `channels` runs.
  const channels = scale.length;
  if (channels > 1 && shape[axis] !== channels)
    throw damaged(tensor, `has ${channels} scales for an axis of ${shape[axis] ?? 'unknown'} entries`);
  if (scale.some((value) => !Number.isFinite(value))) throw damaged(tensor, 'has a scale that is no number');
  const inner = channels > 1 ? elementCount(shape.slice(axis + 1)) : raw.length;
  const data = new Float32Array(raw.length);
  for (let start = 0, run = 0; start < raw.length; start += inner, run++) {
    const channel = run % channels;
    const factor = scale[channel] ?? 0;
    const zero = zeroPoint[channel] ?? zeroPoint[0] ?? 0;
    for (let i = start; i < start + inner; i++) data[i] = ((raw[i] ?? 0) - zero) * factor;
  }
  return { shape, data };
}

/** Stored numbers before quantization is undone; int32 beyond 2^24 are rounded as float32 does. */
export function rawValues(tensor: TfliteTensor, bytes: Uint8Array): Float32Array {
  if (tensor.sparse)
    throw new HolotypeError('not-supported', `The weights of "${tensor.name}" are stored sparsely.`, {
      remedy: 'Export the model without pruning.',
    });
  if (tensor.type === undefined)
    throw new HolotypeError('not-supported', `The tensor "${tensor.name}" has the type ${tensor.typeCode}.`, {
      remedy: 'Export the model with float32, float16, int8 or uint8 weights.',
    });
  const count = elementCount(tensor.shape);
  if (count * typeBytes[tensor.type] !== bytes.length)
    throw damaged(
      tensor,
      `needs ${count * typeBytes[tensor.type]} bytes for its shape [${tensor.shape.join(', ')}] but has ${bytes.length}`,
    );
  // A copy starts at offset 0, whatever the alignment of the constant in its file.
  const { buffer } = bytes.slice();
  switch (tensor.type) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'int32':
      return Float32Array.from(new Int32Array(buffer));
    case 'int64':
      return Float32Array.from(new BigInt64Array(buffer), Number);
    case 'int16':
      return Float32Array.from(new Int16Array(buffer));
    case 'int8':
      return Float32Array.from(new Int8Array(buffer));
    default: // uint8
      return Float32Array.from(bytes);
  }
}

/** IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * The activation that an 8-bit output's range stands for. Converters drop a ReLU or ReLU6 that the range already
 * enforces: a result below the lowest code saturates there. So a zero point at the lowest code means that nothing
 * negative comes out (ReLU), and a range that ends at 6 besides means ReLU6.
 *
 * @returns undefined for float tensors and ranges that reach below zero
 */
export function impliedActivation(tensor: TfliteTensor): ActivationKind | undefined {
  const [scale] = tensor.quantization?.scale ?? [];
  const codes = codeRange(tensor.type);
  if (scale === undefined || codes === undefined || tensor.quantization?.scale.length !== 1) return undefined;
  const zero = tensor.quantization.zeroPoint[0] ?? 0;
  if (zero !== codes.lowest) return undefined;
  const top = (codes.highest - zero) * scale;
  // Trained ranges end at 5.9998 or so.
  return Math.abs(top - 6) <= 0.06 ? 'relu6' : 'relu';
}

function codeRange(type: TensorType | undefined): { lowest: number; highest: number } | undefined {
  if (type === 'uint8') return { lowest: 0, highest: 255 };
  return type === 'int8' ? { lowest: -128, highest: 127 } : undefined;
}

/**
 * What a quantized input makes of a pixel value 0..255: int8 inputs take the pixel minus 128.
 *
 * @returns mean and std so that the real value is (pixel - mean) / std; undefined for other types
 */
export function pixelNormalization(tensor: TfliteTensor): { mean: number; std: number } | undefined {
  const [scale] = tensor.quantization?.scale ?? [];
  const codes = codeRange(tensor.type);
  if (scale === undefined || !(scale > 0) || codes === undefined) return undefined;
  return { mean: (tensor.quantization?.zeroPoint[0] ?? 0) - codes.lowest, std: 1 / scale };
}

export function damaged(tensor: TfliteTensor, problem: string): HolotypeError {
  return new HolotypeError(
    'bad-input',
    `The model file is damaged: the tensor "${tensor.name}" ${problem}.`,
    {
      remedy: 'Get the model file again.',
    },
  );
}

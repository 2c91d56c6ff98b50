/** Half-precision floats (IEEE 754 binary16): activations kept in memory take half the room. */

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);
const largest = 65504;

/** To the nearest half, ties to even; what is too large becomes the largest half, NaN stays NaN. */
export function toHalf(value: number): number {
  float[0] = value;
  const word = bits[0] as number;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7bff; // rounds to 65520 or more
  if (magnitude < 0x33000001) return sign; // at most half of the smallest
  const exponent = (magnitude >>> 23) - 127;
  if (exponent < -14) {
    // Subnormal: the leading one becomes explicit, and is shifted below it.
    const mantissa = (magnitude & 0x7fffff) | 0x800000;
    const shift = -exponent - 1;
    const half = mantissa >>> shift;
    const rest = mantissa & ((1 << shift) - 1);
    const tie = 1 << (shift - 1);
    return sign | (rest > tie || (rest === tie && (half & 1) === 1) ? half + 1 : half);
  }
  const half = ((exponent + 15) << 10) | ((magnitude >>> 13) & 0x3ff);
  const rest = magnitude & 0x1fff;
  return sign | (rest > 0x1000 || (rest === 0x1000 && (half & 1) === 1) ? half + 1 : half);
}

/** Every half as a number: a look-up is the fastest way back. */
const numbers = new Float32Array(65536);
for (let half = 0; half < 65536; half++) {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 0) numbers[half] = sign * fraction * 2 ** -24;
  else if (exponent === 31) numbers[half] = fraction === 0 ? sign * largest : Number.NaN;
  else numbers[half] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Float32 to halves. @param from and @param to have the same length */
export function packHalves(from: Float32Array, to: Uint16Array): void {
  for (let i = 0; i < from.length; i++) to[i] = toHalf(from[i] as number);
}

/** Halves to float32. @param from and @param to have the same length */
export function unpackHalves(from: Uint16Array, to: Float32Array): void {
  for (let i = 0; i < from.length; i++) to[i] = numbers[from[i] as number] as number;
}

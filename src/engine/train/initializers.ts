/** Where the weights of a head start. */
import type { HeadActivation, Initializer } from '../../contract/train.ts';
import type { Random } from '../data/random.ts';

/**
 * The variance that weights start with.
 *
 * @param fanIn inputs of a unit, >= 1
 * @param fanOut units that an input feeds, >= 1
 */
export function initialVariance(kind: Initializer, fanIn: number, fanOut: number): number {
  switch (kind) {
    case 'glorot-uniform':
    case 'glorot-normal':
      return 2 / (fanIn + fanOut); // Glorot & Bengio 2010
    case 'he-uniform':
    case 'he-normal':
      return 2 / fanIn; // He et al. 2015
    case 'lecun':
      return 1 / fanIn; // LeCun et al. 1998
    case 'orthogonal':
      return 1 / Math.max(fanIn, fanOut); // rows or columns of length 1
    case 'zeros':
    default:
      return 0;
  }
}

/**
 * What suits an activation: He before those of ReLU's kind, which lose half of the variance; LeCun before SELU, which
 * normalizes by itself; Glorot before those that are a line around zero, the softmax among them.
 */
export function usualInitializer(activation: HeadActivation | 'softmax'): Initializer {
  switch (activation) {
    case 'tanh':
    case 'sigmoid':
    case 'softmax':
      return 'glorot-uniform';
    case 'selu':
      return 'lecun';
    default:
      return 'he-normal';
  }
}

/**
 * The weights of a dense layer, [fanIn, fanOut] row by row.
 *
 * @param rows only the first so many rows get values, the others stay zero
 */
export function initialWeights(
  kind: Initializer,
  [fanIn, fanOut]: readonly [number, number],
  random: Random,
  rows = fanIn,
): Float32Array {
  const values = new Float32Array(fanIn * fanOut);
  if (kind === 'zeros') return values;
  if (kind === 'orthogonal') {
    values.set(orthogonal(rows, fanOut, random));
    return values;
  }
  const deviation = Math.sqrt(initialVariance(kind, fanIn, fanOut));
  const uniform = kind === 'glorot-uniform' || kind === 'he-uniform';
  const limit = Math.sqrt(3) * deviation; // a uniform number's variance is limit^2 / 3
  for (let i = 0; i < rows * fanOut; i++)
    values[i] = uniform ? (2 * random.next() - 1) * limit : random.normal() * deviation;
  return values;
}

/**
 * A matrix whose columns (or rows, when those are fewer) are orthogonal and of length 1 (Saxe et al. 2014), by
 * Gram-Schmidt on normal numbers, taken twice: once leaves rounding errors.
 */
function orthogonal(rows: number, columns: number, random: Random): Float32Array {
  const wide = columns > rows;
  const [length, count] = wide ? [columns, rows] : [rows, columns];
  const vectors: Float64Array[] = [];
  for (let k = 0; k < count; k++) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const other of vectors) {
        const along = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i] = (vector[i] as number) - along * (other[i] as number);
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((value) => value / norm));
  }
  const values = new Float32Array(rows * columns);
  vectors.forEach((vector, k) => {
    for (let i = 0; i < length; i++) values[wide ? k * columns + i : i * columns + k] = vector[i] as number;
  });
  return values;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

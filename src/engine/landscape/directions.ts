import type { Random } from '../data/random.ts';

/** Weights that make one output of a layer: `length` of them, `stride` apart, from `offset` on. */
export interface Filter {
  readonly offset: number;
  readonly stride: number;
  readonly length: number;
}

/**
 * A random direction with, filter by filter, the length of the weights themselves (Li et al. 2018, section 4): a step of
 * 1 is then as large for a layer of small weights as for one of large ones, and networks can be compared. What is in no
 * filter (biases) stays where it is, as in the authors' code.
 *
 * @param weights all of the model
 * @param filters must not overlap
 */
export function filterNormalized(
  weights: Float32Array,
  filters: readonly Filter[],
  random: Random,
): Float32Array {
  const direction = new Float32Array(weights.length);
  for (const { offset, stride, length } of filters) {
    let own = 0;
    let drawn = 0;
    for (let at = 0; at < length; at++) {
      const place = offset + at * stride;
      const value = random.normal();
      direction[place] = value;
      drawn += value * value;
      own += (weights[place] as number) ** 2;
    }
    const scale = drawn === 0 ? 0 : Math.sqrt(own / drawn);
    for (let at = 0; at < length; at++) {
      const place = offset + at * stride;
      direction[place] = (direction[place] as number) * scale;
    }
  }
  return direction;
}

/** The difference of two sets of weights: the way from one to the other. */
export function wayTo(from: Float32Array, to: Float32Array): Float32Array {
  return from.map((value, at) => (to[at] as number) - value);
}

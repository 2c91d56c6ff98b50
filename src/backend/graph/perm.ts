/**
 * Physical layouts. A layout is a permutation: physical axis i holds logical axis `perm[i]`. The identity is
 * `null`, and equal permutations are the same array, so that layouts compare by reference.
 */
export type Perm = readonly number[] | null;

const interned = new Map<string, readonly number[]>();

/** The one array for a permutation; null where it's the identity. */
export function internPerm(perm: readonly number[]): Perm {
  if (perm.every((axis, i) => axis === i)) return null;
  const key = perm.join();
  let known = interned.get(key);
  if (known === undefined) {
    known = Object.freeze([...perm]);
    interned.set(key, known);
  }
  return known;
}

/** Logical [n, h, w, c] held as [n, c, h, w]: what ONNX's convolutions take. */
export const channelsFirst = internPerm([0, 3, 1, 2]) as readonly number[];

/** `inverse[perm[i]] = i` */
export function invert(perm: readonly number[]): number[] {
  const inverse = Array.from<number>({ length: perm.length });
  perm.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

export const permute = (values: readonly number[], perm: Perm): readonly number[] =>
  perm === null ? values : perm.map((axis) => values[axis] as number);

/** The physical axis that holds a logical one. */
export const physicalAxis = (axis: number, perm: Perm): number => (perm === null ? axis : perm.indexOf(axis));

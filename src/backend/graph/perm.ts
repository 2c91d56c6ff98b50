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

/**
 * Logical [n, h, w, c] held as [n, c / b, h, w, b]: what ONNX Runtime's blocked operators take, where b is the width of
 * the processor's vectors. Not a permutation: axes 1 and 4 are the outer and the inner part of the channels. Only
 * where c is a multiple of b.
 */
const blockedLayouts: Readonly<Record<number, readonly number[]>> = {
  8: Object.freeze([0, 3, 1, 2, 3]),
  16: Object.freeze([0, 3, 1, 2, 3]),
};

/** The blocked layout for a block size: 8 or 16. */
export const blockedLayout = (block: number): Perm => blockedLayouts[block] ?? null;

/** The block size of a blocked layout; 0 for a permutation. */
export const blockOf = (perm: Perm): number =>
  perm === null ? 0 : perm === blockedLayouts[16] ? 16 : perm === blockedLayouts[8] ? 8 : 0;

/** `inverse[perm[i]] = i` */
export function invert(perm: readonly number[]): number[] {
  const inverse = Array.from<number>({ length: perm.length });
  perm.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

/** Physical dimensions of logical ones. */
export function permute(values: readonly number[], perm: Perm): readonly number[] {
  if (perm === null) return values;
  const block = blockOf(perm);
  if (block === 0) return perm.map((axis) => values[axis] as number);
  const [n, h, w, c] = values as [number, number, number, number];
  return c === 1 ? [n, 1, h, w, 1] : [n, c / block, h, w, block];
}

/**
 * The physical axis that holds a logical one.
 * @throws Error for the channels of a blocked layout, which are two axes
 */
export function physicalAxis(axis: number, perm: Perm): number {
  if (perm === null) return axis;
  if (axis === 3 && blockOf(perm) > 0) throw new Error('The channels of a blocked layout are two axes');
  return perm.indexOf(axis);
}

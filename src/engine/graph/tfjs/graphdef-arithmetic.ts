/**
 * Sums, differences, products and quotients. With a constant on one side they are affine nodes; constants among
 * themselves are folded, which is how preprocessing and batch norm arithmetic disappear.
 */
import type { Weight } from '../graph.ts';
import { constant, refuse, tensor, value, type Convert, type OpCall, type Value } from './graphdef-call.ts';

type Arithmetic = (a: number, b: number) => number;

/** Two constants, one of which may be a single number. */
function fold(call: OpCall, a: Weight, b: Weight, operation: Arithmetic): Value {
  const longer = a.data.length >= b.data.length ? a : b;
  if (a.data.length !== b.data.length && a.data.length !== 1 && b.data.length !== 1)
    throw refuse(call, 'combines constants of different shapes');
  const at = ({ data }: Weight, i: number): number => data[data.length === 1 ? 0 : i] ?? 0;
  const data = longer.data.map((_, i) => operation(at(a, i), at(b, i)));
  return { constant: { shape: longer.shape, data } };
}

/**
 * a (op) b where either side may be a constant, which makes it an affine node.
 *
 * @param affine scale and offset of x (op) c, and of c (op) x where that is affine
 */
function binary(
  operation: Arithmetic,
  affine: {
    right: (c: Float32Array) => { scale: ArrayLike<number>; offset: ArrayLike<number> };
    left: ((c: Float32Array) => { scale: ArrayLike<number>; offset: ArrayLike<number> }) | undefined;
  },
  tensors: (call: OpCall, a: string, b: string) => string,
): Convert {
  return (call) => {
    const [a, b] = [value(call, 0), value(call, 1)];
    if ('constant' in a && 'constant' in b) return fold(call, a.constant, b.constant, operation);
    const affineOf = (
      input: string,
      { data }: Weight,
      rule: ((c: Float32Array) => { scale: ArrayLike<number>; offset: ArrayLike<number> }) | undefined,
    ): Value => {
      if (rule === undefined) throw refuse(call, 'divides a constant by a tensor');
      const { scale, offset } = rule(data);
      return { tensor: call.builder.affine(call.node.name, input, scale, offset) };
    };
    if ('constant' in b) return affineOf(tensor(call, 0), b.constant, affine.right);
    if ('constant' in a) return affineOf(tensor(call, 1), a.constant, affine.left);
    return { tensor: tensors(call, a.tensor, b.tensor) };
  };
}

const elementwise =
  (op: 'add' | 'mul') =>
  (call: OpCall, a: string, b: string): string =>
    call.builder.add(call.node.name, [a, b], { op });

const one = [1];
const zero = [0];
const plus = (c: Float32Array): { scale: ArrayLike<number>; offset: ArrayLike<number> } => ({
  scale: one,
  offset: c,
});
const times = (c: Float32Array): { scale: ArrayLike<number>; offset: ArrayLike<number> } => ({
  scale: c,
  offset: zero,
});

export const add: Convert = binary((a, b) => a + b, { right: plus, left: plus }, elementwise('add'));
export const multiply: Convert = binary((a, b) => a * b, { right: times, left: times }, elementwise('mul'));
export const subtract: Convert = binary(
  (a, b) => a - b,
  { right: (c) => ({ scale: one, offset: c.map((x) => -x) }), left: (c) => ({ scale: [-1], offset: c }) },
  (call, a, b) => {
    const negative = call.builder.affine(`${call.node.name}/negative`, b, [-1], zero);
    return elementwise('add')(call, a, negative);
  },
);
export const divide: Convert = binary(
  (a, b) => a / b,
  { right: (c) => ({ scale: c.map((x) => 1 / x), offset: zero }), left: undefined },
  (call) => {
    throw refuse(call, 'divides one tensor by another');
  },
);

export const rsqrt: Convert = (call) => {
  const { shape, data } = constant(call, 0);
  return { constant: { shape, data: data.map((x) => 1 / Math.sqrt(x)) } };
};

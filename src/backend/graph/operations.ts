/** Operations and literals, interned: what is alike is one object with one number. */
import type { Attribute, Attributes, ElementType } from '../onnx/model.ts';
import type { Literal, Operation } from './node.ts';

const operations = new Map<string, Operation>();
const literals = new Map<string, Literal>();

const noAttributes: Attributes = {};

/** The operation with these properties. */
export function operation(
  op: string,
  slots: Operation['slots'],
  attributes: Attributes = noAttributes,
  domain = '',
): Operation {
  let key = op;
  for (const slot of slots) key += slot === 'operand' ? ';' : slot === 'none' ? ';-' : `;${slot.key}`;
  if (attributes !== noAttributes) {
    for (const name in attributes) key += `|${name}=${String((attributes[name] as Attribute).value)}`;
  }
  if (domain !== '') key += `@${domain}`;
  let known = operations.get(key);
  if (known === undefined) {
    known = { id: operations.size + 1, op, domain, attributes, slots };
    operations.set(key, known);
  }
  return known;
}

/** An operand that is part of the graph's structure. Numbers are converted to the element type. */
export function literal(type: ElementType, values: readonly number[], dims: readonly number[]): Literal {
  const key = `${type}[${dims.join()}]${values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join()}`;
  let known = literals.get(key);
  if (known === undefined) {
    known = { isLiteral: true, key, type, dims, bytes: bytesOf(type, values) };
    // Literals recur in every step; what doesn't (a changing scalar) must not pile up.
    if (literals.size < 20_000) literals.set(key, known);
  }
  return known;
}

function bytesOf(type: ElementType, values: readonly number[]): Uint8Array {
  switch (type) {
    case 'float32':
      return new Uint8Array(Float32Array.from(values).buffer);
    case 'float64':
      return new Uint8Array(Float64Array.from(values).buffer);
    case 'int32':
      return new Uint8Array(Int32Array.from(values).buffer);
    case 'int64':
      return new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
    default:
      return Uint8Array.from(values);
  }
}

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const text = (value: string): Attribute => ({ kind: 'string', value });

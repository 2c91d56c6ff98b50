import type { ElementType } from '../onnx/model.ts';
import type { Source } from './node.ts';
import type { Perm } from './perm.ts';

/**
 * One output of a source as TensorFlow.js sees it: a logical shape over physical dimensions that may be in
 * another order (`perm`) and may be 1 where the logical ones are not (`isBroadcast`: not expanded until an
 * operation needs it so).
 */
export class Value {
  readonly source: Source;
  readonly out: number;
  readonly shape: readonly number[];
  readonly perm: Perm;
  /** The same value in other forms, made at most once. */
  forms: Map<unknown, Value> | undefined;
  #isBroadcast: boolean | undefined;

  constructor(source: Source, out: number, shape: readonly number[], perm: Perm) {
    this.source = source;
    this.out = out;
    this.shape = shape;
    this.perm = perm;
  }

  /** The same elements as they lie, under a logical shape that they may have to be broadcast to. */
  withShape(shape: readonly number[], perm: Perm = this.perm): Value {
    return new Value(this.source, this.out, shape, perm);
  }

  get dims(): readonly number[] {
    return this.source.dims[this.out] as readonly number[];
  }

  get type(): ElementType {
    return this.source.types[this.out] as ElementType;
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get isBroadcast(): boolean {
    this.#isBroadcast ??= sizeOf(this.dims) !== this.size;
    return this.#isBroadcast;
  }

  /** Whether reading it needs no computation. */
  get isReady(): boolean {
    return this.source.isLeaf && this.perm === null && !this.isBroadcast;
  }
}

export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

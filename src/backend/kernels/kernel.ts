/** What a kernel is: from values of the graph to values of the graph. */
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/value.ts';
import type { GraphType } from '../graph/dtype.ts';
import type { HostArray } from '../graph/node.ts';

/** What kernels ask of the backend. */
export interface Host {
  /** A tensor as a value of the graph, under the tensor's own shape. */
  value(info: TensorInfo): Value;
  /** A value over data that the kernel gives away. */
  leaf(data: HostArray, shape: readonly number[], dtype: GraphType): Value;
}

/** One output or several. */
export type Result = Value | readonly Value[];

/**
 * Adds a kernel's operations to the graph.
 * @returns its outputs; undefined where these operands have no ONNX form, and the kernel must run on the host
 */
export type Kernel = (g: Graph, inputs: Inputs, attrs: Attrs, backend: Host) => Result | undefined;

export type Table = Readonly<Record<string, Kernel>>;

/** The tensors a kernel was called with, as values made when asked for. */
export class Inputs {
  readonly #backend: Host;
  readonly #infos: Readonly<Record<string, TensorInfo | undefined>>;

  constructor(backend: Host, infos: Readonly<Record<string, TensorInfo | undefined>>) {
    this.#backend = backend;
    this.#infos = infos;
  }

  /** @throws Error when the operand is missing */
  get(name: string): Value {
    const value = this.find(name);
    if (value === undefined) throw new Error(`The operand "${name}" is missing`);
    return value;
  }

  find(name: string): Value | undefined {
    const info = this.#infos[name];
    return info === undefined || info === null ? undefined : this.#backend.value(info);
  }

  /** All operands, for kernels that take a list. */
  list(): Value[] {
    return Object.values(this.#infos).flatMap((info) =>
      info === undefined ? [] : [this.#backend.value(info)],
    );
  }
}

/** Attributes as kernels get them; each kernel knows its own. */
export class Attrs {
  readonly #attrs: Readonly<Record<string, unknown>>;

  constructor(attrs: Readonly<Record<string, unknown>> | undefined) {
    this.#attrs = attrs ?? {};
  }

  number(name: string, otherwise?: number): number {
    const value = this.#attrs[name] ?? otherwise;
    if (typeof value !== 'number') throw new Error(`The attribute "${name}" is missing`);
    return value;
  }

  flag(name: string): boolean {
    return this.#attrs[name] === true;
  }

  numbers(name: string): number[] {
    const value = this.#attrs[name];
    if (!Array.isArray(value) && !ArrayBuffer.isView(value))
      throw new Error(`The attribute "${name}" is missing`);
    return Array.from(value as unknown as ArrayLike<number>);
  }

  /** An attribute that the caller knows the type of. */
  any(name: string): unknown {
    return this.#attrs[name];
  }

  dtype(name: string): DataType {
    return this.#attrs[name] as DataType;
  }
}

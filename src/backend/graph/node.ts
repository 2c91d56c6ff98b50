/** What a lazy graph is made of: leaves that hold data, and nodes that will be computed from them. */
import type { Attributes, ElementType } from '../onnx/model.ts';
import type { OrtTensor } from '../onnx/runtime.ts';

export type HostArray = Float32Array | Int32Array | Uint8Array;

/** Data that exists: an input of the graph, or an initializer in it where it's marked constant. */
export class Leaf {
  readonly isLeaf = true;
  readonly dims: readonly (readonly number[])[];
  readonly types: readonly ElementType[];
  /** A number of its own for a constant; 0 for an input. */
  constant = 0;
  /** Which flush has seen it last, and its place in that flush's program. */
  epoch = 0;
  index = 0;
  readonly tensor: OrtTensor;

  constructor(tensor: OrtTensor, type: ElementType, dims: readonly number[]) {
    this.tensor = tensor;
    this.types = [type];
    this.dims = [dims];
  }

  get data(): HostArray {
    return this.tensor.data as HostArray;
  }
}

/** A small operand that's part of an operation's identity: axes, a shape, a slope. */
export interface Literal {
  readonly isLiteral: true;
  /** Type, dimensions and contents as text. */
  readonly key: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

/** What an operation is, apart from its operands; one object for all nodes that are alike. */
export interface Operation {
  readonly id: number;
  readonly op: string;
  readonly domain: string;
  readonly attributes: Attributes;
  /** Input slots in order: an operand of the graph, a literal, or nothing. */
  readonly slots: readonly ('operand' | 'none' | Literal)[];
}

/** An operation to be computed. Its operands are `sources[i]`'s output number `outs[i]`. */
export class GraphNode {
  readonly isLeaf = false;
  epoch = 0;
  index = 0;
  readonly operation: Operation;
  readonly sources: readonly Source[];
  readonly outs: readonly number[];
  readonly dims: readonly (readonly number[])[];
  readonly types: readonly ElementType[];
  /** The TensorFlow.js kernel that asked for it, for messages. */
  readonly kernel: string;

  constructor(
    operation: Operation,
    sources: readonly Source[],
    outs: readonly number[],
    dims: readonly (readonly number[])[],
    types: readonly ElementType[],
    kernel: string,
  ) {
    this.operation = operation;
    this.sources = sources;
    this.outs = outs;
    this.dims = dims;
    this.types = types;
    this.kernel = kernel;
  }
}

export type Source = Leaf | GraphNode;

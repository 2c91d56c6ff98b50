/** The ONNX file under construction while a model graph is written. */
import { weightOf, type ModelGraph } from '../graph.ts';
import {
  floatTensor,
  int64Tensor,
  onnxAttribute,
  onnxNode,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
} from '../onnx-proto.ts';
import type { Shape } from '../shapes.ts';

/** A graph tensor as it lies in the ONNX file. */
export interface Tensor {
  /** Its ONNX name. */
  readonly name: string;
  /** The graph's shape, without the batch axis. */
  readonly shape: Shape;
  /**
   * A map that lies as [n, c, h, w], or a vector whose elements come from such a map in that order.
   * Where false, elements are in the graph's own order.
   */
  readonly chw: boolean;
  /** For a vector in chw order: the map it was flattened from. */
  readonly flattened?: Shape;
}

export class OnnxWriter {
  readonly initializers: OnnxTensor[] = [];
  private nodes: OnnxNode[] = [];
  private readonly tensors = new Map<string, Tensor>();
  private readonly names: Set<string>;
  private readonly shared = new Map<string, string>();
  private readonly laidOut = new Map<string, Tensor>();
  private readonly readers = new Map<string, string[]>();

  /** @param reserved names of inputs and outputs, which no inner tensor may take */
  constructor(
    readonly graph: ModelGraph,
    private readonly shapes: ReadonlyMap<string, Shape>,
    reserved: readonly string[],
  ) {
    this.names = new Set(reserved);
    for (const node of graph.nodes)
      for (const input of node.inputs)
        this.readers.set(input, [...(this.readers.get(input) ?? []), node.name]);
  }

  shape(name: string): Shape {
    const shape = this.shapes.get(name);
    if (shape === undefined) throw new Error(`The model graph has no tensor "${name}".`);
    return shape;
  }

  tensor(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (tensor === undefined) throw new Error(`The model graph has no tensor "${name}".`);
    return tensor;
  }

  define(name: string, tensor: Tensor): void {
    this.tensors.set(name, tensor);
  }

  private unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.names.has(name); i++) name = `${wanted}_${i}`;
    this.names.add(name);
    return name;
  }

  /** Adds a node with one output and returns that output's name. */
  emit(
    op: string,
    inputs: readonly string[],
    wanted: string,
    attributes: readonly OnnxAttribute[] = [],
  ): string {
    const name = this.unique(wanted);
    this.nodes.push(onnxNode(op, inputs, [name], attributes));
    return name;
  }

  /** Adds a node whose output has exactly this name: an output of the file. */
  emitAs(
    op: string,
    inputs: readonly string[],
    name: string,
    attributes: readonly OnnxAttribute[] = [],
  ): void {
    this.nodes.push(onnxNode(op, inputs, [name], attributes));
  }

  float(wanted: string, dims: readonly number[], data: Float32Array): string {
    const name = this.unique(wanted);
    this.initializers.push(floatTensor(name, dims, data));
    return name;
  }

  /** An initializer made from a weight, once for all nodes that use it in the same way. */
  weight(
    key: string,
    use: string,
    make: (data: Float32Array, shape: Shape) => { dims: Shape; data: Float32Array },
  ): string {
    const id = `${use} ${key}`;
    const existing = this.shared.get(id);
    if (existing !== undefined) return existing;
    const weight = weightOf(this.graph, key);
    const { dims, data } = make(weight.data, weight.shape);
    const name = this.float(key, dims, data);
    this.shared.set(id, name);
    return name;
  }

  /** A float constant, shared by all nodes that need the same number. */
  number(value: number): string {
    const id = `number ${value}`;
    const existing = this.shared.get(id);
    if (existing !== undefined) return existing;
    const name = this.float(`constant_${value}`, [], Float32Array.of(value));
    this.shared.set(id, name);
    return name;
  }

  /** A list of integers: a shape, axes, indices. */
  integers(values: readonly number[]): string {
    const id = `integers ${values.join(',')}`;
    const existing = this.shared.get(id);
    if (existing !== undefined) return existing;
    const name = this.unique(`integers_${values.join('_')}`);
    this.initializers.push(int64Tensor(name, [values.length], values));
    this.shared.set(id, name);
    return name;
  }

  reshape(input: string, dims: readonly number[], wanted: string): string {
    return this.emit('Reshape', [input, this.integers([0, ...dims])], wanted);
  }

  /** The tensor with its elements in the graph's own order: [n, h, w, c] for a map. */
  rowMajor(tensor: Tensor): Tensor {
    if (!tensor.chw) return tensor;
    const existing = this.laidOut.get(tensor.name);
    if (existing !== undefined) return existing;
    const map = tensor.flattened ?? tensor.shape;
    const [h = 1, w = 1, c = 1] = map;
    let { name } = tensor;
    if (h * w === 1) {
      // One pixel: the order is the same.
      if (tensor.shape.length === 3) name = this.reshape(name, [1, 1, c], `${name}/nhwc`);
    } else {
      if (tensor.flattened !== undefined) name = this.reshape(name, [c, h, w], `${name}/map`);
      name = this.emit('Transpose', [name], `${name}/nhwc`, [onnxAttribute('perm', [0, 2, 3, 1])]);
      if (tensor.flattened !== undefined) name = this.reshape(name, tensor.shape, `${name}/vector`);
    }
    const result: Tensor = { name, shape: tensor.shape, chw: false };
    this.laidOut.set(tensor.name, result);
    return result;
  }

  /** Whether every reader of this tensor, through activations, is a dense layer, whose rows can be reordered. */
  onlyFeedsDense(name: string): boolean {
    if (this.graph.outputs.includes(name)) return false;
    const readers = this.readers.get(name) ?? [];
    return readers.every((reader) => {
      const node = this.graph.nodes.find((n) => n.name === reader);
      if (node?.op === 'dense') return true;
      return node?.op === 'activation' && node.kind !== 'softmax' && this.onlyFeedsDense(reader);
    });
  }

  /** The nodes, with Identity nodes in front of outputs joined with what they copy where nothing else reads it. */
  nodesWithoutIdentities(outputNames: readonly string[]): OnnxNode[] {
    const reads = new Map<string, number>();
    for (const node of this.nodes)
      for (const name of node.inputs) reads.set(name, (reads.get(name) ?? 0) + 1);
    const renamed = new Map<string, string>();
    const made = new Set(this.nodes.flatMap((node) => node.outputs));
    const dropped = new Set<OnnxNode>();
    for (const node of this.nodes) {
      const [from = ''] = node.inputs;
      const [to = ''] = node.outputs;
      const copies = node.opType === 'Identity' && outputNames.includes(to);
      if (!copies || !made.has(from) || outputNames.includes(from) || renamed.has(from)) continue;
      renamed.set(from, to);
      dropped.add(node);
    }
    return this.nodes
      .filter((node) => !dropped.has(node))
      .map((node) => {
        const outputs = node.outputs.map((name) => renamed.get(name) ?? name);
        return {
          ...node,
          name: outputs[0] ?? node.name,
          inputs: node.inputs.map((name) => renamed.get(name) ?? name),
          outputs,
        };
      });
  }
}

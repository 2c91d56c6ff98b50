/** A small ONNX graph under construction, for measuring: names are made up, shapes are the caller's business. */
import {
  encodeModel,
  floatTensor,
  int64Tensor,
  onnxAttribute,
  onnxNode,
  OnnxType,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from '../../../src/engine/graph/onnx-proto.ts';

export type Value = string;
export type Shape = readonly number[];
export type AttributeValue = number | string | readonly number[];

/** Domain of ONNX Runtime's operators on the blocked layout [N, C/b, H, W, b], declared as [N, C, H, W]. */
export const nchwcDomain = 'com.microsoft.nchwc';
export const microsoftDomain = 'com.microsoft';

/** Marks a list or number as float in an attribute. */
export const floats = (value: number | readonly number[]): { floats: number | readonly number[] } => ({
  floats: value,
});

export interface FeedInfo {
  readonly name: string;
  readonly dims: Shape;
  readonly data: Float32Array;
}

export class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly feeds: FeedInfo[] = [];
  readonly outputs: OnnxValueInfo[] = [];
  private counter = 0;
  private readonly constants = new Map<string, Value>();

  private fresh(stem: string): string {
    this.counter += 1;
    return `${stem}_${this.counter}`;
  }

  /** A tensor that comes in with every run. */
  input(dims: Shape, data: Float32Array): Value {
    const name = this.fresh('input');
    this.feeds.push({ name, dims, data });
    return name;
  }

  /** A tensor that never changes. */
  constant(dims: Shape, data: Float32Array): Value {
    const name = this.fresh('constant');
    this.initializers.push(floatTensor(name, dims, data));
    return name;
  }

  scalar(value: number): Value {
    const key = `f${value}`;
    const name = this.constants.get(key) ?? this.constant([], Float32Array.of(value));
    this.constants.set(key, name);
    return name;
  }

  integers(values: readonly number[]): Value {
    const key = `i${values.join(',')}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const name = this.fresh('integers');
    this.initializers.push(int64Tensor(name, [values.length], values));
    this.constants.set(key, name);
    return name;
  }

  /** A node with one output. @param stem names it, so that a profile can say which part of a step it belongs to */
  op(
    opType: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue | { floats: number | readonly number[] }>> = {},
    domain = '',
    stem: string = opType,
  ): Value {
    const name = this.fresh(stem);
    const list = Object.entries(attributes).map(([key, value]) =>
      typeof value === 'object' && 'floats' in value
        ? onnxAttribute(key, value.floats, true)
        : onnxAttribute(key, value),
    );
    this.nodes.push({ ...onnxNode(opType, inputs, [name], list), domain });
    return name;
  }

  reshape(x: Value, dims: Shape): Value {
    return this.op('Reshape', [x, this.integers(dims)]);
  }

  transpose(x: Value, perm: Shape): Value {
    return this.op('Transpose', [x], { perm });
  }

  slice(x: Value, starts: Shape, ends: Shape, axes: Shape, steps: Shape = axes.map(() => 1)): Value {
    return this.op('Slice', [x, ...[starts, ends, axes, steps].map((v) => this.integers(v))]);
  }

  reduceSum(x: Value, axes: Shape, keepdims = 0): Value {
    return this.op('ReduceSum', [x, this.integers(axes)], { keepdims });
  }

  output(x: Value, dims: Shape): void {
    this.outputs.push({ name: x, elemType: OnnxType.float, dims });
  }

  /** Keeps x alive without copying it out: one element of it becomes the output. */
  sink(x: Value, rank: number): void {
    const axes = Array.from({ length: rank }, (_, i) => i);
    const one = this.op(
      'Slice',
      [x, this.integers(axes.map(() => 0)), this.integers(axes.map(() => 1)), this.integers(axes)],
      {},
      '',
      'sink',
    );
    this.output(
      one,
      axes.map(() => 1),
    );
  }

  encode(): Uint8Array {
    return encodeModel({
      irVersion: 10,
      producerName: 'conv-formulations',
      producerVersion: '1',
      opsets: new Map([
        ['', 21],
        [microsoftDomain, 1],
        [nchwcDomain, 1],
      ]),
      metadata: new Map(),
      graph: {
        name: 'g',
        nodes: this.nodes,
        initializers: this.initializers,
        inputs: this.feeds.map(({ name, dims }) => ({ name, elemType: OnnxType.float, dims })),
        outputs: this.outputs,
      },
    });
  }
}

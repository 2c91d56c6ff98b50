/**
 * The model graph: one small, typed description of a network that every importer makes and every
 * exporter reads. Semantics are NHWC with explicit padding; the batch axis is implicit and first.
 *
 * A node has exactly one output tensor, and that tensor carries the node's name. Nodes are in
 * topological order. Weights are float32, referred to by key, and never mutated once in a graph.
 */

/** Float32 numbers with a shape; `data.length` is the product of `shape`. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Pixels (or zeros) added before and after each spatial axis: [top, left, bottom, right]. */
export type Pads = readonly [top: number, left: number, bottom: number, right: number];
export type Pair = readonly [height: number, width: number];

export const activationKinds = [
  'relu',
  'relu6',
  'leaky-relu', // alpha: slope for x < 0
  'elu', // alpha
  'selu',
  'sigmoid',
  'tanh',
  'softplus',
  'hard-sigmoid', // clip(x / 6 + 0.5, 0, 1) as ONNX HardSwish uses it; other slopes via alpha, beta
  'hard-swish', // x * clip(x + 3, 0, 6) / 6
  'swish', // x * sigmoid(x)
  'gelu', // exact: 0.5 x (1 + erf(x / sqrt 2))
  'clip', // clip(x, min, max)
  'softmax', // over the last axis
] as const;
export type ActivationKind = (typeof activationKinds)[number];

interface Base {
  /** Unique in the graph; also the name of the node's output tensor. */
  readonly name: string;
  /** Names of the nodes (or of the graph's input) this one reads. */
  readonly inputs: readonly string[];
}

/** kernel: weight [kh, kw, cin / groups, cout]; bias: weight [cout]. */
export interface Conv2d extends Base {
  readonly op: 'conv2d';
  readonly kernel: string;
  readonly bias?: string;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
  readonly groups: number;
}

/** kernel: weight [kh, kw, c, multiplier]; output channel c * multiplier + m; bias: [c * multiplier]. */
export interface DepthwiseConv2d extends Base {
  readonly op: 'depthwise-conv2d';
  readonly kernel: string;
  readonly bias?: string;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
}

/** (x - mean) / sqrt(variance + epsilon) * scale + offset, all weights [c]. */
export interface BatchNorm extends Base {
  readonly op: 'batch-norm';
  readonly scale: string;
  readonly offset: string;
  readonly mean: string;
  readonly variance: string;
  readonly epsilon: number;
}

/** x * scale + offset, both weights [c]: input normalization and stray constant arithmetic. */
export interface Affine extends Base {
  readonly op: 'affine';
  readonly scale: string;
  readonly offset: string;
}

export interface ActivationNode extends Base {
  readonly op: 'activation';
  readonly kind: ActivationKind;
  readonly alpha?: number;
  readonly beta?: number;
  readonly min?: number;
  readonly max?: number;
}

/** Max pool ignores padding; average pool divides by the window only where `countPadding` says so. */
export interface Pool extends Base {
  readonly op: 'max-pool' | 'average-pool';
  readonly window: Pair;
  readonly strides: Pair;
  readonly pads: Pads;
  /** Average pool only: whether padded zeros count in the mean. */
  readonly countPadding: boolean;
}

export interface Pad extends Base {
  readonly op: 'pad';
  readonly pads: Pads;
  readonly value: number;
}

/** Mean (or maximum) over height and width: [h, w, c] -> [c]; with keepDims [1, 1, c]. */
export interface GlobalPool extends Base {
  readonly op: 'global-average-pool' | 'global-max-pool';
  readonly keepDims: boolean;
}

/** kernel: weight [in, out], bias: [out]; input [in] -> [out]. */
export interface Dense extends Base {
  readonly op: 'dense';
  readonly kernel: string;
  readonly bias?: string;
}

/** Elementwise sum or product of two or more tensors; [1, 1, c] and [c] broadcast over height and width. */
export interface Elementwise extends Base {
  readonly op: 'add' | 'mul';
}

/** Along the last (channel) axis. */
export interface Concat extends Base {
  readonly op: 'concat';
}

/** New shape without the batch axis, in NHWC element order; `flatten` is a reshape to [n]. */
export interface Reshape extends Base {
  readonly op: 'reshape';
  readonly shape: readonly number[];
}

/** Channels start (inclusive) to end (exclusive). */
export interface ChannelSlice extends Base {
  readonly op: 'channel-slice';
  readonly start: number;
  readonly end: number;
}

/** ShuffleNet: [g, c/g] -> [c/g, g] on the channel axis. */
export interface ChannelShuffle extends Base {
  readonly op: 'channel-shuffle';
  readonly groups: number;
}

/** Local response normalization across channels (ONNX LRN definition: alpha is divided by size). */
export interface LocalResponseNorm extends Base {
  readonly op: 'local-response-norm';
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

export type GraphNode =
  | Conv2d
  | DepthwiseConv2d
  | BatchNorm
  | Affine
  | ActivationNode
  | Pool
  | Pad
  | GlobalPool
  | Dense
  | Elementwise
  | Concat
  | Reshape
  | ChannelSlice
  | ChannelShuffle
  | LocalResponseNorm;

export interface GraphInput {
  readonly name: string;
  /** [height, width, channels] of one photo. */
  readonly shape: readonly [height: number, width: number, channels: number];
}

export interface ModelGraph {
  readonly input: GraphInput;
  readonly nodes: readonly GraphNode[];
  /** Names of the nodes whose tensors are the graph's results, in order. */
  readonly outputs: readonly string[];
  readonly weights: ReadonlyMap<string, Weight>;
}

/** The weight keys a node reads, in a fixed order. */
export function weightKeys(node: GraphNode): string[] {
  switch (node.op) {
    case 'conv2d':
    case 'depthwise-conv2d':
    case 'dense':
      return node.bias === undefined ? [node.kernel] : [node.kernel, node.bias];
    case 'batch-norm':
      return [node.scale, node.offset, node.mean, node.variance];
    case 'affine':
      return [node.scale, node.offset];
    default:
      return [];
  }
}

/** The weight a node refers to. @throws Error when the graph is broken: an importer's defect. */
export function weightOf(graph: ModelGraph, key: string): Weight {
  const weight = graph.weights.get(key);
  if (weight === undefined) throw new Error(`The model graph has no weight "${key}".`);
  return weight;
}

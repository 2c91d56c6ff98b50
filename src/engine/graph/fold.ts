/** Arithmetic that needs no layer of its own: batch norm into the weights before it, pixels into a model's range. */
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { freeName, prune } from './cut.ts';
import {
  weightKeys,
  weightOf,
  type Affine,
  type BatchNorm,
  type GraphNode,
  type ModelGraph,
  type Weight,
} from './graph.ts';

interface Line {
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}

/** The scale and offset per channel that a batch norm in inference mode, or an affine, amounts to. */
export function lineOf(graph: ModelGraph, node: BatchNorm | Affine): Line {
  const scale = weightOf(graph, node.scale).data;
  const offset = weightOf(graph, node.offset).data;
  if (node.op === 'affine') return { scale, offset };
  const mean = weightOf(graph, node.mean).data;
  const variance = weightOf(graph, node.variance).data;
  const factor = scale.map((s, i) => s / Math.sqrt((variance[i] ?? 0) + node.epsilon));
  return { scale: factor, offset: offset.map((o, i) => o - (mean[i] ?? 0) * (factor[i] ?? 0)) };
}

/** The layer's kernel and bias with every output channel scaled and shifted. */
function scaledOutput(
  kernel: Weight,
  bias: Weight | undefined,
  line: Line,
): { kernel: Weight; bias: Weight } {
  const channels = line.scale.length;
  // Every kernel layout of the graph has the output channels last; [c, multiplier] is one run of them.
  const data = kernel.data.map((v, i) => v * (line.scale[i % channels] ?? 0));
  const shifted = line.offset.map((o, c) => o + (bias?.data[c] ?? 0) * (line.scale[c] ?? 0));
  return { kernel: { shape: kernel.shape, data }, bias: { shape: [channels], data: shifted } };
}

class Folder {
  private readonly nodes = new Map<string, GraphNode>();
  private readonly weights: Map<string, Weight>;
  private readonly readers = new Map<string, number>();

  constructor(private readonly graph: ModelGraph) {
    this.weights = new Map(graph.weights);
    const names = [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs, ...graph.outputs];
    for (const name of names) this.readers.set(name, (this.readers.get(name) ?? 0) + 1);
  }

  run(): ModelGraph {
    for (const node of this.graph.nodes) {
      const folded = node.op === 'batch-norm' || node.op === 'affine' ? this.fold(node) : undefined;
      this.nodes.set(node.name, folded ?? node);
    }
    return prune({ ...this.graph, nodes: [...this.nodes.values()], weights: this.weights });
  }

  /** The layer before with the line in its weights; it takes over the name, so surviving tensors keep theirs. */
  private fold(node: BatchNorm | Affine): GraphNode | undefined {
    const [from = ''] = node.inputs;
    const before = this.nodes.get(from);
    if (before === undefined || this.readers.get(from) !== 1) return undefined;
    const current: ModelGraph = { ...this.graph, weights: this.weights };
    const line = lineOf(current, node);
    switch (before.op) {
      case 'conv2d':
      case 'depthwise-conv2d':
      case 'dense': {
        const bias = before.bias === undefined ? undefined : weightOf(current, before.bias);
        const next = scaledOutput(weightOf(current, before.kernel), bias, line);
        this.nodes.delete(from);
        return {
          ...before,
          name: node.name,
          kernel: this.store(`${before.name}/kernel`, next.kernel),
          bias: this.store(`${before.name}/bias`, next.bias),
        };
      }
      case 'batch-norm':
      case 'affine': {
        const inner = lineOf(current, before);
        const shape = [line.scale.length];
        const scale = line.scale.map((s, i) => s * (inner.scale[i] ?? 0));
        const offset = line.offset.map((o, i) => o + (inner.offset[i] ?? 0) * (line.scale[i] ?? 0));
        this.nodes.delete(from);
        return {
          op: 'affine',
          name: node.name,
          inputs: before.inputs,
          scale: this.store(`${before.name}/scale`, { shape, data: scale }),
          offset: this.store(`${before.name}/offset`, { shape, data: offset }),
        };
      }
      default:
        return undefined;
    }
  }

  /** Weights may be shared between nodes, so a changed one gets a key of its own. */
  private store(wanted: string, weight: Weight): string {
    let key = wanted;
    for (let i = 2; this.weights.has(key); i++) key = `${wanted}_${i}`;
    this.weights.set(key, weight);
    return key;
  }
}

/**
 * The same function with every batch norm and affine folded into the convolution, depthwise convolution
 * or dense layer whose only reader it is; a chain of them without such a layer becomes one affine. A
 * folded layer takes the name of the batch norm, so that every remaining tensor keeps its name and value.
 */
export function foldBatchNorm(graph: ModelGraph): ModelGraph {
  return new Folder(graph).run();
}

/**
 * The graph with its normalization inside: it takes RGB values 0..255 and computes (x - mean) / std first.
 * @throws HolotypeError `bad-usage` when the policy's size is not the graph's, `not-supported` for a graph
 *   that doesn't take three channels
 */
export function withInputNormalization(graph: ModelGraph, policy: InputPolicy): ModelGraph {
  const [height, width, channels] = graph.input.shape;
  if (channels !== 3)
    throw new HolotypeError('not-supported', `This model takes ${channels} channels; photos have 3 (RGB).`, {
      remedy: 'Use a model for colour photos.',
    });
  if (policy.height !== height || policy.width !== width)
    throw new HolotypeError(
      'bad-usage',
      `The model takes ${height} x ${width} pixels, but the input policy says ${policy.height} x ${policy.width}.`,
      { remedy: 'Give both the same size.' },
    );
  const name = freeName(graph, 'normalize');
  const scaleKey = freeName(graph, `${name}/scale`);
  const offsetKey = freeName(graph, `${name}/offset`);
  const scale = Float32Array.from(policy.std, (std) => 1 / std);
  const offset = Float32Array.from(policy.mean, (mean, i) => -mean / (policy.std[i] ?? 1));
  const normalize: Affine = {
    op: 'affine',
    name,
    inputs: [graph.input.name],
    scale: scaleKey,
    offset: offsetKey,
  };
  const rename = (input: string): string => (input === graph.input.name ? name : input);
  return {
    input: graph.input,
    nodes: [normalize, ...graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) }))],
    outputs: graph.outputs.map(rename),
    weights: new Map([
      ...graph.weights,
      [scaleKey, { shape: [3], data: scale }],
      [offsetKey, { shape: [3], data: offset }],
    ]),
  };
}

/** Number of weights that nodes read, in all. */
export function parameterCount(graph: ModelGraph, nodes: readonly GraphNode[] = graph.nodes): number {
  const keys = new Set(nodes.flatMap(weightKeys));
  return [...keys].reduce((n, key) => n + weightOf(graph, key).data.length, 0);
}

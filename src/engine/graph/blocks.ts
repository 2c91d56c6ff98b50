/** Named blocks of a backbone: what a person freezes, and what a trunk and a tail are cut between. */
import { parameterCount } from './fold.ts';
import type { GraphNode, ModelGraph } from './graph.ts';
import { weightOf } from './graph.ts';
import { groupSegments, type Segment } from './block-groups.ts';
import { nameBlocks } from './block-names.ts';
import { inferShapes, type Shape } from './shapes.ts';

export interface Block {
  readonly name: string;
  /** Names of its nodes, in order. */
  readonly nodes: string[];
  /** The one tensor that the rest of the graph reads of this block: where to cut behind it. */
  readonly output: string;
  readonly outputShape: Shape;
  /** Numbers in its weights. */
  readonly parameters: number;
  /** Multiplications with addition for one photo, in convolutions and dense layers. */
  readonly multiplyAdds: number;
}

/** The graph in pieces between tensors that everything passes through (articulation points). */
function segmentsOf(graph: ModelGraph, shapes: ReadonlyMap<string, Shape>): Segment[] {
  const lastRead = new Map<string, number>();
  for (const [i, node] of graph.nodes.entries()) for (const name of node.inputs) lastRead.set(name, i);
  for (const name of graph.outputs) lastRead.set(name, graph.nodes.length);
  const segments: Segment[] = [];
  const live = new Set<string>([graph.input.name]);
  let nodes: GraphNode[] = [];
  let input = graph.input.name;
  for (const [i, node] of graph.nodes.entries()) {
    nodes.push(node);
    live.add(node.name);
    for (const name of live) if ((lastRead.get(name) ?? -1) <= i) live.delete(name);
    const last = i === graph.nodes.length - 1;
    if (!last && !(live.size === 1 && live.has(node.name))) continue;
    segments.push({
      nodes,
      input,
      inputShape: shapes.get(input) ?? [],
      outputShape: shapes.get(node.name) ?? [],
    });
    nodes = [];
    input = node.name;
  }
  return segments;
}

/** Multiply-adds of one node for one photo. */
function multiplyAdds(graph: ModelGraph, node: GraphNode, shapes: ReadonlyMap<string, Shape>): number {
  if (node.op === 'dense') return weightOf(graph, node.kernel).data.length;
  if (node.op !== 'conv2d' && node.op !== 'depthwise-conv2d') return 0;
  const [h = 1, w = 1] = shapes.get(node.name) ?? [];
  return h * w * weightOf(graph, node.kernel).data.length;
}

/**
 * The graph's blocks in order. A block ends where exactly one tensor crosses, so the graph can be cut
 * behind each of them; a residual unit, a depthwise separable pair, an inception module, a dense block or
 * a run of plain convolutions up to its pooling is one block. Names come from the file's own node names
 * where those tell blocks apart, else they are stem, block1..n, last-conv and classifier.
 */
export function blocksOf(graph: ModelGraph): Block[] {
  const shapes = inferShapes(graph);
  const groups = groupSegments(graph, segmentsOf(graph, shapes));
  const names = nameBlocks(groups);
  return groups.map(({ nodes }, i) => {
    const output = nodes.at(-1)?.name ?? graph.input.name;
    return {
      name: names[i] ?? `block${i}`,
      nodes: nodes.map((node) => node.name),
      output,
      outputShape: shapes.get(output) ?? [],
      parameters: parameterCount(graph, nodes),
      multiplyAdds: nodes.reduce((n, node) => n + multiplyAdds(graph, node, shapes), 0),
    };
  });
}

/** Steps between a classifier layer and the graph's output that keep the ranking of classes. */
const isTrailing = (node: GraphNode): boolean =>
  node.op === 'reshape' ||
  node.op === 'affine' ||
  (node.op === 'activation' && (node.kind === 'softmax' || node.kind === 'sigmoid'));

/**
 * The tensor that a new head should read: what goes into the final classifier layer (dense, or a 1x1
 * convolution that makes class scores). For a graph that ends in features already, its output.
 *
 * It is a vector [c] or [1, 1, c] where the network pools before its classifier, else a map [h, w, c] that
 * the caller pools. A 1x1 convolution in front of the final pool makes scores if a softmax follows or its
 * channels are no multiple of 16: feature widths are, numbers of classes hardly ever.
 */
export function featureNode(graph: ModelGraph): string {
  const shapes = inferShapes(graph);
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const before = (node: GraphNode): GraphNode | undefined => nodes.get(node.inputs[0] ?? '');
  const [output = graph.input.name] = graph.outputs;
  let node = nodes.get(output);
  let softmax = false;
  while (node !== undefined && isTrailing(node)) {
    softmax ||= node.op === 'activation' && node.kind === 'softmax';
    node = before(node);
  }
  if (node === undefined) return output;
  if (node.op === 'dense') return node.inputs[0] ?? output;
  const undecided = softmax ? node.name : output;
  const pooled = node.op === 'global-average-pool' || node.op === 'global-max-pool';
  let layer: GraphNode | undefined = node;
  if (pooled) {
    layer = before(node);
    while (layer !== undefined && (layer.op === 'activation' || layer.op === 'affine')) layer = before(layer);
  }
  if (layer === undefined || layer.op !== 'conv2d') return undecided;
  const [from = output] = layer.inputs;
  const [kh = 1, kw = 1, , cout = 1] = weightOf(graph, layer.kernel).shape;
  const [h = 1, w = 1] = shapes.get(from) ?? [];
  const scores = pooled ? kh * kw === 1 && (softmax || cout % 16 !== 0) : h * w === 1;
  return scores ? from : undecided;
}

/** Joins what exporters spell out in several nodes: x * sigmoid(x), biases, padding, chains of arithmetic. */
import { prune } from '../cut.ts';
import type { ActivationNode, GraphNode, ModelGraph, Weight } from '../graph.ts';

type Weights = Map<string, Weight>;
interface Rewrite {
  readonly node: GraphNode;
  /** Names of nodes that the new one makes superfluous, if nobody else reads them. */
  readonly absorbs: readonly string[];
}

/** What happens to the nodes around; `single` says whether a tensor is read once and is no output. */
interface Context {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly weights: Weights;
  readonly single: (name: string) => boolean;
}

function gate(node: GraphNode, context: Context): Rewrite | undefined {
  if (node.op !== 'mul' || node.inputs.length !== 2) return undefined;
  for (const [x, g] of [node.inputs, [...node.inputs].reverse()]) {
    const inner = g === undefined ? undefined : context.nodes.get(g);
    if (x === undefined || inner?.op !== 'activation' || inner.inputs[0] !== x || !context.single(inner.name))
      continue;
    const kind = gateKind(inner);
    if (kind !== undefined)
      return { node: { op: 'activation', name: node.name, inputs: [x], kind }, absorbs: [inner.name] };
  }
  return undefined;
}

function gateKind(inner: ActivationNode): 'swish' | 'hard-swish' | undefined {
  if (inner.kind === 'sigmoid') return 'swish';
  const sixth = Math.abs((inner.alpha ?? 1 / 6) - 1 / 6) < 1e-6 && Math.abs((inner.beta ?? 0.5) - 0.5) < 1e-6;
  return inner.kind === 'hard-sigmoid' && sixth ? 'hard-swish' : undefined;
}

const combineVectors = (
  a: Float32Array,
  b: Float32Array,
  apply: (x: number, y: number) => number,
): Float32Array => a.map((x, i) => apply(x, b[i] ?? 0));

/** An affine after an affine is one; after a layer with a bias, its offset is part of the bias. */
function arithmetic(node: GraphNode, context: Context): Rewrite | undefined {
  if (node.op !== 'affine') return undefined;
  const [from] = node.inputs;
  const before = from === undefined ? undefined : context.nodes.get(from);
  const { weights } = context;
  const scale = weights.get(node.scale);
  const offset = weights.get(node.offset);
  if (before === undefined || scale === undefined || offset === undefined || !context.single(before.name))
    return undefined;
  if (before.op === 'affine') {
    const innerScale = weights.get(before.scale);
    const innerOffset = weights.get(before.offset);
    // Scalars were spread over the channels of one tensor, so both have the same length.
    if (innerScale === undefined || innerOffset === undefined || innerScale.data.length !== scale.data.length)
      return undefined;
    const shifted = combineVectors(innerOffset.data, scale.data, (o, s) => o * s);
    weights.set(node.scale, { ...scale, data: combineVectors(innerScale.data, scale.data, (a, b) => a * b) });
    weights.set(node.offset, { ...offset, data: combineVectors(shifted, offset.data, (a, b) => a + b) });
    return { node: { ...node, inputs: before.inputs }, absorbs: [before.name] };
  }
  const layer = before.op === 'conv2d' || before.op === 'depthwise-conv2d' || before.op === 'dense';
  if (!layer || scale.data.some((s) => s !== 1)) return undefined;
  const bias = before.bias === undefined ? undefined : weights.get(before.bias);
  weights.set(node.offset, {
    ...offset,
    data: bias === undefined ? offset.data : combineVectors(bias.data, offset.data, (a, b) => a + b),
  });
  return { node: { ...before, name: node.name, bias: node.offset }, absorbs: [before.name] };
}

/** Zeros added before a convolution are its own padding. */
function padding(node: GraphNode, context: Context): Rewrite | undefined {
  if (node.op !== 'conv2d' && node.op !== 'depthwise-conv2d') return undefined;
  const [from] = node.inputs;
  const before = from === undefined ? undefined : context.nodes.get(from);
  if (before?.op !== 'pad' || before.value !== 0 || !context.single(before.name)) return undefined;
  const [t, l, b, r] = before.pads;
  const [top, left, bottom, right] = node.pads;
  const pads = [top + t, left + l, bottom + b, right + r] as const;
  return { node: { ...node, inputs: before.inputs, pads }, absorbs: [before.name] };
}

const rules = [gate, arithmetic, padding];

/** Leaves out nodes that no output needs, and weights that no node reads. */
export function simplify(graph: ModelGraph): ModelGraph {
  const uses = new Map<string, number>();
  const count = (name: string, by: number) => uses.set(name, (uses.get(name) ?? 0) + by);
  for (const node of graph.nodes) for (const name of node.inputs) count(name, 1);
  for (const name of graph.outputs) count(name, 2);
  const nodes = new Map<string, GraphNode>();
  const weights: Weights = new Map(graph.weights);
  const context: Context = { nodes, weights, single: (name) => uses.get(name) === 1 };
  for (const original of graph.nodes) {
    let node = original;
    for (const rule of rules) {
      const rewrite = rule(node, context);
      if (rewrite === undefined) continue;
      for (const name of node.inputs) count(name, -1);
      for (const name of rewrite.node.inputs) count(name, 1);
      for (const name of rewrite.absorbs) {
        for (const read of nodes.get(name)?.inputs ?? []) count(read, -1);
        nodes.delete(name);
      }
      node = rewrite.node;
    }
    nodes.set(node.name, node);
  }
  return prune({ ...graph, nodes: [...nodes.values()], weights });
}

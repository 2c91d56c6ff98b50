/** Where a backbone is divided for fine-tuning: what is computed once, and what is trained. */
import { HolotypeError } from '../../../contract/errors.ts';
import type { Block } from '../../graph/blocks.ts';
import { appendNodes, freeName } from '../../graph/cut.ts';
import { foldBatchNorm } from '../../graph/fold.ts';
import { weightKeys, type GraphNode, type ModelGraph } from '../../graph/graph.ts';
import { inferShapes } from '../../graph/shapes.ts';
import type { Trunk } from '../trunk.ts';

/** A tensor that the tail reads and the frozen part computes: some columns of the frozen part's one output. */
export interface Crossing {
  readonly name: string;
  /** Without the batch axis. */
  readonly shape: readonly number[];
  readonly start: number;
  readonly size: number;
}

/** A weight that is trained. */
export interface TrainedWeight {
  readonly key: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** Kernels are decayed; biases, scales and offsets aren't. */
  readonly decays: boolean;
  /** Blocks between this one and the head: 0 for the last block. */
  readonly depth: number;
}

export interface TailPlan {
  /** The block up to which all stays as it is; undefined: nothing is frozen. */
  readonly frozenUntil: string | undefined;
  /** Takes RGB 0..255; its one output is a vector of `dimension` numbers: every crossing, flattened. */
  readonly frozen: ModelGraph;
  readonly dimension: number;
  readonly crossings: readonly Crossing[];
  /** What is computed anew in every step, in order; its result is `output`, a vector of features. */
  readonly nodes: readonly GraphNode[];
  readonly output: string;
  readonly trained: readonly TrainedWeight[];
  /** Names of the blocks that are trained, in order. */
  readonly blocks: readonly string[];
}

/** What `--freeze-until` says for a network that is trained from its first layer on. */
export const nothing = 'none';

/** Up to this share of a network's multiplications is frozen when nobody says otherwise. */
const frozenShare = 0.72;

/**
 * The block to freeze up to when nobody says: about two thirds of the computation stay frozen. What the first
 * blocks see (edges, textures, parts) suits any photo, and the tail's maps are small, so that they can be kept. On
 * flowers with MobileNetV2 the last third brings the accuracy that training all of it does.
 */
export function defaultFreezePoint(blocks: readonly Block[], trunk: Trunk): string {
  const inTrunk = new Set(trunk.graph.nodes.map(({ name }) => name));
  const used = blocks.filter(({ output }) => inTrunk.has(output));
  const total = used.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  let before = 0;
  let best = nothing;
  for (const block of used) {
    before += block.multiplyAdds;
    if (before > frozenShare * total) break;
    best = block.name;
  }
  return best;
}

/**
 * Divides a trunk behind a block. Earlier maps that the head reads too are averaged in the frozen part.
 *
 * @param trunk with its batch norms, not folded
 * @param blocks of the backbone it was made from
 * @param freezeUntil a block's name, or {@link nothing}
 * @throws HolotypeError('bad-usage') for a block that isn't there, or behind which nothing can be trained
 */
export function planTail(trunk: Trunk, blocks: readonly Block[], freezeUntil: string): TailPlan {
  const { graph } = trunk;
  const boundary = boundaryOf(graph, blocks, freezeUntil);
  const frozenNames = frozenTensors(graph, boundary);
  const nodes = graph.nodes.filter(({ name }) => !frozenNames.has(name));
  const [output = graph.input.name] = graph.outputs;
  const trained = trainedWeights(graph, nodes, blocks);
  if (trained.length === 0) throw nothingLeft(blocks, freezeUntil);

  const shapes = inferShapes(graph);
  const read = new Set(nodes.flatMap(({ inputs }) => inputs).filter((name) => frozenNames.has(name)));
  const crossings: Crossing[] = [];
  const added: GraphNode[] = [];
  let dimension = 0;
  for (const name of read) {
    const shape = shapes.get(name) ?? [];
    const size = shape.reduce((a, b) => a * b, 1);
    crossings.push({ name, shape, start: dimension, size });
    dimension += size;
    const flat = freeName(graph, `${name}/flat`);
    added.push({ op: 'reshape', name: flat, inputs: [name], shape: [size] });
  }
  let vector = added[0]?.name ?? boundary;
  if (added.length > 1) {
    vector = freeName(graph, 'boundary/all');
    added.push({ op: 'concat', name: vector, inputs: added.map(({ name }) => name) });
  }
  return {
    frozenUntil: freezeUntil === nothing ? undefined : freezeUntil,
    frozen: foldBatchNorm(appendNodes(graph, added, new Map(), [vector])),
    dimension,
    crossings,
    nodes,
    output,
    trained,
    blocks: trainedBlocks(blocks, nodes, trained),
  };
}

/** Names of the blocks that something is trained of. */
function trainedBlocks(
  blocks: readonly Block[],
  nodes: readonly GraphNode[],
  trained: readonly TrainedWeight[],
): string[] {
  const keys = new Set(trained.map(({ key }) => key));
  const learning = new Set(
    nodes.filter((node) => keysOf(node).some((key) => keys.has(key))).map(({ name }) => name),
  );
  return blocks.filter((block) => block.nodes.some((name) => learning.has(name))).map(({ name }) => name);
}

/** The tensor behind which training starts. */
function boundaryOf(graph: ModelGraph, blocks: readonly Block[], freezeUntil: string): string {
  if (freezeUntil === nothing) {
    // Normalized pixels: the arithmetic before them is the input policy's.
    const first = graph.nodes[0];
    return first?.op === 'affine' && first.inputs[0] === graph.input.name ? first.name : graph.input.name;
  }
  const block = blocks.find(({ name }) => name === freezeUntil);
  if (block === undefined)
    throw new HolotypeError('bad-usage', `The backbone has no block "${freezeUntil}".`, {
      remedy: `Freeze up to one of: ${nothing}, ${blocks.map(({ name }) => name).join(', ')}.`,
    });
  if (!graph.nodes.some(({ name }) => name === block.output)) throw nothingLeft(blocks, freezeUntil);
  return block.output;
}

function nothingLeft(blocks: readonly Block[], freezeUntil: string): HolotypeError {
  return new HolotypeError('bad-usage', `Frozen up to "${freezeUntil}", nothing is left to train.`, {
    remedy: `Freeze up to an earlier block (${blocks.map(({ name }) => name).join(', ')}), or use --recipe head.`,
  });
}

/** The boundary, all it depends on, and what is averaged from frozen maps alone. */
function frozenTensors(graph: ModelGraph, boundary: string): Set<string> {
  const names = new Set([graph.input.name, boundary]);
  for (const node of [...graph.nodes].reverse())
    if (names.has(node.name)) for (const input of node.inputs) names.add(input);
  for (const node of graph.nodes)
    if (node.op.startsWith('global-') && node.inputs.every((input) => names.has(input))) names.add(node.name);
  return names;
}

function trainedWeights(
  graph: ModelGraph,
  nodes: readonly GraphNode[],
  blocks: readonly Block[],
): TrainedWeight[] {
  const tail = new Set(nodes);
  // A weight that a frozen layer reads too stays as it is.
  const taken = new Set(graph.nodes.filter((node) => !tail.has(node)).flatMap((node) => keysOf(node)));
  const blockOf = new Map(
    blocks.flatMap((block, index) => block.nodes.map((name) => [name, index] as const)),
  );
  const found: { key: string; decays: boolean; block: number }[] = [];
  let block = 0;
  for (const node of nodes) {
    block = blockOf.get(node.name) ?? block;
    for (const [index, key] of keysOf(node).entries()) {
      if (taken.has(key)) continue;
      taken.add(key);
      found.push({ key, decays: index === 0 && node.op !== 'batch-norm', block });
    }
  }
  const inUse = [...new Set(found.map((one) => one.block))].sort((a, b) => a - b);
  return found.map(({ key, decays, block: own }) => {
    const { shape, data } = graph.weights.get(key) ?? { shape: [0], data: new Float32Array() };
    return { key, shape, size: data.length, decays, depth: inUse.length - 1 - inUse.indexOf(own) };
  });
}

/**
 * What of a node can be trained: kernels, biases, and a batch norm's scale and offset. Its statistics stay as they
 * are, and so does an affine's arithmetic, which is a file's preprocessing.
 */
function keysOf(node: GraphNode): string[] {
  if (node.op === 'affine') return [];
  return node.op === 'batch-norm' ? [node.scale, node.offset] : weightKeys(node);
}

import type { InputPolicy } from '../../contract/input-policy.ts';
import { featureNode } from '../graph/blocks.ts';
import { appendNodes, freeName } from '../graph/cut.ts';
import { foldBatchNorm, withInputNormalization } from '../graph/fold.ts';
import type { GraphNode, ModelGraph } from '../graph/graph.ts';
import { inferShapes } from '../graph/shapes.ts';

/** The frozen part of a backbone: photos in, one feature vector out. */
export interface Trunk {
  /** Takes RGB 0..255 at the policy's size; its one output is a vector of `dimension` features. */
  readonly graph: ModelGraph;
  readonly dimension: number;
  /** Columns of the vector that are the backbone's own final features; those of earlier blocks follow. */
  readonly finalColumns: number;
  /** What the vector is made of, in order. */
  readonly parts: readonly { readonly node: string; readonly columns: number }[];
}

/** Wider maps than this add more to a vector than they tell. */
const widestTap = 2048;

/**
 * Cuts a backbone where a new head starts. Beside the final features the vector holds, averaged over the photo,
 * the sums (or concatenations) that close the last residual block of the last two resolutions: what a network
 * knows halfway helps where the person's classes are not ImageNet's. On flowers with MobileNetV2 it adds 2 points
 * to a linear head, and whether the head reads them is decided by comparison (see choose-decay).
 *
 * @param graph as imported, taking normalized photos
 * @param options.taps false: the final features alone
 * @param options.fold false: batch norms stay layers of their own, as training wants them
 */
export function buildTrunk(
  graph: ModelGraph,
  policy: InputPolicy,
  options: { taps?: boolean; fold?: boolean } = {},
): Trunk {
  const shapes = inferShapes(graph);
  const final = featureNode(graph);
  const taps = options.taps === false ? [] : tapNodes(graph, final, shapes);
  const parts = [final, ...taps].map((node) => ({ node, columns: shapes.get(node)?.at(-1) ?? 0 }));
  const added: GraphNode[] = [];
  const vectors = parts.map(({ node }) => {
    if (shapes.get(node)?.length === 1) return node;
    const name = freeName(graph, `${node}/pooled`);
    added.push({ op: 'global-average-pool', name, inputs: [node], keepDims: false });
    return name;
  });
  let output = vectors[0] ?? final;
  if (vectors.length > 1) {
    output = freeName(graph, 'features/all');
    added.push({ op: 'concat', name: output, inputs: vectors });
  }
  const trunk = appendNodes(graph, added, new Map(), [output]);
  return {
    graph: withInputNormalization(options.fold === false ? trunk : foldBatchNorm(trunk), policy),
    dimension: parts.reduce((sum, { columns }) => sum + columns, 0),
    finalColumns: parts[0]?.columns ?? 0,
    parts,
  };
}

/** Closing sums of residual blocks (or concatenations) at the two smallest resolutions, deepest first. */
function tapNodes(
  graph: ModelGraph,
  final: string,
  shapes: ReadonlyMap<string, readonly number[]>,
): string[] {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  const last = sourceOf(final, byName);
  const before = graph.nodes.findIndex(({ name }) => name === final);
  const deepest = new Map<number, string>();
  for (const node of graph.nodes.slice(0, before)) {
    const [height = 0, width = 0, channels = 0] = shapes.get(node.name) ?? [];
    if ((node.op !== 'add' && node.op !== 'concat') || node.name === last) continue;
    if (height * width > 1 && channels <= widestTap) deepest.set(height * width, node.name);
  }
  return [...deepest.entries()]
    .sort(([a], [b]) => a - b)
    .slice(0, 2)
    .map(([, name]) => name);
}

/** The map whose average is the final feature: the tensor behind pooling, activation and normalization. */
function sourceOf(name: string, byName: ReadonlyMap<string, GraphNode>): string {
  const passed = new Set<GraphNode['op']>([
    'activation',
    'batch-norm',
    'affine',
    'reshape',
    'average-pool',
    'global-average-pool',
  ]);
  let node = byName.get(name);
  while (node !== undefined && passed.has(node.op)) node = byName.get(node.inputs[0] ?? '');
  return node?.name ?? name;
}

/** Where a network stops being spatial: behind these maps nothing knows any more where in the photo it was. */
import { HolotypeError } from '../../contract/errors.ts';
import type { GraphNode, ModelGraph } from '../graph/graph.ts';
import { inferShapes } from '../graph/shapes.ts';

/** A feature map [rows, columns, channels]. */
export interface FeatureMap {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

/** A network in two parts: photo to maps, maps to class scores. */
export interface MapsAndScores {
  /** What an explanation is drawn on: gradients are taken with respect to all of them together. */
  readonly maps: readonly FeatureMap[];
  /** What else the second part reads; it counts as given. */
  readonly given: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** The second part, in order. */
  readonly nodes: readonly GraphNode[];
  /** The class scores before softmax. */
  readonly scores: string;
}

/**
 * Divides a classifier at its last spatial maps: those that are pooled or flattened for good. Mostly that is the one
 * map in front of the global pool; a head that reads earlier blocks as well has one for each, and every way from the
 * pixels to a score then leads through exactly one of them. A pool whose result is multiplied back into a map
 * (squeeze-and-excitation) is not for good.
 *
 * @param graph a classifier
 * @param at divide at this tensor instead; what goes around it counts as given
 * @returns undefined when there are no such maps: the network has no convolutions, or pools nowhere
 * @throws HolotypeError('bad-usage') when `at` is no map of the graph that the scores depend on
 */
export function divideAtLastMaps(graph: ModelGraph, at?: string): MapsAndScores | undefined {
  const shapes = inferShapes(graph);
  const scores = scoresOf(graph);
  const needed = ancestors(graph, scores);
  const nodes = graph.nodes.filter(({ name }) => needed.has(name));
  const tail = at === undefined ? behindAllMaps(nodes, shapes) : behind(nodes, at);
  if (at !== undefined && (tail.size === 0 || !isSpatial(shapes.get(at))))
    throw new HolotypeError('bad-usage', `The class scores depend on no feature map "${at}".`, {
      remedy: "Name one of the model's maps, or none for the last.",
    });
  const second = nodes.filter(({ name }) => tail.has(name));
  const read = [...new Set(second.flatMap(({ inputs }) => inputs))].filter((name) => !tail.has(name));
  const learned = withConvolutions(nodes);
  const isMap = (name: string): boolean =>
    at === undefined ? isSpatial(shapes.get(name)) && learned.has(name) : name === at;
  const maps = read.filter(isMap).map((name): FeatureMap => {
    const [rows = 1, columns = 1, channels = 1] = shapes.get(name) ?? [];
    return { name, rows, columns, channels };
  });
  if (maps.length === 0) return undefined;
  const given = read.filter((name) => !isMap(name)).map((name) => ({ name, shape: shapes.get(name) ?? [] }));
  return { maps, given, nodes: second, scores };
}

/** The first output as it is before softmax (or the sigmoid of each class). */
function scoresOf(graph: ModelGraph): string {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]));
  let scores = graph.outputs[0] ?? graph.input.name;
  for (let node = byName.get(scores); node !== undefined; node = byName.get(node.inputs[0] ?? '')) {
    if (node.op === 'activation' && (node.kind === 'softmax' || node.kind === 'sigmoid'))
      scores = node.inputs[0] ?? scores;
    else if (node.op !== 'reshape') break;
  }
  return scores;
}

function isSpatial(shape: readonly number[] | undefined): boolean {
  const [rows = 1, columns = 1] = shape ?? [];
  return shape?.length === 3 && rows * columns > 1;
}

/** A tensor and all it depends on. */
function ancestors(graph: ModelGraph, name: string): Set<string> {
  const names = new Set([name]);
  for (const node of [...graph.nodes].reverse())
    if (names.has(node.name)) for (const input of node.inputs) names.add(input);
  return names;
}

/** Nodes that are not spatial and lead to nothing spatial any more. */
function behindAllMaps(
  nodes: readonly GraphNode[],
  shapes: ReadonlyMap<string, readonly number[]>,
): Set<string> {
  const leadsBack = new Set<string>();
  const tail = new Set<string>();
  for (const node of [...nodes].reverse()) {
    const spatial = isSpatial(shapes.get(node.name)) || leadsBack.has(node.name);
    if (spatial) for (const input of node.inputs) leadsBack.add(input);
    else tail.add(node.name);
  }
  return tail;
}

/** Nodes that depend on a tensor. */
function behind(nodes: readonly GraphNode[], at: string): Set<string> {
  const tail = new Set<string>();
  for (const { name, inputs } of nodes)
    if (inputs.some((input) => input === at || tail.has(input))) tail.add(name);
  return tail;
}

/** Tensors with a convolution behind them: before the first there are pixels, not features. */
function withConvolutions(nodes: readonly GraphNode[]): Set<string> {
  const names = new Set<string>();
  for (const { op, name, inputs } of nodes)
    if (op === 'conv2d' || op === 'depthwise-conv2d' || inputs.some((input) => names.has(input)))
      names.add(name);
  return names;
}

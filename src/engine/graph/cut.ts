/** Parts of a model graph: up to a tensor, after a tensor, and with nodes added at the end. */
import { HolotypeError } from '../../contract/errors.ts';
import { weightKeys, type GraphNode, type ModelGraph, type Weight } from './graph.ts';
import { inferShapes } from './shapes.ts';

/** The graph without the nodes that no output depends on and the weights that no node reads. */
export function prune(graph: ModelGraph): ModelGraph {
  const needed = new Set(graph.outputs);
  const nodes: GraphNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!needed.has(node.name)) continue;
    nodes.push(node);
    for (const name of node.inputs) needed.add(name);
  }
  nodes.reverse();
  const weights = new Map<string, Weight>();
  for (const node of nodes)
    for (const key of weightKeys(node)) {
      const weight = graph.weights.get(key);
      if (weight !== undefined) weights.set(key, weight);
    }
  return { input: graph.input, nodes, outputs: graph.outputs, weights };
}

function requireTensor(graph: ModelGraph, name: string): void {
  if (name === graph.input.name || graph.nodes.some((node) => node.name === name)) return;
  throw new HolotypeError('bad-usage', `The model has no tensor named "${name}".`, {
    remedy: "Name one of the model's nodes or blocks.",
  });
}

/**
 * The part of the graph that computes these tensors (node names), in this order.
 * @throws HolotypeError `bad-usage` for a name that is not in the graph
 */
export function cutAt(graph: ModelGraph, outputs: readonly string[]): ModelGraph {
  for (const name of outputs) requireTensor(graph, name);
  return prune({ ...graph, outputs });
}

/**
 * The rest of the graph after a tensor, which becomes its input. A map [h, w, c] keeps its name as the
 * input's. A vector [c] comes in as [1, 1, c] under the name `<boundary>/input`, because a graph's input
 * has three axes; the numbers are the same.
 * @throws HolotypeError `bad-usage` when the rest also reads something computed before the boundary
 */
export function tailAfter(graph: ModelGraph, boundary: string): ModelGraph {
  requireTensor(graph, boundary);
  if (boundary === graph.input.name) return graph;
  const shape = inferShapes(graph).get(boundary) ?? [];
  const [h = 1, w = 1, c = 1] = shape;
  const isMap = shape.length === 3;
  const inputName = isMap ? boundary : `${boundary}/input`;
  const tail = prune({
    ...graph,
    nodes: [
      ...(isMap ? [] : [{ op: 'reshape', name: boundary, inputs: [inputName], shape } as const]),
      ...graph.nodes.filter((node) => node.name !== boundary),
    ],
    input: { name: inputName, shape: isMap ? [h, w, c] : [1, 1, shape.reduce((a, b) => a * b, 1)] },
  });
  const available = new Set([tail.input.name]);
  for (const node of tail.nodes) {
    // The old input is never available, so a path around the boundary ends at a missing tensor.
    const missing = node.inputs.find((name) => !available.has(name));
    if (missing !== undefined)
      throw new HolotypeError(
        'bad-usage',
        `The model can't be cut after "${boundary}": "${node.name}" behind it also reads "${missing}" from before it.`,
        { remedy: 'Cut where one block ends and the next begins.' },
      );
    available.add(node.name);
  }
  const lost = tail.outputs.find((name) => !available.has(name));
  if (lost !== undefined)
    throw new HolotypeError('bad-usage', `The output "${lost}" comes before the cut at "${boundary}".`, {
      remedy: 'Cut further towards the input.',
    });
  return tail;
}

/**
 * The graph with nodes added at its end. New nodes may read any tensor of the graph and each other, in order.
 * @param weights what the new nodes refer to; keys must be new
 * @throws HolotypeError `bad-usage` for a name or weight key that is taken
 */
export function appendNodes(
  graph: ModelGraph,
  nodes: readonly GraphNode[],
  weights: ReadonlyMap<string, Weight>,
  outputs: readonly string[],
): ModelGraph {
  const names = new Set([graph.input.name, ...graph.nodes.map((node) => node.name)]);
  const taken =
    nodes.find((node) => names.has(node.name))?.name ?? [...weights.keys()].find((k) => graph.weights.has(k));
  if (taken !== undefined)
    throw new HolotypeError('bad-usage', `The model already has something named "${taken}".`, {
      remedy: 'Give the added layer another name.',
    });
  return prune({
    ...graph,
    nodes: [...graph.nodes, ...nodes],
    weights: new Map([...graph.weights, ...weights]),
    outputs,
  });
}

/** A name that no node, weight or input of the graph has: `wanted`, or `wanted_2`, `wanted_3`, ... */
export function freeName(graph: ModelGraph, wanted: string): string {
  const names = new Set([graph.input.name, ...graph.nodes.map((node) => node.name), ...graph.weights.keys()]);
  let name = wanted;
  for (let i = 2; names.has(name); i++) name = `${wanted}_${i}`;
  return name;
}

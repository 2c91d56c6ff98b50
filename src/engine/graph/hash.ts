import { createHash } from 'node:crypto';
import { weightKeys, weightOf, type ModelGraph } from './graph.ts';

const known = new WeakMap<ModelGraph, string>();

/**
 * sha256 (hex) of what the graph computes: its structure, attributes and weights, bit by bit. Names of
 * nodes and weights don't count, so the same network from two files has one hash. Kept for as long as the
 * graph lives; a graph is never changed in place.
 */
export function graphHash(graph: ModelGraph): string {
  const cached = known.get(graph);
  if (cached !== undefined) return cached;
  const hash = createHash('sha256');
  const numbers = new Map([
    [graph.input.name, 0],
    ...graph.nodes.map((node, i) => [node.name, i + 1] as const),
  ]);
  const tensor = (name: string): number => numbers.get(name) ?? -1;
  const weightNumbers = new Map<string, number>();
  hash.update(`holotype-graph-1 ${JSON.stringify(graph.input.shape)}\n`);
  for (const node of graph.nodes) {
    const keys = weightKeys(node);
    const attributes = Object.entries(node)
      .filter(([key, value]) => key !== 'name' && key !== 'inputs' && !isWeightField(key, value, keys))
      // A field left out and one that is undefined mean the same.
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const weights = keys.map((key) => {
      const seen = weightNumbers.get(key);
      if (seen !== undefined) return [seen];
      weightNumbers.set(key, weightNumbers.size);
      return [weightNumbers.size - 1, ...weightOf(graph, key).shape];
    });
    hash.update(`${JSON.stringify([attributes, node.inputs.map(tensor), weights])}\n`);
  }
  hash.update(JSON.stringify(graph.outputs.map(tensor)));
  for (const key of weightNumbers.keys()) {
    const { data } = weightOf(graph, key);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const digest = hash.digest('hex');
  known.set(graph, digest);
  return digest;
}

const weightFields = new Set(['kernel', 'bias', 'scale', 'offset', 'mean', 'variance']);

/** LRN has a number called bias: only fields that refer to a weight are replaced by the weight's number. */
const isWeightField = (field: string, value: unknown, keys: readonly string[]): boolean =>
  weightFields.has(field) && typeof value === 'string' && keys.includes(value);

import type { Trunk } from './trunk.ts';

/**
 * The tensor that a head reads which reads the first so many of a trunk's features.
 *
 * @returns its name in the trunk's graph, and in the model that is made of it
 */
export function featureTensor({ graph, dimension }: Trunk, columns: number): string {
  const [output = ''] = graph.outputs;
  if (columns === dimension) return output;
  // Only the backbone's final features: the concatenation with those of earlier blocks goes.
  return graph.nodes.find(({ name }) => name === output)?.inputs[0] ?? output;
}

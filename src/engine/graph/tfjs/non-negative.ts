/** Which tensors of a graph can't hold a negative number: padding with zeros doesn't change their maximum. */
import type { GraphNode, ModelGraph } from '../graph.ts';

/** Names of the tensors that can't hold a negative number, whatever the photo. */
export function nonNegativeTensors(graph: ModelGraph): ReadonlySet<string> {
  const known = new Set<string>();
  for (const node of graph.nodes) {
    const all = node.inputs.every((input) => known.has(input));
    if (isNonNegative(node, all)) known.add(node.name);
  }
  return known;
}

function isNonNegative(node: GraphNode, inputsAre: boolean): boolean {
  switch (node.op) {
    case 'activation': {
      if (node.kind === 'clip') return (node.min ?? -Infinity) >= 0;
      const always = ['relu', 'relu6', 'sigmoid', 'softplus', 'hard-sigmoid', 'softmax'];
      return always.includes(node.kind) || inputsAre;
    }
    case 'pad':
      return inputsAre && node.value >= 0;
    case 'max-pool':
    case 'average-pool':
    case 'global-average-pool':
    case 'global-max-pool':
    case 'add':
    case 'mul':
    case 'concat':
    case 'reshape':
    case 'channel-slice':
    case 'channel-shuffle':
      return inputsAre;
    default:
      return false;
  }
}

/** Where a backbone is divided for fine-tuning: what stays frozen, what is trained on, what a new head replaces. */
import { blocksOf, featureNode, type Block } from './blocks.ts';
import { parameterCount } from './fold.ts';
import type { ModelGraph } from './graph.ts';

export type BlockRole =
  | 'frozen' // computed once a photo
  | 'trained' // behind the freeze point
  | 'replaced'; // the old classifier, which the new head takes the place of

export interface PlannedBlock extends Block {
  readonly role: BlockRole;
}

/** How many of the blocks a new head keeps: those up to the tensor it reads. */
function keptBlocks(graph: ModelGraph, blocks: readonly Block[]): number {
  const feature = featureNode(graph);
  const at = blocks.findIndex(({ nodes }) => nodes.includes(feature));
  const block = blocks[at];
  if (block === undefined) return blocks.length;
  const names = new Set(block.nodes.slice(0, block.nodes.indexOf(feature) + 1));
  // A block that only pools before its classifier layer has nothing that could be trained on.
  return parameterCount(
    graph,
    graph.nodes.filter(({ name }) => names.has(name)),
  ) > 0
    ? at + 1
    : at;
}

/**
 * The graph's blocks with what becomes of them when the backbone is fine-tuned.
 *
 * @param freezeUntil name of the last block that stays frozen; any other text: none does
 */
export function plannedBlocks(graph: ModelGraph, freezeUntil: string): PlannedBlock[] {
  const blocks = blocksOf(graph);
  const kept = keptBlocks(graph, blocks);
  const frozen = blocks.findIndex(({ name }) => name === freezeUntil) + 1;
  return blocks.map((block, i) => ({
    ...block,
    role: i >= kept ? 'replaced' : i < frozen ? 'frozen' : 'trained',
  }));
}

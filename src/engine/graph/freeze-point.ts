/** Where a backbone is divided for fine-tuning: what stays frozen, what is trained on, what a new head replaces. */
import { blocksOf, featureNode, type Block } from './blocks.ts';
import { parameterCount } from './fold.ts';
import type { ModelGraph } from './graph.ts';

/** The part of the compute that is trained on by default: the last third of what a new head reads. */
const trainedShare = 1 / 3;

export type BlockRole =
  | 'frozen' // computed once a photo
  | 'trained' // behind the freeze point
  | 'replaced'; // the old classifier, which the new head takes the place of

export interface PlannedBlock extends Block {
  readonly role: BlockRole;
}

export interface FreezePlan {
  readonly blocks: PlannedBlock[];
  /** Name of the last frozen block; absent where the backbone can't be divided. */
  readonly freezeUntil?: string;
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
 * The graph's blocks with what becomes of them when the backbone is fine-tuned from its default freeze point:
 * the first block boundary with no more than a third of the multiply-adds behind it, or the last one that
 * leaves anything to train.
 */
export function freezePlan(graph: ModelGraph): FreezePlan {
  const blocks = blocksOf(graph);
  const kept = keptBlocks(graph, blocks);
  const total = blocks.slice(0, kept).reduce((sum, block) => sum + block.multiplyAdds, 0);
  let behind = total;
  let frozen = 0;
  for (const [i, { multiplyAdds }] of blocks.slice(0, kept).entries()) {
    if (!blocks.slice(i + 1, kept).some(({ parameters }) => parameters > 0)) break;
    behind -= multiplyAdds;
    frozen = i + 1;
    if (behind <= total * trainedShare) break;
  }
  const freezeUntil = blocks[frozen - 1]?.name;
  return {
    blocks: blocks.map((block, i) => ({
      ...block,
      role: i < frozen ? 'frozen' : i < kept ? 'trained' : 'replaced',
    })),
    ...(freezeUntil === undefined ? {} : { freezeUntil }),
  };
}

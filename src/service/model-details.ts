import { modelDetailsSchema, type ModelDetails } from '../contract/model-details.ts';
import { blocksOf } from '../engine/graph/blocks.ts';
import { plannedBlocks } from '../engine/graph/freeze-point.ts';
import { defaultFreezePoint } from '../engine/train/finetune/plan.ts';
import { buildTrunk } from '../engine/train/trunk.ts';
import { loadBackbone } from './models.ts';

/**
 * A model's blocks, for choosing where to freeze it. Nothing is downloaded for it.
 *
 * @param idOrPath an id of `models list`, or a model file
 * @throws HolotypeError as `loadBackbone` does
 */
export async function showModel(idOrPath: string, signal?: AbortSignal): Promise<ModelDetails> {
  const backbone = await loadBackbone(idOrPath, {
    allowFetch: false,
    ...(signal === undefined ? {} : { signal }),
  });
  const { id, name, path, format, sha256, licence, policy, policyGuess, graph } = backbone;
  const trunk = buildTrunk(graph, policy, { fold: false });
  const freezeUntil = defaultFreezePoint(blocksOf(graph), trunk);
  const blocks = plannedBlocks(graph, freezeUntil);
  const total = (of: 'parameters' | 'multiplyAdds'): number =>
    blocks.reduce((sum, block) => sum + block[of], 0);
  const multiplyAdds = total('multiplyAdds');
  let before = 0;
  return modelDetailsSchema.parse({
    id,
    name,
    path,
    format,
    sha256,
    licence,
    input: policy,
    inputGuess: policyGuess,
    parameters: total('parameters'),
    multiplyAdds,
    freezeUntil,
    blocks: blocks.map((block) => {
      before += block.multiplyAdds;
      return {
        ...block,
        nodes: block.nodes.length,
        share: multiplyAdds > 0 ? block.multiplyAdds / multiplyAdds : 0,
        cumulativeShare: multiplyAdds > 0 ? before / multiplyAdds : 0,
      };
    }),
  });
}

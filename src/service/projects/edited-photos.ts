import type { Asset, AssetPatch } from '../../contract/project.ts';
import { hashDistance, nearDuplicateBits, plainHash } from '../../engine/data/perceptual-hash.ts';
import type { ContentFacts } from '../../store/facts-cache.ts';

type Known = Pick<Asset, 'takenAt'> & { readonly facts: ContentFacts | undefined };

/**
 * Whether what lies in a photo's place now is that photo, edited (turned, cropped, brightened), and not another one
 * under the same name: taken at the same second, or looking the same.
 */
export function isSamePhoto(before: Known, after: Known): boolean {
  if (before.takenAt !== undefined && before.takenAt === after.takenAt) return true;
  const [one, other] = [hashOf(before.facts), hashOf(after.facts)];
  if (one === undefined || other === undefined) return false;
  return hashDistance(one, other) <= nearDuplicateBits;
}

/** What an edited photo takes over from its former self: all that a person or a table has said of it. */
export function inherited({ labels, target, split, group, excluded }: Asset): AssetPatch {
  return {
    labels: [...labels],
    ...(target !== undefined && { target }),
    ...(split !== undefined && { split }),
    ...(group !== undefined && { group }),
    ...(excluded !== undefined && { excluded }),
  };
}

function hashOf(facts: ContentFacts | undefined): string | undefined {
  if (facts === undefined || 'code' in facts || facts.perceptualHash === plainHash) return undefined;
  return facts.perceptualHash;
}

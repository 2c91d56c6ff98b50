import type { OddFact } from '../../contract/explore.ts';

/** Numbers as far as they are worth anything. */
export const rounded = (value: number): number => Number(value.toFixed(4));

/** Why a photo is odd, as a list has it: nothing where there is no reason to give. */
export function reasonOf(odd: OddFact | undefined): { reason?: OddFact } {
  if (odd === undefined) return {};
  const [low, high] = odd.most;
  return { reason: { ...odd, own: rounded(odd.own), most: [rounded(low), rounded(high)] } };
}

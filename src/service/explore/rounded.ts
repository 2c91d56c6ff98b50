import type { OddFact } from '../../contract/explore.ts';
import type { Explored } from '../../engine/explore/explore.ts';

/** Numbers as far as they are worth anything. */
export const rounded = (value: number): number => Number(value.toFixed(4));

/** A photo by its row: how little it belongs, and why where its file is odd. */
interface Anomaly {
  readonly row: number;
  readonly score: number;
  readonly content: number;
  readonly reason?: OddFact;
}

/** All photos, those that belong least first. */
export function anomaliesOf({ anomalies, content, oddFacts }: Explored): Anomaly[] {
  return [...anomalies.keys()]
    .sort((a, b) => (anomalies[b] ?? 0) - (anomalies[a] ?? 0) || a - b)
    .map((row) => ({
      row,
      score: rounded(anomalies[row] ?? 0),
      content: rounded(content[row] ?? 0),
      ...reasonOf(oddFacts.get(row)),
    }));
}

/** Why a photo is odd: nothing where there is no reason to give. */
function reasonOf(odd: OddFact | undefined): { reason?: OddFact } {
  if (odd === undefined) return {};
  const [low, high] = odd.most;
  return { reason: { ...odd, own: rounded(odd.own), most: [rounded(low), rounded(high)] } };
}

import type { Advice } from '../../contract/metrics.ts';
import { adviseOnCurves } from './advice-curves.ts';
import { adviseOnData } from './advice-data.ts';
import { adviseOnHead } from './advice-head.ts';
import type { AdviceInput } from './advice-input.ts';
import { adviseOnResults } from './advice-results.ts';

export type { AdviceInput } from './advice-input.ts';

/**
 * What a careful colleague would say about these results, warnings first: about the photos, the figures and the curves.
 * Every piece names its numbers.
 */
export function adviseOn(input: AdviceInput): Advice[] {
  const curves = adviseOnCurves(input);
  const advice = [...adviseOnData(input), ...adviseOnResults(input), ...curves, ...adviseOnHead(input.head)];
  // The same suspicion twice would not be two: the curves' has the better evidence.
  const leak = curves.some(({ code }) => code === 'leak-suspected');
  const rank = { warning: 0, note: 1 };
  return advice
    .filter(({ code }) => !(leak && code === 'too-good'))
    .sort((a, b) => rank[a.severity] - rank[b.severity]);
}

import type { SearchFinal, SearchResult, SearchTrial, SearchUnderWay } from '../../contract/search.ts';
import type { ToldProgress } from '../jobs/jobs.ts';

/** What a search tells on the way. */
export type SearchEvent =
  | { readonly type: 'progress'; readonly progress: ToldProgress }
  | { readonly type: 'method'; readonly method: SearchResult['method']; readonly why: string }
  | {
      readonly type: 'under-way';
      /** In the order they were begun. */
      readonly underWay: readonly SearchUnderWay[];
      /** How many heads are trained at once. */
      readonly atOnce: number;
    }
  | {
      readonly type: 'trial';
      readonly trial: SearchTrial;
      readonly best: SearchTrial | undefined;
      /** Trials done so far, number 0 among them. */
      readonly tried: number;
    }
  /** It was under way when the time was up, and does not count. */
  | { readonly type: 'cut'; readonly cut: SearchUnderWay }
  | { readonly type: 'final'; readonly final: SearchFinal };

export const progressed = (
  message: string,
  done: number,
  total: number | undefined,
  unit: string,
): SearchEvent => ({
  type: 'progress',
  progress: { message, done, unit, ...(total === undefined ? {} : { total }) },
});

/** What is under way, in words. */
export function underWayText(underWay: readonly SearchUnderWay[]): string {
  const names = underWay.map(({ number }) => (number === 0 ? 'the usual settings' : `trial ${number}`));
  const last = names.pop() ?? '';
  const text = names.length === 0 ? last : `${names.join(', ')} and ${last}`;
  const seeds = [...new Set(underWay.flatMap(({ seed }) => (seed === null ? [] : [seed])))];
  const again = seeds.length === 0 ? '' : ` once more, seed ${seeds.join(' and ')}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${again}`;
}

import type { SearchFinal, SearchFinalist, SearchTrial } from '../../contract/search.ts';

/** The best whole training so far; undefined while all have failed. */
export function best(trials: readonly SearchTrial[]): SearchTrial | undefined {
  let found: SearchTrial | undefined;
  for (const trial of trials)
    if (trial.share === 1 && trial.score !== null && trial.score.loss < (found?.score?.loss ?? Infinity))
      found = trial;
  return found;
}

/**
 * Means over the seeds that all of them had, best first: a round that was cut short would compare one's luck with
 * another's mean. Settings that failed with one of the seeds are not among them.
 */
export function finalistsOf(
  trials: readonly SearchTrial[],
  finals: readonly SearchFinal[],
): SearchFinalist[] {
  const numbers = [...new Set(finals.map(({ number }) => number))];
  const seeds = [...new Set(finals.map(({ seed }) => seed))].filter((seed) =>
    numbers.every((number) => finals.some((final) => final.number === number && final.seed === seed)),
  );
  return numbers
    .flatMap((number): SearchFinalist[] => {
      const own = finals
        .filter((final) => final.number === number && seeds.includes(final.seed))
        .sort((a, b) => a.seed - b.seed);
      const scores = own.flatMap(({ score }) => (score === null ? [] : [score]));
      const point = trials.find((trial) => trial.number === number)?.point;
      if (scores.length < own.length || scores.length === 0 || point === undefined) return [];
      const loss = mean(scores.map((score) => score.loss));
      const accuracies = scores.flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy]));
      return [
        {
          number,
          point,
          loss,
          spread: Math.sqrt(
            scores.reduce((sum, score) => sum + (score.loss - loss) ** 2, 0) / Math.max(1, scores.length - 1),
          ),
          accuracy: accuracies.length === 0 ? null : mean(accuracies),
          seeds: own.map(({ seed }) => seed),
        },
      ];
    })
    .sort((a, b) => a.loss - b.loss || a.number - b.number);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** What the search was good for, in a sentence. @param ranked best first; number 0 is what there is without a search */
export function verdictOf(ranked: readonly SearchFinalist[], trials: number): string {
  const [winner] = ranked;
  const usual = ranked.find(({ number }) => number === 0);
  const tried = `${trials} ${trials === 1 ? 'trial' : 'trials'}`;
  if (winner === undefined) return `None of ${tried} could be trained.`;
  if (winner.number === 0) return `Nothing better than the usual settings was found in ${tried}.`;
  const share = winner.accuracy === null ? '' : `, right on ${(winner.accuracy * 100).toFixed(1)}%`;
  const now = `The best of ${tried} has a loss of ${winner.loss.toFixed(3)}${share}`;
  if (usual === undefined) return `${now}; the usual settings could not be trained.`;
  const before = usual.accuracy === null ? '' : ` and ${(usual.accuracy * 100).toFixed(1)}%`;
  // From one start nobody knows how much they differ by themselves.
  const once = winner.seeds.length < 2;
  const luck = once || usual.loss - winner.loss <= winner.spread + usual.spread;
  const caution = luck
    ? `, a difference that may be luck${once ? ': each was tried again only once' : ''}`
    : '';
  return `${now}; the usual settings have ${usual.loss.toFixed(3)}${before}${caution}.`;
}

/** Indices of `scores`, highest first. */
function descending(scores: Float64Array): number[] {
  return Array.from(scores, (_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}

/**
 * Area under the ROC curve: the chance that a random positive scores above a random negative, ties
 * counting half (Mann-Whitney U; Hanley & McNeil 1982).
 * @param positive 1 for positives, 0 for negatives
 * @returns 0..1, or null when either kind is missing
 */
export function rocAuc(scores: Float64Array, positive: Uint8Array): number | null {
  const order = descending(scores);
  let positivesAbove = 0;
  let negativesAbove = 0;
  let wins = 0;
  forEachTie(order, scores, (members) => {
    const positives = members.reduce((sum, i) => sum + (positive[i] ?? 0), 0);
    const negatives = members.length - positives;
    wins += negatives * (positivesAbove + positives / 2);
    positivesAbove += positives;
    negativesAbove += negatives;
  });
  return positivesAbove === 0 || negativesAbove === 0 ? null : wins / (positivesAbove * negativesAbove);
}

/**
 * Average precision: sum over thresholds of (recall gained) x precision, without interpolation, as
 * scikit-learn defines it.
 * @returns 0..1, or null when either kind is missing
 */
export function averagePrecision(scores: Float64Array, positive: Uint8Array): number | null {
  const total = positive.reduce((sum, one) => sum + one, 0);
  if (total === 0 || total === positive.length) return null;
  let found = 0;
  let seen = 0;
  let sum = 0;
  forEachTie(descending(scores), scores, (members) => {
    const positives = members.reduce((count, i) => count + (positive[i] ?? 0), 0);
    found += positives;
    seen += members.length;
    sum += (positives / total) * (found / seen);
  });
  return Math.min(1, sum);
}

/** Calls back with each group of indices that share a score, in the order given. */
function forEachTie(
  order: readonly number[],
  scores: Float64Array,
  visit: (members: readonly number[]) => void,
): void {
  for (let start = 0; start < order.length;) {
    const score = scores[order[start] ?? 0];
    let end = start + 1;
    while (end < order.length && scores[order[end] ?? 0] === score) end++;
    visit(order.slice(start, end));
    start = end;
  }
}

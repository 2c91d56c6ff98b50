/**
 * McNemar's exact test for two classifiers judged on the same photos: how likely a difference at least as large is when
 * both are right equally often (McNemar, "Note on the sampling error of the difference between correlated proportions
 * or percentages", Psychometrika 12, 1947; exact form by the binomial distribution).
 *
 * @param one whether the first is right, photo by photo: 0 or 1
 * @param other the same for the second
 * @returns two-sided p-value, 0..1; 1 where they never disagree
 */
export function mcnemar(one: Uint8Array, other: Uint8Array): number {
  let better = 0;
  let worse = 0;
  for (const [photo, right] of one.entries()) {
    if (right === other[photo]) continue;
    if (right === 1) better += 1;
    else worse += 1;
  }
  const n = better + worse;
  if (n === 0) return 1;
  // Sum of binomial(n, 1/2) from 0 to the smaller count, in logarithms: 2^-n underflows for large n.
  let logTerm = -n * Math.LN2;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= Math.min(better, worse); k++) {
    logTerm += Math.log((n - k + 1) / k);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, 2 * sum);
}

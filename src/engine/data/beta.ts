import type { Random } from './random.ts';

/**
 * A draw from the symmetric beta distribution Beta(alpha, alpha): mean 1/2, variance 1 / (4 (2 alpha + 1)). Below 1
 * most draws lie near 0 or 1, at 1 all are alike, above it they lie about the middle.
 *
 * @param alpha above 0
 * @returns 0..1
 */
export function drawBeta(alpha: number, random: Random): number {
  // By logarithms, as small alphas draw numbers too small for a float.
  const difference = logGamma(alpha, random) - logGamma(alpha, random);
  return 1 / (1 + Math.exp(-difference));
}

/** Logarithm of a draw from Gamma(shape, 1): Marsaglia & Tsang 2000; shapes below 1 by way of one above. */
function logGamma(shape: number, random: Random): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = random.normal();
    const cube = (1 + c * normal) ** 3;
    if (cube <= 0) continue;
    if (Math.log(1 - random.next()) < normal ** 2 / 2 + d * (1 - cube + Math.log(cube)))
      return Math.log(d * cube);
  }
}

/**
 * Logarithm of the expected improvement (Jones, Schonlau & Welch 1998; as a logarithm after Ament et al. 2023, which
 * stays comparable where the improvement itself underflows).
 *
 * @param mean of what is believed about a place
 * @param deviation its standard deviation, > 0
 * @param best the lowest value so far
 */
export function logImprovement(mean: number, deviation: number, best: number): number {
  const z = (best - mean) / deviation;
  if (z > -5) return Math.log(Math.max(1e-300, deviation * (z * normalBelow(z) + density(z))));
  // z Phi(z) + phi(z) tends to phi(z) / z^2.
  return Math.log(deviation) - (z * z) / 2 - Math.log(2 * Math.PI) / 2 - 2 * Math.log(-z);
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** Share of a standard normal distribution below z (Abramowitz & Stegun 7.1.26 by Numerical Recipes' erfc, 1e-7). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ].reduceRight((sum, factor) => sum * t + factor, 0);
  const tail = (t * Math.exp(-x * x + series)) / 2;
  return z > 0 ? 1 - tail : tail;
}

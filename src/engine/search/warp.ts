/** A way to look at losses; one that rises with them, so that the best stays the best. */
export interface Warp {
  /** `below` tells apart the many high ones, `above` the many low ones, which a few others would hide. */
  readonly side: 'none' | 'below' | 'above';
  /** How sharply: the part of the range from which on it is logarithmic. */
  readonly bend: number;
}

export const warps: readonly Warp[] = [
  { side: 'none', bend: 1 },
  ...(['below', 'above'] as const).flatMap((side) => [0.3, 0.03].map((bend) => ({ side, bend }))),
];

export interface Warped {
  /** Mean 0, standard deviation 1. */
  readonly values: Float64Array;
  /** What has to be added to a log likelihood of these values to make it one of the losses. */
  readonly jacobian: number;
}

/**
 * Losses as a Gaussian process takes them: warped as in warped Gaussian processes (Snelson, Rasmussen & Ghahramani
 * 2004), by a logarithm from either end, then standardized.
 */
export function warped(losses: ArrayLike<number>, { side, bend }: Warp): Warped {
  const all = Array.from(losses);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const scale = (high - low || 1) * bend;
  const far = (loss: number): number => (side === 'above' ? loss - low : high - loss);
  const turned =
    side === 'none' ? all : all.map((loss) => (side === 'above' ? 1 : -1) * Math.log1p(far(loss) / scale));
  const mean = turned.reduce((sum, value) => sum + value, 0) / turned.length;
  const spread = Math.sqrt(turned.reduce((sum, value) => sum + (value - mean) ** 2, 0) / turned.length) || 1;
  const slopes = side === 'none' ? 0 : all.reduce((sum, loss) => sum - Math.log(scale + far(loss)), 0);
  return {
    values: Float64Array.from(turned, (value) => (value - mean) / spread),
    jacobian: slopes - all.length * Math.log(spread),
  };
}

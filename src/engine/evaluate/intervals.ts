import type { Interval, Metrics } from '../../contract/metrics.ts';
import { seededRandom } from '../data/random.ts';

/** Standard normal quantile for a two-sided 95% interval. */
const z95 = 1.959963984540054;

/** How often the photos that a model is judged on are drawn anew. */
export const resamples = 1000;

/** What metrics say about their intervals: how {@link wilson} and {@link bootstrap} make them. */
export function intervalsOf(seed: number): Metrics['intervals'] {
  return { level: 0.95, proportions: 'wilson', macroF1: 'percentile-bootstrap', resamples, seed };
}

/**
 * 95% score interval of a proportion (Wilson 1927; Brown, Cai & DasGupta 2001 recommend it for small n).
 * @param successes 0..total
 * @returns [low, high] within 0..1, holding successes / total; null when total is 0
 */
export function wilson(successes: number, total: number): Interval | null {
  if (total === 0) return null;
  const p = successes / total;
  const z2 = z95 * z95;
  const centre = p + z2 / (2 * total);
  const half = z95 * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total * total));
  const scale = 1 + z2 / total;
  // At the ends the exact bound is 0 or 1; rounding must not move it.
  const low = successes === 0 ? 0 : Math.max(0, (centre - half) / scale);
  const high = successes === total ? 1 : Math.min(1, (centre + half) / scale);
  return [low, high];
}

/**
 * 95% percentile bootstrap (Efron & Tibshirani 1993, ch. 13) of a statistic of `count` items.
 * @param statistic takes `count` indices in 0..count-1, drawn with replacement; null where undefined.
 *   The array is reused between calls.
 * @returns null for no items, and when all resamples agree: the data then holds no variation to learn
 *   from, and a range of width zero would claim certainty.
 */
export function bootstrap(
  count: number,
  statistic: (indices: Int32Array) => number | null,
  options: { seed: number; resamples: number },
): Interval | null {
  return percentiles(resampled(count, statistic, options));
}

/**
 * A statistic of resamples of `count` items. The same seed draws the same resamples, whatever the statistic, so that two
 * can be compared pair by pair.
 *
 * @param statistic as for {@link bootstrap}
 */
export function resampled(
  count: number,
  statistic: (indices: Int32Array) => number | null,
  options: { seed: number; resamples: number },
): (number | null)[] {
  if (count === 0) return [];
  const random = seededRandom(options.seed);
  const indices = new Int32Array(count);
  return Array.from({ length: options.resamples }, () => {
    for (let i = 0; i < count; i++) indices[i] = random.integer(count);
    return statistic(indices);
  });
}

/** Where 95 of 100 values lie; null for none, and where all are the same. */
export function percentiles(values: readonly (number | null)[]): Interval | null {
  const sorted = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const low = quantile(sorted, 0.025);
  const high = quantile(sorted, 0.975);
  if (low === null || high === null || sorted[0] === sorted.at(-1)) return null;
  return [low, high];
}

/** Quantile of sorted values by linear interpolation (Hyndman & Fan 1996, type 7); null for none. */
export function quantile(sorted: readonly number[], q: number): number | null {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return null;
  return below + (above - below) * (position - Math.floor(position));
}

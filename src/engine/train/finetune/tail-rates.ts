import type { RateRange } from '../lr-finder.ts';

/** Rates of the backbone's last block that are tried for fine-tuning. */
export const triedTailRates: RateRange = { from: 1e-6, to: 1, steps: 72 };
/** Batches that they are tried with, over and over: of many photos these are enough to tell. */
export const mostRateBatches = 20;

/** Steps that takes at most. @param photos to learn from @param batchSize no more than there are photos */
export function tailRateSteps(photos: number, batchSize: number): number {
  return Math.min(mostRateBatches, Math.floor(photos / batchSize)) + triedTailRates.steps;
}

import type { GaussianProcess } from './gaussian-process.ts';

/** What of the space is exhausted: the lowest point of each basin that was searched to its ground. */
export interface Basins {
  readonly grounds: readonly Float64Array[];
  /** Indices of the places outside of them. */
  readonly outside: readonly number[];
  /** Whether a place is in one of them. */
  has(place: Float64Array): boolean;
}

/** A basin counts as searched when so many trials in a row were this close to its ground (of the unit cube) ... */
const enough = 3;
const near = 0.15;
/** ... lowered it by less than this part of the range of all losses, and were no further above it than that. */
const noGain = 0.002;
const nearLoss = 0.01;
/** Trials that a basin gets at least. */
const least = 6;
/** This close to the ground everything is in the basin. */
const core = 0.12;
/** A rise of the belief that is no barrier, in standard deviations of the losses. */
const ripple = 0.02;
/** With fewer places outside than this the barriers are not to be believed: then only this close is inside. */
const fewest = 1;
const wide = 0.25;

/**
 * Finds basins that are exhausted. A search that has come to the ground of a basin gains nothing there any more, and
 * the expected improvement alone seldom climbs over into another one that may be deeper: so the next ones are searched
 * as if the first were not there. A place is in a basin when the belief falls all the way from it to the ground.
 *
 * @param places in the order they were tried, in the unit cube
 * @param losses one a place
 */
export function exhaustedBasins(
  places: readonly Float64Array[],
  losses: readonly number[],
  belief: Pick<GaussianProcess, 'mean'>,
): Basins {
  const range =
    losses.reduce((a, b) => Math.max(a, b), -Infinity) - losses.reduce((a, b) => Math.min(a, b), Infinity);
  const lossOf = (index: number): number => losses[index] ?? Infinity;
  const placeOf = (index: number): Float64Array => places[index] as Float64Array;
  const tests: ((place: Float64Array) => boolean)[] = [];
  const grounds: Float64Array[] = [];
  let outside = [...places.keys()];
  let begun = 0;
  for (let last = 0; last < places.length; last += 1) {
    if (last - begun < least) continue;
    const seen = outside.filter((index) => index <= last);
    const before = seen.filter((index) => index <= last - enough);
    const ground = seen.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a), seen[0] ?? 0);
    const old = before.reduce((lowest, index) => Math.min(lowest, lossOf(index)), Infinity);
    const close = Array.from({ length: enough }, (_, back) => last - back).every(
      (index) =>
        between(placeOf(index), placeOf(ground)) < near && lossOf(index) - lossOf(ground) < nearLoss * range,
    );
    if (!close || !(old - lossOf(ground) < noGain * range)) continue;
    const low = placeOf(ground);
    const falls = (place: Float64Array): boolean =>
      between(place, low) < core || noBarrier(place, low, belief);
    const left = outside.filter((index) => !falls(placeOf(index)));
    const test = left.length >= fewest ? falls : (place: Float64Array) => between(place, low) < wide;
    tests.push(test);
    grounds.push(low);
    outside = outside.filter((index) => !test(placeOf(index)));
    begun = last + 1;
  }
  // Everything is searched: then the best is made a little better.
  if (outside.length === 0) return { grounds: [], outside: [...places.keys()], has: () => false };
  return { grounds, outside, has: (place) => tests.some((test) => test(place)) };
}

/** Distance, 1 from one corner of the unit cube to the opposite one. */
function between(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let p = 0; p < a.length; p += 1) sum += ((a[p] as number) - (b[p] as number)) ** 2;
  return Math.sqrt(sum / a.length);
}

function noBarrier(from: Float64Array, to: Float64Array, belief: Pick<GaussianProcess, 'mean'>): boolean {
  const limit = belief.mean(from) + ripple;
  for (let step = 1; step < 10; step += 1) {
    const place = from.map((value, p) => value + (((to[p] as number) - value) * step) / 10);
    if (belief.mean(place) > limit) return false;
  }
  return true;
}

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrap, quantile, wilson } from '../../../src/engine/evaluate/intervals.ts';

describe('wilson', () => {
  // Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score, no continuity correction).
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('agrees with the published interval of %i of %i', (successes, total, low, high) => {
    const interval = wilson(successes, total);
    expect(interval?.[0]).toBeCloseTo(low, 4);
    expect(interval?.[1]).toBeCloseTo(high, 4);
  });

  it('says that 97% of 30 photos means between 83% and 99%', () => {
    const [low, high] = wilson(29, 30) ?? [0, 0];
    expect([Math.round(low * 100), Math.round(high * 100)]).toEqual([83, 99]);
  });

  it('knows nothing from no photos', () => expect(wilson(0, 0)).toBeNull());

  it('holds the observed part, lies in 0..1, mirrors, and narrows with more photos', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, part) => {
          const hits = Math.round(part * n);
          const [low, high] = wilson(hits, n) ?? [Number.NaN, Number.NaN];
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
          expect(low).toBeLessThanOrEqual(hits / n);
          expect(high).toBeGreaterThanOrEqual(hits / n);
          const [otherLow, otherHigh] = wilson(n - hits, n) ?? [Number.NaN, Number.NaN];
          expect(otherLow).toBeCloseTo(1 - high, 10);
          expect(otherHigh).toBeCloseTo(1 - low, 10);
          const [wideLow, wideHigh] = wilson(hits * 4, n * 4) ?? [Number.NaN, Number.NaN];
          expect(wideHigh - wideLow).toBeLessThan(high - low);
        },
      ),
    );
  });
});

describe('bootstrap', () => {
  const mean = (values: readonly number[]) => (indices: Int32Array) =>
    indices.reduce((sum, i) => sum + (values[i] ?? 0), 0) / indices.length;

  it('comes close to the normal interval of a mean', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const [low, high] = bootstrap(400, mean(values), { seed: 1, resamples: 2000 }) ?? [0, 0];
    const half = 1.96 * Math.sqrt((0.25 * 0.75) / 400);
    expect(low).toBeCloseTo(0.25 - half, 2);
    expect(high).toBeCloseTo(0.25 + half, 2);
  });

  it('gives the same interval for the same seed and another for another', () => {
    const values = Array.from({ length: 50 }, (_, i) => Math.sin(i));
    const run = (seed: number) => bootstrap(50, mean(values), { seed, resamples: 200 });
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it('claims nothing where there is no variation or nothing at all', () => {
    expect(bootstrap(0, () => 1, { seed: 1, resamples: 10 })).toBeNull();
    expect(bootstrap(9, () => 1, { seed: 1, resamples: 10 })).toBeNull();
    expect(bootstrap(9, () => null, { seed: 1, resamples: 10 })).toBeNull();
  });
});

describe('quantile', () => {
  it('interpolates as numpy.quantile does', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(quantile([7], 0.9)).toBe(7);
    expect(quantile([], 0.5)).toBeNull();
  });
});

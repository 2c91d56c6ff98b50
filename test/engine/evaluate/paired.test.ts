import { describe, expect, test } from 'vitest';
import { mcnemar } from '../../../src/engine/evaluate/paired.ts';

/** Two classifiers that disagree on so many photos, and agree on the rest. */
function pair(better: number, worse: number, same = 50): [Uint8Array, Uint8Array] {
  const n = better + worse + same;
  return [
    Uint8Array.from({ length: n }, (_, photo) => (photo < better || photo >= better + worse ? 1 : 0)),
    Uint8Array.from({ length: n }, (_, photo) => (photo < better ? 0 : 1)),
  ];
}

describe("McNemar's exact test", () => {
  // scipy.stats.binomtest(min(b, c), b + c, 0.5).pvalue
  test.each([
    [8, 1, 0.0390625],
    [6, 0, 0.03125],
    [5, 0, 0.0625],
    [10, 4, 0.179565429688],
    [3, 3, 1],
    [0, 0, 1],
  ])('%i photos for the one and %i for the other: p = %f', (better, worse, p) => {
    expect(mcnemar(...pair(better, worse))).toBeCloseTo(p, 9);
    expect(mcnemar(...pair(worse, better))).toBeCloseTo(p, 9);
  });

  test('thousands of photos make no number that is none', () => {
    expect(mcnemar(...pair(3000, 2990))).toBeGreaterThan(0.8);
    expect(mcnemar(...pair(3000, 2000))).toBeLessThan(1e-20);
  });
});

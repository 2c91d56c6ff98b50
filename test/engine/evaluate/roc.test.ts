import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePrecision, rocAuc } from '../../../src/engine/evaluate/roc.ts';

const scored = fc
  .array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 0, max: 1 })), { maxLength: 40 })
  .map((rows) => ({
    scores: Float64Array.from(rows, ([score]) => score),
    positive: Uint8Array.from(rows, ([, one]) => one),
  }));

describe('rocAuc', () => {
  it("gives scikit-learn's documented example", () => {
    expect(rocAuc(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1))).toBe(0.75);
  });

  it('is what counting all pairs gives', () => {
    fc.assert(
      fc.property(scored, ({ scores, positive }) => {
        let wins = 0;
        let pairs = 0;
        scores.forEach((a, i) =>
          scores.forEach((b, j) => {
            if (positive[i] !== 1 || positive[j] !== 0) return;
            pairs++;
            wins += a > b ? 1 : a === b ? 0.5 : 0;
          }),
        );
        const area = rocAuc(scores, positive);
        expect(area === null).toBe(pairs === 0);
        expect(area ?? 0).toBeCloseTo(pairs === 0 ? 0 : wins / pairs, 10);
      }),
    );
  });
});

describe('averagePrecision', () => {
  it("gives scikit-learn's documented example", () => {
    const ap = averagePrecision(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1));
    expect(ap).toBeCloseTo(0.8333, 4);
  });

  it('is what stepping through all thresholds gives', () => {
    fc.assert(
      fc.property(scored, ({ scores, positive }) => {
        const total = positive.reduce((sum, one) => sum + one, 0);
        const ap = averagePrecision(scores, positive);
        expect(ap === null).toBe(total === 0 || total === positive.length);
        fc.pre(ap !== null);
        let before = 0;
        let expected = 0;
        for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
          const called = [...scores.keys()].filter((i) => (scores[i] ?? 0) >= threshold);
          const hits = called.filter((i) => positive[i] === 1).length;
          expected += (hits / total - before) * (hits / called.length);
          before = hits / total;
        }
        expect(ap).toBeCloseTo(expected, 10);
      }),
    );
  });

  it('is 1 where every positive is above every negative', () => {
    expect(averagePrecision(Float64Array.of(3, 2, 1, 0), Uint8Array.of(1, 1, 0, 0))).toBe(1);
    expect(rocAuc(Float64Array.of(3, 2, 1, 0), Uint8Array.of(1, 1, 0, 0))).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { ratePlaces } from '../../../src/renderer/screens/judge/rate-places.ts';

const points = [1e-6, 1e-4, 1e-2, 1].map((rate, i) => ({ rate, loss: [1.1, 0.9, 0.3, 40][i] ?? 0 }));

describe('the curve of the learning-rate finder', () => {
  it('has rates at even steps of their logarithm, and losses from the highest that is shown', () => {
    const places = ratePlaces({ points, chosen: 1e-3, found: true });
    const xs = places?.line.map(({ x }) => x) ?? [];
    [0, 1 / 3, 2 / 3, 1].forEach((x, i) => expect(xs[i]).toBeCloseTo(x, 9));
    // What runs away is cut at the first loss or thrice the lowest: here 1.1.
    const ys = places?.line.map(({ y }) => y) ?? [];
    [0, 0.25, 1, 0].forEach((y, i) => expect(ys[i]).toBeCloseTo(y, 9));
    expect(places?.chosen).toBeCloseTo(0.5, 9);
    expect(places?.ticks.map(({ label }) => label)).toEqual([
      '1e-6',
      '1e-5',
      '1e-4',
      '0.001',
      '0.01',
      '0.1',
      '1',
    ]);
  });

  it('marks no rate where none was found, and is nothing without points', () => {
    expect(ratePlaces({ points, chosen: 1e-3, found: false })?.chosen).toBeUndefined();
    expect(ratePlaces({ points: [], chosen: 1e-3, found: false })).toBeUndefined();
    expect(ratePlaces({ points: points.slice(0, 1), chosen: 1e-3, found: false })).toBeUndefined();
  });
});

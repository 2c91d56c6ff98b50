import { expect, test } from 'vitest';
import { normalQuantile } from '../../../src/engine/explore/normal-quantile.ts';

test.each([
  [0.5, 0],
  // The three that the algorithm's author gives, one for each of its ranges.
  [0.25, -0.6744897501960817],
  [0.001, -3.090232306167813],
  [1e-20, -9.262340089798409],
  [0.975, 1.959963984540054],
  [0.8413447460685429, 1],
  [0.0013498980316300933, -3],
])('below p = %d lies %d', (p, value) => {
  expect(normalQuantile(p)).toBeCloseTo(value, 12);
});

test('both sides are alike, it grows with p, and the ends are infinite', () => {
  const values = Array.from({ length: 999 }, (_, i) => normalQuantile((i + 1) / 1000));
  for (const [i, value] of values.entries()) {
    expect(value).toBeCloseTo(-(values[998 - i] ?? Number.NaN), 10);
  }
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(new Set(values).size).toBe(values.length);
  expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
});

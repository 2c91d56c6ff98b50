import { expect, test } from 'vitest';
import { rateCurve } from '../../../src/engine/evaluate/report-rate.ts';

const points = Array.from({ length: 60 }, (_, i) => {
  const rate = 10 ** (i / 10 - 6);
  return { rate, loss: i < 45 ? 1.1 - i / 50 : 0.2 + (i - 44) ** 2 };
});

test('draws the loss over the logarithm of the rate, and the rate that was taken', () => {
  const { text = '' } = rateCurve({ points, chosen: 2.5e-3, found: true }) ?? {};
  const [, d = ''] = /class="line train" d="([^"]+)"/.exec(text) ?? [];
  const xs = [...d.matchAll(/[ML]([\d.]+) /g)].map(([, x]) => Number(x));
  expect(xs).toHaveLength(60);
  const gaps = xs.slice(1).map((x, i) => x - (xs[i] ?? 0));
  for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0] ?? 0, 0);
  const ys = [...d.matchAll(/[ML][\d.]+ (-?[\d.]+)/g)].map(([, y]) => Number(y));
  // Lower is better, and further down; what runs away stays within the picture.
  expect(ys.indexOf(Math.max(...ys))).toBe(44);
  expect(Math.min(...ys)).toBeGreaterThanOrEqual(0);
  expect(text).toContain('taken: 0.0025');
  for (const tick of ['1e-6', '1e-4', '0.01']) expect(text).toContain(`>${tick}</text`);
});

test('marks no rate where none was found, and draws nothing of nothing', () => {
  expect(rateCurve({ points, chosen: 0.002, found: false })?.text).not.toContain('taken: ');
  expect(rateCurve({ points: points.slice(0, 1), chosen: 0.002, found: false })).toBeNull();
  expect(rateCurve({ points: [], chosen: 0.002, found: false })).toBeNull();
});

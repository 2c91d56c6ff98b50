import { expect, test } from 'vitest';
import { drawBeta } from '../../../src/engine/data/beta.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';

test.each([0.1, 0.2, 0.5, 1, 2, 8])('Beta(%f) has the mean and variance of the formula', (alpha) => {
  const random = seededRandom(7);
  const draws = Array.from({ length: 20_000 }, () => drawBeta(alpha, random));
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
  expect(mean).toBeGreaterThan(0.49);
  expect(mean).toBeLessThan(0.51);
  const wanted = 1 / (4 * (2 * alpha + 1));
  expect(variance / wanted).toBeGreaterThan(0.96);
  expect(variance / wanted).toBeLessThan(1.04);
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThanOrEqual(1);
});

test('Beta(1) is uniform, and tiny alphas draw 0 or 1 instead of nothing', () => {
  const random = seededRandom(3);
  const uniform = Array.from({ length: 10_000 }, () => drawBeta(1, random));
  for (const tenth of [0.1, 0.3, 0.5, 0.7, 0.9])
    expect(Math.abs(uniform.filter((draw) => draw < tenth).length / 10_000 - tenth)).toBeLessThan(0.015);
  const tiny = Array.from({ length: 200 }, () => drawBeta(0.001, random));
  for (const draw of tiny) expect(draw >= 0 && draw <= 1).toBe(true);
  expect(tiny.filter((draw) => draw < 0.01 || draw > 0.99).length).toBeGreaterThan(190);
});

test('the same seed draws the same', () => {
  const draw = (): number => drawBeta(0.3, seededRandom(5));
  expect(draw()).toBe(draw());
});

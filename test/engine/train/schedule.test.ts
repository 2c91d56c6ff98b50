import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosineSchedule } from '../../../src/engine/train/schedule.ts';

test('warms up in equal steps to 1, then falls along half a cosine', () => {
  const factors = Array.from({ length: 10 }, (_, step) => cosineSchedule(step, 10, 0.4));
  expect(factors.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
  const rest = [0, 1, 2, 3, 4, 5].map((k) => (1 + Math.cos((Math.PI * k) / 6)) / 2);
  factors.slice(4).forEach((factor, k) => expect(factor).toBeCloseTo(rest[k] ?? Number.NaN, 12));
});

test('a run of a single step learns at the full rate', () => {
  expect(cosineSchedule(0, 1, 0)).toBe(1);
  expect(cosineSchedule(0, 1, 1)).toBe(1);
});

test('is in 0..1, never 0 while steps are left, and falls after the warm-up', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (total, warmup) => {
        const factors = Array.from({ length: total }, (_, step) => cosineSchedule(step, total, warmup));
        const top = factors.indexOf(Math.max(...factors));
        const falling = factors.slice(top + 1);
        expect(factors.every((factor) => factor > 0 && factor <= 1)).toBe(true);
        expect(falling.every((factor, at) => at === 0 || factor < (falling[at - 1] ?? 0))).toBe(true);
      },
    ),
  );
});

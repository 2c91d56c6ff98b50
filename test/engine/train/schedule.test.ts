import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { scheduleKinds } from '../../../src/contract/choices.ts';
import type { ScheduleKind } from '../../../src/contract/train.ts';
import { cosineSchedule, createSchedule, usualWarmup } from '../../../src/engine/train/schedule.ts';
import type { ScheduleState } from '../../../src/engine/train/schedule.ts';

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

/** The factors of a whole run. */
function curve(kind: ScheduleKind, total: number, warmup: number): number[] {
  const schedule = createSchedule(kind, total, warmup);
  return Array.from({ length: total }, (_, step) => schedule.factor(step));
}

describe('schedules', () => {
  test('cosine is the cosine', () => {
    expect(curve('cosine', 40, 0.2)).toEqual(
      Array.from({ length: 40 }, (_, i) => cosineSchedule(i, 40, 0.2)),
    );
  });

  test('constant warms up and stays', () => {
    expect(curve('constant', 10, 0.3).map((factor) => factor.toFixed(4))).toEqual(
      [1 / 3, 2 / 3, ...Array<number>(8).fill(1)].map((factor) => factor.toFixed(4)),
    );
  });

  test('step falls to a tenth twice, a third of the steps after the warm-up each', () => {
    const factors = curve('step', 33, 0.1);
    expect(factors.slice(0, 3)).toEqual([1 / 3, 2 / 3, 1]);
    expect(factors.slice(3, 13)).toEqual(Array(10).fill(1));
    factors.slice(13, 23).forEach((factor) => expect(factor).toBeCloseTo(0.1, 12));
    factors.slice(23).forEach((factor) => expect(factor).toBeCloseTo(0.01, 12));
  });

  test('one-cycle rises from 1/25 to the peak along half a cosine, and falls to a 10,000th', () => {
    const factors = curve('one-cycle', 101, 0.3);
    expect(factors[0]).toBeCloseTo(1 / 25, 12);
    const top = factors.indexOf(1);
    expect(top).toBe(29);
    expect(factors.at(-1)).toBeCloseTo(1e-4, 12);
    const half = (1 / 25 + 1) / 2;
    expect(((factors[14] ?? 0) + (factors[15] ?? 0)) / 2).toBeCloseTo(half, 3);
    const change = factors.slice(1).map((factor, step) => Math.sign(factor - (factors[step] ?? 0)));
    expect(change).toEqual([...Array<number>(top).fill(1), ...Array<number>(100 - top).fill(-1)]);
    expect(usualWarmup('one-cycle', 0.05)).toBe(0.3);
    expect(usualWarmup('cosine', 0.05)).toBe(0.05);
  });

  test.each(scheduleKinds)('%s: never 0 or above 1, however short the run', (kind) => {
    for (const total of [1, 2, 3, 7, 50])
      for (const warmup of [0, 0.1, 0.5, 0.99])
        for (const factor of curve(kind, total, warmup)) {
          expect(factor).toBeGreaterThan(0);
          expect(factor).toBeLessThanOrEqual(1);
        }
  });

  test('plateau halves the rate after three epochs in which validation got no better, and only then', () => {
    const schedule = createSchedule('plateau', 100, 0);
    const after = (value: number): number => {
      schedule.afterEpoch(value);
      return schedule.factor(50);
    };
    expect([1, 0.9, 0.95, 0.91].map(after)).toEqual([1, 1, 1, 1]);
    expect(after(0.89995)).toBe(0.5); // no better than 0.9 by anything that counts
    expect([0.8, 0.85, 0.85].map(after)).toEqual([0.5, 0.5, 0.5]);
    expect(after(0.85)).toBe(0.25);
    expect([Number.NaN, Number.NaN, Number.NaN, Number.NaN].map(after)).toEqual(Array(4).fill(0.25));
  });

  test('only plateau listens to the validation', () => {
    for (const kind of scheduleKinds.filter((one) => one !== 'plateau')) {
      const schedule = createSchedule(kind, 20, 0.1);
      const before = schedule.factor(10);
      for (let epoch = 0; epoch < 10; epoch += 1) schedule.afterEpoch(1);
      expect(schedule.factor(10)).toBe(before);
    }
  });

  test('plateau goes on from its state', () => {
    const whole = createSchedule('plateau', 20, 0.1);
    const first = createSchedule('plateau', 20, 0.1);
    for (const value of [1, 1, 1]) [whole, first].map((one) => one.afterEpoch(value));
    const second = createSchedule('plateau', 20, 0.1);
    second.restore(JSON.parse(JSON.stringify(first.state())) as ScheduleState);
    for (const value of [1, 1, 1, 1]) {
      whole.afterEpoch(value);
      second.afterEpoch(value);
      expect(second.factor(15)).toBe(whole.factor(15));
    }
    expect(whole.factor(15)).toBeLessThan(0.5);
  });
});

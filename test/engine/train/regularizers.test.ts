import { beforeAll, describe, expect, test } from 'vitest';
import { countZeros, dropoutMask, dropoutSeed } from '../../../src/engine/train/regularizers.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { startWasm } from './tf-testing.ts';

beforeAll(startWasm);

/** The mask of a layer in many steps. */
function masks(rate: number, steps: number, units: number): number[][] {
  return Array.from({ length: steps }, (_, step) =>
    tf.tidy(() => [...dropoutMask([1, units], rate, dropoutSeed(7, step, 0)).dataSync<'float32'>()]),
  );
}

describe('dropout', () => {
  test.each([0.1, 0.5, 0.8])(
    'at %d leaves out that share, scales the others up, and keeps the mean',
    (rate) => {
      const units = 40;
      const steps = 2500;
      const all = masks(rate, steps, units);
      const values = all.flat();
      const n = values.length;
      const kept = Math.fround(1 / (1 - rate));
      expect(new Set(values)).toEqual(new Set([0, kept]));
      const dropped = values.filter((value) => value === 0).length / n;
      expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / n));
      // The expectation of what is multiplied with it stays as it was, unit by unit.
      const deviation = Math.sqrt(rate / (1 - rate) / steps);
      for (let unit = 0; unit < units; unit += 1) {
        const mean = all.reduce((sum, mask) => sum + (mask[unit] ?? 0), 0) / steps;
        expect(Math.abs(mean - 1)).toBeLessThan(5 * deviation);
      }
    },
  );

  test('is another in every step, layer and seed, and the same when it is asked for again', () => {
    const seeds = [dropoutSeed(1, 0, 0), dropoutSeed(1, 1, 0), dropoutSeed(1, 0, 1), dropoutSeed(2, 0, 0)];
    const of = (seed: number): string =>
      tf.tidy(() => dropoutMask([4, 16], 0.5, seed).dataSync<'float32'>().join());
    expect(new Set(seeds.map(of)).size).toBe(4);
    expect(seeds.map(of)).toEqual(seeds.map(of));
  });
});

test('only what is exactly zero is counted as zero', () => {
  const weight = { shape: [4], data: Float32Array.of(0, 1e-30, -0, 2) };
  expect(countZeros([weight, { shape: [1], data: Float32Array.of(3) }])).toEqual({ weights: 5, zeros: 2 });
});

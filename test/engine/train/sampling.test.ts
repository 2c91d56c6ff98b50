import { describe, expect, test } from 'vitest';
import { seededRandom, shuffled } from '../../../src/engine/data/random.ts';
import { epochOrder } from '../../../src/engine/train/sampling.ts';

const labels = Int32Array.from({ length: 100 }, (_, row) => (row < 80 ? 0 : row < 95 ? 1 : 2));
const counted = (order: readonly number[], kind: (row: number) => number): number[] => {
  const counts: number[] = [];
  for (const row of order) counts[kind(row)] = (counts[kind(row)] ?? 0) + 1;
  return counts;
};

describe('an epoch', () => {
  test('goes once through every row, in the order it always did', () => {
    const order = epochOrder('shuffle', { labels }, 100, 3, seededRandom(9));
    expect(order).toEqual(shuffled(Array(100).keys(), seededRandom(9)));
  });

  test('balanced, sees every class equally often and no photo again before all of its class', () => {
    const order = epochOrder('balanced', { labels }, 100, 3, seededRandom(9));
    expect(order).toHaveLength(100);
    for (const count of counted(order, (row) => labels[row] ?? 0))
      expect(Math.abs(count - 100 / 3)).toBeLessThan(1);
    const rare = counted(
      order.filter((row) => row >= 95),
      (row) => row - 95,
    );
    expect(Math.max(...rare) - Math.min(...rare)).toBeLessThanOrEqual(1);
    expect(new Set(order.filter((row) => row < 80)).size).toBeGreaterThan(32);
    expect(epochOrder('balanced', { labels }, 100, 3, seededRandom(9))).toEqual(order);
    expect(epochOrder('balanced', { labels }, 100, 3, seededRandom(10))).not.toEqual(order);
  });

  test('balanced, takes photos without any label for a kind of their own', () => {
    const targets = new Float32Array(200);
    for (let row = 0; row < 100; row += 1) {
      if (row < 10) targets[2 * row] = 1;
      else if (row < 80) targets[2 * row + 1] = 1;
    }
    const order = epochOrder('balanced', { labels, targets }, 100, 2, seededRandom(1));
    const counts = counted(order, (row) => (row < 10 ? 0 : row < 80 ? 1 : 2));
    for (const count of counts) expect(Math.abs(count - 100 / 3)).toBeLessThan(1);
  });

  test('balanced, sees every range of a number equally often', () => {
    const targets = Float32Array.from({ length: 100 }, (_, row) => (row < 90 ? 0 : 1));
    const order = epochOrder('balanced', { labels, targets }, 100, 1, seededRandom(1));
    expect(order.filter((row) => row >= 90)).toHaveLength(50);
  });
});

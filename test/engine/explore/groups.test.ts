import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { groupsOf, silhouetteOf } from '../../../src/engine/explore/groups.ts';
import { cutMerges, wardMerges } from '../../../src/engine/explore/hierarchy.ts';
import { kMeans } from '../../../src/engine/explore/k-means.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import { clouds, isPartition } from './clouds.ts';

const pace = new Pace();

describe('groups of like photos', () => {
  test.each(['k-means', 'hierarchical'] as const)(
    '%s finds five clouds, and that they are five',
    async (method) => {
      const points = clouds(400, 8, 5, 6);
      const groups = await groupsOf(points, method, undefined, 0, pace);
      expect(groups.count).toBe(5);
      expect(isPartition(groups.assignment, 5)).toBe(true);
      expect(groups.silhouette).toBeGreaterThan(0.6);
    },
  );

  test('as many groups as were asked for, the largest first', async () => {
    const points = clouds(90, 4, 3, 8);
    // Of the third kind only a few.
    const rows = Array.from({ length: 90 }, (_, row) => row).filter((row) => row % 3 !== 2 || row < 12);
    const data = Float32Array.from(rows.flatMap((row) => [...points.data.subarray(row * 4, row * 4 + 4)]));
    const groups = await groupsOf({ rows: rows.length, columns: 4, data }, 'k-means', 3, 0, pace);
    const sizes = [0, 1, 2].map((group) => groups.assignment.filter((own) => own === group).length);
    expect(sizes).toEqual([30, 30, 4]);
  });

  test('the same seed gives the same groups; one photo is one group', async () => {
    const points = clouds(200, 6, 3, 1);
    const [a, b] = await Promise.all([1, 1].map((seed) => groupsOf(points, 'k-means', 4, seed, pace)));
    expect(a).toEqual(b);
    const one = await groupsOf(clouds(1, 6, 1, 1), 'hierarchical', undefined, 0, pace);
    expect([one.count, one.silhouette]).toEqual([1, null]);
  });

  test('k-means with centres learned from some gives nearly the spread of centres learned from all', async () => {
    const points = clouds(3_000, 8, 6, 4);
    const spread = ({ distances }: { distances: Float32Array }): number =>
      distances.reduce((a, b) => a + b, 0);
    const learnFrom = Int32Array.from({ length: 600 }, (_, i) => i * 5 + (i % 5));
    const whole = await kMeans(points, 6, seededRandom(2), pace);
    const part = await kMeans(points, 6, seededRandom(2), pace, { learnFrom });
    expect(spread(part)).toBeLessThan(1.05 * spread(whole));
  });

  test('a search that is cancelled ends', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const work = groupsOf(clouds(2_000, 16, 5, 1), 'k-means', undefined, 0, new Pace(stop.signal));
    await expect(work).rejects.toThrow('enough');
  });

  test('silhouettes as computed by hand', () => {
    // On a line: 0, 1 | 10, 11. a = 1; b = 10.5 and 9.5.
    const points = { rows: 4, columns: 1, data: Float32Array.of(0, 1, 10, 11) };
    const expected = (2 * (1 - 1 / 10.5) + 2 * (1 - 1 / 9.5)) / 4;
    expect(silhouetteOf(points, Int32Array.of(0, 0, 1, 1), [0, 1, 2, 3])).toBeCloseTo(expected, 6);
  });

  test('Ward joins what spreads least, by the growth of the sum of squares', () => {
    const points = { rows: 4, columns: 1, data: Float32Array.of(0, 1, 10, 13) };
    const merges = wardMerges(points, [1, 1, 1, 1]);
    expect(merges.map(({ cost }) => Number(cost.toFixed(6)))).toEqual([0.5, 4.5, 121]);
    expect([...cutMerges(merges, 4, 2)]).toEqual([0, 0, 1, 1]);
    expect([...cutMerges(merges, 4, 3)]).toEqual([0, 0, 1, 2]);
    expect([...cutMerges(merges, 4, 1)]).toEqual([0, 0, 0, 0]);
  });
});

import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { anomalyScores, ranksOf, traitScores } from '../../../src/engine/explore/anomalies.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import type { Points } from '../../../src/engine/explore/points.ts';

const columns = 120;

/** Photos whose features vary by a tenth around one half. */
function photos(rows: number): Points {
  const random = seededRandom(3);
  const data = Float32Array.from({ length: rows * columns }, () => Math.max(0, 0.5 + 0.1 * random.normal()));
  return { rows, columns, data };
}

describe('what a photo shows more of than others', () => {
  test('is most for the one with a thing that no other has, however it is lit', async () => {
    const some = photos(60);
    for (let j = 0; j < columns; j += 8) some.data[7 * columns + j] = 1.5;
    for (let j = 0; j < columns; j++)
      some.data[9 * columns + j] = 30 * (some.data[9 * columns + j] as number);
    const scores = await traitScores(some, columns, new Pace());
    const order = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
    expect(order[0]).toBe(7);
    expect(order.indexOf(9)).toBeGreaterThan(3);
  });

  test('counts in standard deviations above the mean, the first columns alone', async () => {
    // Of length 1 before and after: three photos alike, one that has all in another feature.
    const rows = [
      [1, 0, 0, 9],
      [1, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ];
    const features = { rows: 4, columns: 4, data: Float32Array.from(rows.flat()) };
    const scores = await traitScores(features, 3, new Pace());
    const deviation = Math.sqrt(1 / 4 - 1 / 16);
    expect(scores[0]).toBeCloseTo((1 - 3 / 4) / deviation / 50, 10);
    expect(scores[1]).toBe(scores[0]);
    expect(scores[3]).toBeCloseTo((1 - 1 / 4) / deviation / 50, 10);
  });

  test('is a number for empty, equal and single photos', async () => {
    for (const rows of [1, 2, 5]) {
      const features = { rows, columns, data: new Float32Array(rows * columns) };
      expect([...(await traitScores(features, columns, new Pace()))]).toEqual(Array(rows).fill(0));
      expect(anomalyScores(features, new Float64Array(rows)).every((score) => score >= 0 && score <= 1)).toBe(
        true,
      );
    }
  });
});

test('the list is led by what is far and strange at once', () => {
  const points = { rows: 5, columns: 1, data: Float32Array.of(1, -1, 1, -3, 3) };
  const scores = anomalyScores(points, Float64Array.of(0, 1, 0, 2, 3));
  expect(scores[4]).toBe(1);
  expect(scores[3]).toBeGreaterThan(scores[1] as number);
});

test('ranks of equal values are equal', () => {
  expect([...ranksOf(Float64Array.of(5, 1, 5, 9, 2))]).toEqual([0.625, 0, 0.625, 1, 0.25]);
});

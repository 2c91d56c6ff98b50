import { describe, expect, test } from 'vitest';
import { framed } from '../../../src/engine/explore/explore.ts';
import { flatMap, neighborMap } from '../../../src/engine/explore/map.ts';
import { nearestNeighbors, recallOf } from '../../../src/engine/explore/neighbors.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';
import { squaredDistance } from '../../../src/engine/explore/points.ts';
import { fitProjection, project } from '../../../src/engine/explore/projection.ts';
import { eigenOfSymmetric } from '../../../src/engine/explore/symmetric.ts';
import { clouds } from './clouds.ts';

const pace = new Pace();

describe('principal components', () => {
  test('eigenvalues of a small matrix', () => {
    const { values, vectors } = eigenOfSymmetric(Float64Array.of(2, 1, 1, 2), 2);
    expect(values[0]).toBeCloseTo(3, 10);
    expect(values[1]).toBeCloseTo(1, 10);
    expect(Math.abs(vectors[0] ?? 0)).toBeCloseTo(Math.SQRT1_2, 10);
  });

  test('keep distances when nothing is left out, and have falling variances', async () => {
    const points = clouds(120, 9, 3, 3);
    const projection = await fitProjection(points, 9, 0, pace);
    const own = { rows: 120, columns: 9, data: new Float32Array(120 * 9) };
    project(projection, points.data, own, 0);
    for (const [a, b] of [
      [0, 1],
      [5, 99],
      [7, 8],
    ] as const)
      expect(squaredDistance(own.data, a * 9, own.data, b * 9, 9)).toBeCloseTo(
        squaredDistance(points.data, a * 9, points.data, b * 9, 9),
        3,
      );
    const variances = Array.from({ length: 9 }, (_, j) =>
      Array.from({ length: 120 }, (__, row) => own.data[row * 9 + j] as number).reduce(
        (sum, x) => sum + x * x,
        0,
      ),
    );
    expect(variances).toEqual([...variances].sort((a, b) => b - a));
    expect(projection.kept).toBeCloseTo(1, 6);
  });

  test('few of them hold what differs: kinds in a plane of 60 numbers', async () => {
    const points = clouds(300, 60, 3, 5);
    const projection = await fitProjection(points, 2, 0, pace);
    expect(projection.kept).toBeGreaterThan(0.7);
  });
});

describe('nearest neighbours', () => {
  test('few photos: the true ones, nearest first', async () => {
    const points = clouds(700, 12, 4, 1);
    const found = await nearestNeighbors(points, 10, 0, pace);
    expect(recallOf(points, found, [0, 13, 250, 699])).toBe(1);
    const distances = [...found.distances.subarray(0, 10)];
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
  });

  test('many photos: nearly all of the true ones', async () => {
    const points = clouds(6_500, 8, 30, 2);
    const found = await nearestNeighbors(points, 10, 0, pace);
    const some = Array.from({ length: 50 }, (_, i) => i * 130);
    expect(recallOf(points, found, some)).toBeGreaterThan(0.95);
    expect(found.indices.every((other, at) => other !== Math.floor(at / 10))).toBe(true);
  });

  test('fewer photos than neighbours', async () => {
    const found = await nearestNeighbors(clouds(3, 4, 1, 1), 10, 0, pace);
    expect([found.k, [...found.indices].every((other) => other >= 0)]).toEqual([2, true]);
    expect((await nearestNeighbors(clouds(1, 4, 1, 1), 10, 0, pace)).k).toBe(0);
  });
});

describe('the map', () => {
  /** Share of photos whose nearest place is of their own kind. */
  const together = (places: Float32Array, kinds: number): number => {
    const rows = places.length / 2;
    let right = 0;
    for (let a = 0; a < rows; a++) {
      let best = -1;
      let least = Infinity;
      for (let b = 0; b < rows; b++) {
        const distance = squaredDistance(places, a * 2, places, b * 2, 2);
        if (b !== a && distance < least) [least, best] = [distance, b];
      }
      if (best % kinds === a % kinds) right += 1;
    }
    return right / rows;
  };

  test('lays kinds apart that principal components lay over each other; the same each time', async () => {
    const points = clouds(300, 20, 8, 1.5);
    const neighbors = await nearestNeighbors(points, 15, 0, pace);
    const places = await neighborMap(points, neighbors, 0, pace);
    expect(together(places, 8)).toBeGreaterThan(0.97);
    expect(together(flatMap(points), 8)).toBeLessThan(0.6);
    expect(await neighborMap(points, neighbors, 0, pace)).toEqual(places);
  });

  test('copies and single photos have places, too', async () => {
    for (const rows of [1, 2, 40]) {
      const points = { rows, columns: 3, data: new Float32Array(rows * 3).fill(1) };
      const places = framed(await neighborMap(points, await nearestNeighbors(points, 15, 0, pace), 0, pace));
      expect(places.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });
});

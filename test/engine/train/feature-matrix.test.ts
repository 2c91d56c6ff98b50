import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { standardizationOf, standardize } from '../../../src/engine/train/feature-matrix.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';

function matrix(rows: readonly (readonly number[])[]): FeatureMatrix {
  const columns = rows[0]?.length ?? 0;
  const data = Float32Array.from(rows.flat());
  return { rows: rows.length, columns, data, labels: new Int32Array(rows.length) };
}

test('by hand: means of the columns, one scale from the mean of their variances', () => {
  // Variances 1 and 9: their mean is 5.
  const { mean, scale } = standardizationOf(
    matrix([
      [1, 10],
      [3, 16],
    ]),
  );
  expect([...mean]).toEqual([2, 13]);
  expect(scale).toBeCloseTo(Math.sqrt(5), 12);
});

test('any matrix comes out centred and with a mean variance of 1', () => {
  const value = fc.float({ min: -100, max: 100, noNaN: true });
  const table = fc
    .tuple(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 1, max: 6 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(value, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      }),
    );
  fc.assert(
    fc.property(table, (rows) => {
      const one = matrix(rows);
      const spread = Math.max(...rows.flat()) - Math.min(...rows.flat());
      fc.pre(spread > 1e-2);
      standardize(one, standardizationOf(one));
      let variance = 0;
      for (let column = 0; column < one.columns; column += 1) {
        const values = rows.map((_, row) => one.data[row * one.columns + column] ?? 0);
        const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
        expect(Math.abs(mean)).toBeLessThan(1e-2);
        variance += values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
      }
      expect(variance / one.columns).toBeCloseTo(1, 2);
    }),
  );
});

test('features that never change are only centred: nothing is divided by zero', () => {
  const one = matrix([
    [5, 5],
    [5, 5],
  ]);
  const found = standardizationOf(one);
  expect(found.scale).toBe(1);
  standardize(one, found);
  expect([...one.data]).toEqual([0, 0, 0, 0]);
});

test('no rows at all are no trouble', () => {
  const none: FeatureMatrix = { rows: 0, columns: 3, data: new Float32Array(), labels: new Int32Array() };
  expect(standardizationOf(none)).toEqual({ mean: new Float32Array(3), scale: 1 });
});

test('other photos are standardized by the training photos’ own figures', () => {
  const found = standardizationOf(matrix([[0], [2]]));
  const other = matrix([[4]]);
  standardize(other, found);
  expect([...other.data]).toEqual([3]);
});

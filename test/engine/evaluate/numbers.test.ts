import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { evaluateNumbers, numberText } from '../../../src/engine/evaluate/numbers.ts';

test('equal those of scikit-learn', () => {
  // scikit-learn's own example: y_true [3, -0.5, 2, 7], y_pred [2.5, 0.0, 2, 8]
  const { regression } = evaluateNumbers([2.5, 0, 2, 8], [3, -0.5, 2, 7]);
  expect(regression?.mae).toBe(0.5);
  expect(regression?.rmse).toBeCloseTo(Math.sqrt(0.375), 12);
  expect(regression?.r2).toBeCloseTo(0.9486081370449679, 12);
  expect(regression?.medianError).toBe(0.5);
  expect(regression?.bias).toBeCloseTo(0.25, 12);
  expect(regression?.maeOfMean).toBeCloseTo((0.125 + 3.375 + 0.875 + 4.125) / 4, 12);
  expect(regression?.range).toEqual([-0.5, 7]);
});

test('intervals hold the true error some 95 times of 100', () => {
  // Errors are normal with a deviation of 2: their mean size is 2 sqrt(2 / pi).
  const truth = 2 * Math.sqrt(2 / Math.PI);
  let held = 0;
  for (let round = 0; round < 60; round += 1) {
    const random = seededRandom(100 + round);
    const actual = Array.from({ length: 80 }, () => 10 * random.normal());
    const { regression } = evaluateNumbers(
      actual.map((value) => value + 2 * random.normal()),
      actual,
      round,
    );
    const [low, high] = regression?.maeInterval ?? [0, 0];
    if (low <= truth && truth <= high) held += 1;
  }
  expect(held).toBeGreaterThanOrEqual(52);
});

test('nothing is made up where nothing is known', () => {
  expect(evaluateNumbers([], [])).toMatchObject({ count: 0, accuracy: null, perClass: [] });
  expect(evaluateNumbers([], []).regression).toBeUndefined();
  const { regression } = evaluateNumbers([1, 2], [3, 3]);
  expect(regression).toMatchObject({ r2: null, r2Interval: null, maeOfMean: 0 });
});

test('are written with the digits that count', () => {
  expect(numberText(20.637, 174)).toBe('20.6');
  expect(numberText(0.001234, 0.01)).toBe('0.001234');
  expect(numberText(12345.6, 100000)).toBe('12346');
  expect(numberText(-0.001, 174)).toBe('0.0');
});

import { describe, expect, test } from 'vitest';
import { headActivations, initializers } from '../../../src/contract/choices.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { initialWeights, usualInitializer } from '../../../src/engine/train/initializers.ts';

const [fanIn, fanOut] = [300, 200] as const;
/** The published variances. */
const formulas = {
  'glorot-uniform': 2 / (fanIn + fanOut),
  'glorot-normal': 2 / (fanIn + fanOut),
  'he-uniform': 2 / fanIn,
  'he-normal': 2 / fanIn,
  lecun: 1 / fanIn,
  orthogonal: 1 / fanIn,
  zeros: 0,
};

function moments(values: Float32Array): { mean: number; variance: number; most: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance, most: values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
}

describe('initial weights', () => {
  test.each(initializers)('%s: mean 0 and the variance of its formula', (kind) => {
    const values = initialWeights(kind, [fanIn, fanOut], seededRandom(1));
    const { mean, variance } = moments(values);
    const expected = formulas[kind];
    expect(values).toHaveLength(fanIn * fanOut);
    // 60,000 numbers: five standard errors of the mean, 3% of the variance.
    expect(Math.abs(mean)).toBeLessThanOrEqual((5 * Math.sqrt(expected)) / Math.sqrt(values.length));
    expect(Math.abs(variance - expected)).toBeLessThanOrEqual(0.03 * expected);
  });

  test.each(['glorot-uniform', 'he-uniform'] as const)('%s stays within its limit', (kind) => {
    const { most } = moments(initialWeights(kind, [fanIn, fanOut], seededRandom(2)));
    const limit = Math.sqrt(3 * formulas[kind]);
    expect(most).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThan(0.99 * limit);
  });

  test.each([
    [40, 30],
    [30, 40],
  ])('orthogonal %d x %d: rows or columns of length 1 at right angles', (rows, columns) => {
    const values = initialWeights('orthogonal', [rows, columns], seededRandom(3));
    const at = (row: number, column: number): number => values[row * columns + column] ?? Number.NaN;
    const few = Math.min(rows, columns);
    for (let a = 0; a < few; a += 1) {
      for (let b = 0; b <= a; b += 1) {
        let product = 0;
        for (let i = 0; i < Math.max(rows, columns); i += 1)
          product += rows > columns ? at(i, a) * at(i, b) : at(a, i) * at(b, i);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 5);
      }
    }
  });

  test.each(initializers)('%s: rows that may not be read stay zero', (kind) => {
    const values = initialWeights(kind, [10, 4], seededRandom(4), 6);
    expect([...values.subarray(24)]).toEqual(Array(16).fill(0));
    expect(values.subarray(0, 24).some((value) => value === 0)).toBe(kind === 'zeros');
  });

  test('the same seed gives the same weights', () => {
    for (const kind of initializers) {
      const [first, second] = [1, 1].map((seed) => initialWeights(kind, [8, 5], seededRandom(seed)));
      expect(first).toEqual(second);
    }
  });
});

test('every activation has its usual one: He before ReLU, Glorot before softmax', () => {
  expect(usualInitializer('relu')).toBe('he-normal');
  expect(usualInitializer('softmax')).toBe('glorot-uniform');
  expect(usualInitializer('tanh')).toBe('glorot-uniform');
  expect(usualInitializer('selu')).toBe('lecun');
  expect(headActivations.map(usualInitializer)).not.toContain('zeros');
});

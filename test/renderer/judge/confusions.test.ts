import { describe, expect, it } from 'vitest';
import { mostConfused, moveInMatrix, shadeOf } from '../../../src/renderer/screens/judge/confusions.ts';
import { pointAt, twoClassCurve } from '../../../src/renderer/screens/judge/two-class-curves.ts';
import { averagePrecision, rocAuc } from '../../../src/engine/evaluate/roc.ts';
import type { RunPhoto } from '../../../src/contract/runs.ts';

describe('the matrix', () => {
  it.each([
    [0, 10, 0],
    [1, 1000, 1],
    [5, 10, 3],
    [10, 10, 5],
    [0, 0, 0],
  ])('%i of %i photos have the shade %i', (value, total, shade) => {
    expect(shadeOf(value, total)).toBe(shade);
  });

  it.each([
    [[0, 0], 'ArrowUp', undefined],
    [[0, 0], 'ArrowLeft', undefined],
    [[2, 2], 'ArrowRight', undefined],
    [[2, 2], 'ArrowDown', undefined],
    [[1, 1], 'ArrowUp', [0, 1]],
    [[1, 1], 'End', [1, 2]],
    [[1, 1], 'Home', [1, 0]],
    [[1, 1], 'a', undefined],
  ] as const)('from %j the key %s leads to %j', (from, key, to) => {
    expect(moveInMatrix(from, key, 3)).toEqual(to);
  });

  it('names the pairs that are confused most often, the larger share first among equals', () => {
    const confusion = {
      classes: ['ant', 'bee', 'fly'],
      matrix: [
        [5, 2, 0],
        [2, 0, 1],
        [0, 0, 9],
      ],
    };
    expect(mostConfused(confusion, 2)).toEqual([
      { truth: 'bee', predicted: 'ant', count: 2, of: 3 },
      { truth: 'ant', predicted: 'bee', count: 2, of: 7 },
    ]);
    expect(mostConfused({ classes: ['ant'], matrix: [[3]] }, 2)).toEqual([]);
  });
});

const photo = (truth: string, bee: number): RunPhoto => ({
  photo: '',
  path: '',
  split: 'val',
  truth,
  predicted: bee > 0.5 ? 'bee' : 'ant',
  confidence: Math.max(bee, 1 - bee),
  probabilities: [1 - bee, bee],
});

describe('the curves of two classes', () => {
  const photos = [
    photo('bee', 0.9),
    photo('bee', 0.8),
    photo('ant', 0.8),
    photo('bee', 0.4),
    photo('ant', 0.3),
    photo('ant', 0.1),
  ];
  const curve = twoClassCurve(photos, 'bee', 1);

  it('have a point for each probability, from "never" to "always"', () => {
    expect(curve.map(({ threshold }) => threshold)).toEqual([Infinity, 0.9, 0.8, 0.4, 0.3, 0.1]);
    expect(curve[0]).toMatchObject({ found: 0, falseAlarms: 0, precision: null });
    expect(curve[2]).toMatchObject({ found: 2 / 3, falseAlarms: 1 / 3, precision: 2 / 3 });
    expect(curve.at(-1)).toMatchObject({ found: 1, falseAlarms: 1, precision: 0.5 });
  });

  it('enclose the areas that the engine gives', () => {
    let [area, average] = [0, 0];
    curve.forEach((point, at) => {
      const before = curve[at - 1];
      if (before === undefined) return;
      area += ((point.falseAlarms - before.falseAlarms) * (point.found + before.found)) / 2;
      average += (point.found - before.found) * (point.precision ?? 0);
    });
    const scores = Float64Array.from(photos, ({ probabilities }) => probabilities[1] ?? 0);
    const positive = Uint8Array.from(photos, ({ truth }) => Number(truth === 'bee'));
    expect(area).toBeCloseTo(rocAuc(scores, positive) ?? -1, 12);
    expect(average).toBeCloseTo(averagePrecision(scores, positive) ?? -1, 12);
  });

  it('are not drawn where all photos are of one class', () => {
    expect(twoClassCurve([photo('bee', 0.9)], 'bee', 1)).toEqual([]);
  });

  it('say what holds at a threshold between two probabilities', () => {
    expect(pointAt(curve, 0.5)?.threshold).toBe(0.8);
    expect(pointAt(curve, 1)?.threshold).toBe(Infinity);
    expect(pointAt([], 0.5)).toBeUndefined();
  });
});

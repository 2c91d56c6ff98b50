import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stratifiedGroupFolds } from '../../../src/engine/data/folds.ts';

const many = fc.array(fc.nat(3), { minLength: 6, maxLength: 100 });

describe('folds', () => {
  it('spread every class within one photo, and none is empty', () => {
    fc.assert(
      fc.property(many, fc.integer({ min: 2, max: 6 }), fc.integer(), (labels, k, seed) => {
        const folds = stratifiedGroupFolds(labels, undefined, k, seed);
        expect(new Set(folds).size).toBe(k);
        for (const label of new Set(labels)) {
          const counts = Array.from(
            { length: k },
            (_, fold) => labels.filter((own, index) => own === label && folds[index] === fold).length,
          );
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('keep groups together, and none is empty', () => {
    fc.assert(
      fc.property(many, fc.integer(), (labels, seed) => {
        const groups = labels.map((_, index) => index % 5);
        const folds = stratifiedGroupFolds(labels, groups, 4, seed);
        expect(new Set(folds).size).toBe(4);
        for (const [index, group] of groups.entries())
          expect(folds[index]).toBe(folds[groups.indexOf(group)]);
      }),
    );
  });

  it('are the same for the same seed and differ by seed', () => {
    const labels = Array.from({ length: 40 }, (_, index) => index % 2);
    expect(stratifiedGroupFolds(labels, undefined, 5, 1)).toEqual(
      stratifiedGroupFolds(labels, undefined, 5, 1),
    );
    expect(stratifiedGroupFolds(labels, undefined, 5, 1)).not.toEqual(
      stratifiedGroupFolds(labels, undefined, 5, 2),
    );
  });

  it('need as many groups', () => {
    expect(() => stratifiedGroupFolds([0, 1, 0, 1], [0, 0, 1, 1], 3, 1)).toThrow(/only 2 groups/);
    expect(() => stratifiedGroupFolds([0, 1], undefined, 1, 1)).toThrow(RangeError);
  });
});

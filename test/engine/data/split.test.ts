import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import type { Split } from '../../../src/contract/dataset.ts';
import { splitPhotos } from '../../../src/engine/data/split.ts';
import type { SplittablePhoto } from '../../../src/engine/data/split.ts';

/** Photos of content 0, 1, 2, ... */
function photosOf(labels: readonly number[], splits: readonly (Split | undefined)[] = []): SplittablePhoto[] {
  return labels.map((label, index) => ({
    id: `id${index}`,
    path: `${label}/${index}.jpg`,
    root: 0,
    label,
    split: splits[index],
  }));
}
const repeat = <T>(value: T, times: number): T[] => Array.from({ length: times }, () => value);
const count = (splits: readonly Split[], split: Split): number =>
  splits.filter((own) => own === split).length;

function complaint(run: () => unknown): HolotypeError {
  try {
    run();
  } catch (error) {
    if (error instanceof HolotypeError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

/** The splits, or that the photos can't be split. */
function outcome(...parts: Parameters<typeof splitPhotos>): Split[] | 'refused' {
  try {
    return splitPhotos(...parts).splits;
  } catch (error) {
    if (error instanceof HolotypeError && error.code === 'bad-input') return 'refused';
    throw error;
  }
}

const fractions = fc.record({
  valFraction: fc.double({ min: 0.05, max: 0.45, noNaN: true }),
  testFraction: fc.oneof(fc.constant(0), fc.double({ min: 0.05, max: 0.45, noNaN: true })),
  seed: fc.integer(),
});
// Class 0 can always be split, so that nothing is refused.
const labels = fc.array(fc.nat(4), { maxLength: 120 }).map((more) => [0, 0, 0, ...more]);

describe('chosen splits', () => {
  it('are stratified within one photo', () => {
    fc.assert(
      fc.property(labels, fractions, (classes, options) => {
        const { splits } = splitPhotos(photosOf(classes), options);
        for (const label of new Set(classes)) {
          const own = splits.filter((_, index) => classes[index] === label);
          const total = own.length;
          const val = count(own, 'val');
          const test = count(own, 'test');
          expect(own.length - val - test).toBeGreaterThanOrEqual(1);
          expect(val).toBeGreaterThanOrEqual(total >= 2 ? 1 : 0);
          // Of three photos or fewer each split that is asked for gets its one before the fractions count.
          const room = total >= 4 ? 1 : 3;
          expect(Math.abs(val - total * options.valFraction)).toBeLessThanOrEqual(room);
          expect(Math.abs(test - total * options.testFraction)).toBeLessThanOrEqual(room);
        }
      }),
    );
  });

  it('never tear a group or copies apart', () => {
    fc.assert(
      fc.property(
        labels,
        fc.integer({ min: 1, max: 30 }),
        fractions,
        fc.gen(),
        (classes, kinds, options, gen) => {
          const photos = photosOf(classes).map((photo) => ({
            ...photo,
            id: gen(fc.boolean) ? photo.id : `id${gen(fc.nat, classes.length - 1)}`,
          }));
          const groups = classes.map(() => gen(fc.nat, kinds));
          const splits = outcome(photos, { ...options, groups });
          const sideOf = new Map<string, Split>();
          for (const [index, split] of (splits === 'refused' ? [] : splits).entries()) {
            for (const key of [`group ${groups[index]}`, `photo ${photos[index]?.id}`]) {
              expect(sideOf.get(key) ?? split).toBe(split);
              sideOf.set(key, split);
            }
          }
        },
      ),
    );
  });

  it('differ by seed', () => {
    const photos = photosOf(repeat(0, 50));
    const once = splitPhotos(photos, { valFraction: 0.2, testFraction: 0, seed: 1 }).splits;
    expect(splitPhotos(photos, { valFraction: 0.2, testFraction: 0, seed: 1 }).splits).toEqual(once);
    expect(splitPhotos(photos, { valFraction: 0.2, testFraction: 0, seed: 2 }).splits).not.toEqual(once);
  });

  it('come close to the fractions with groups of ten', () => {
    const classes = [...repeat(0, 200), ...repeat(1, 100)];
    const groups = classes.map((_, index) => Math.floor(index / 10));
    const { splits, warnings } = splitPhotos(photosOf(classes), {
      valFraction: 0.2,
      testFraction: 0.1,
      seed: 4,
      groups,
    });
    expect([count(splits, 'val'), count(splits, 'test')]).toEqual([60, 30]);
    expect(warnings).toEqual([]);
  });

  it('give validation something even of a class of two large groups, and say so', () => {
    const classes = [...repeat(0, 100), ...repeat(1, 40)];
    const groups = classes.map((label, index) => (label === 0 ? index : 1000 + (index % 2)));
    const { splits, warnings } = splitPhotos(photosOf(classes), {
      valFraction: 0.2,
      testFraction: 0,
      seed: 4,
      groups,
      classes: ['ants', 'bees'],
    });
    expect(count(splits.slice(100), 'val')).toBe(20);
    expect(warnings).toEqual([
      {
        code: 'split-uneven',
        message: expect.stringContaining('Of "bees" 20 of 40 photos are for validation'),
      },
    ]);
  });

  it('leave a class of one photo in training, with a warning', () => {
    const { splits, warnings } = splitPhotos(photosOf([...repeat(0, 10), 1]), {
      valFraction: 0.2,
      testFraction: 0.1,
      seed: 1,
      classes: ['ants', 'bees'],
    });
    expect(splits[10]).toBe('train');
    expect(warnings).toEqual([{ code: 'class-too-small', message: expect.stringContaining('"bees"') }]);
  });

  it('are refused when every class is tiny', () => {
    const options = { valFraction: 0.2, testFraction: 0, seed: 1 };
    const tiny = complaint(() => splitPhotos(photosOf([0, 1, 2]), options));
    expect(tiny.code).toBe('bad-input');
    expect(tiny.remedy).toContain('--val');
    const grouped = complaint(() =>
      splitPhotos(photosOf([0, 0, 1, 1]), { ...options, groups: [0, 0, 1, 1] }),
    );
    expect(grouped.message).toContain('groups');
  });

  it('are refused for impossible fractions', () => {
    const photos = photosOf([0, 0, 1, 1]);
    for (const [valFraction, testFraction] of [
      [-0.1, 0],
      [1, 0],
      [NaN, 0],
      [0.5, 0.5],
      [0.2, 2],
    ] as const) {
      const error = complaint(() => splitPhotos(photos, { valFraction, testFraction, seed: 1 }));
      expect(error.code).toBe('bad-usage');
    }
  });
});

describe('given splits', () => {
  const options = { valFraction: 0.5, testFraction: 0.25, seed: 1 };

  it('are kept', () => {
    const given: Split[] = ['train', 'train', 'val', 'val', 'test', 'train'];
    expect(splitPhotos(photosOf([0, 1, 0, 1, 0, 1], given), options).splits).toEqual(given);
  });

  it('of training alone are split further', () => {
    const { splits } = splitPhotos(photosOf(repeat(0, 8), repeat('train', 8)), options);
    expect([count(splits, 'train'), count(splits, 'val'), count(splits, 'test')]).toEqual([2, 4, 2]);
  });

  it('of training and test leave validation to choose', () => {
    const given = [...repeat<Split>('train', 8), ...repeat<Split>('test', 4)];
    const { splits } = splitPhotos(photosOf(repeat(0, 12), given), options);
    expect(splits.slice(8)).toEqual(repeat('test', 4));
    expect([count(splits, 'val'), count(splits, 'test')]).toEqual([4, 4]);
  });

  it('take along photos of their groups that are free, and report those that are not', () => {
    const given = ['val', undefined, 'train', 'train'] as const;
    const photos = photosOf([0, 0, 0, 0], given);
    const result = splitPhotos(photos, { ...options, testFraction: 0, groups: [0, 0, 0, 1] });
    expect(result.splits).toEqual(['val', 'val', 'train', 'train']);
    expect(result.leaks).toEqual([{ photos: [0, 1, 2], splits: ['train', 'val'], kind: 'group' }]);
  });

  it('with the same photo on both sides are a leak of the worst kind', () => {
    const photos = photosOf([0, 0, 0], ['train', 'val', 'train']).map((photo) => ({
      ...photo,
      id: photo.path === '0/2.jpg' ? 'x' : 'y',
    }));
    const { leaks } = splitPhotos(photos, { ...options, testFraction: 0 });
    expect(leaks).toEqual([{ photos: [0, 1], splits: ['train', 'val'], kind: 'copy' }]);
  });

  it('must leave something to train on', () => {
    const error = complaint(() => splitPhotos(photosOf([0, 1], ['val', 'test']), options));
    expect(error).toMatchObject({ code: 'bad-input' });
  });
});

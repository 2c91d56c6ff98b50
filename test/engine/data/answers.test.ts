import { describe, expect, test } from 'vitest';
import type { Photo } from '../../../src/contract/dataset.ts';
import { answersOf, kindNames } from '../../../src/engine/data/answers.ts';
import { labelCell, labelNamesOf } from '../../../src/engine/data/label-names.ts';

describe('a cell of labels', () => {
  test('holds several with ; between them, sorted and each once', () => {
    expect(labelNamesOf('bee; ant ;bee;', 'multi-label')).toEqual(['ant', 'bee']);
    expect(labelNamesOf('bee; ant', 'single-label')).toEqual(['bee; ant']);
  });

  test('says with a lone ; that there is none, and empty nothing at all', () => {
    expect(labelNamesOf(';', 'multi-label')).toEqual([]);
    expect(labelNamesOf(undefined, 'multi-label')).toBeUndefined();
  });

  test.each([[[]], [['a']], [['a', 'b c']]])('is read as it was written: %o', (names) => {
    expect(labelNamesOf(labelCell(names), 'multi-label')).toEqual(names);
  });
});

describe('what photos are answered with', () => {
  const classes = ['a', 'b', 'c'];

  test('one class, or nothing', () => {
    expect(answersOf([{ labelNames: ['b'] }, {}], classes, 'single-label')).toEqual([
      { label: 1 },
      undefined,
    ]);
  });

  test('all labels, and the rarest to balance splits by', () => {
    const photos = [['a', 'b'], ['a'], ['b', 'a'], [], ['c', 'a']].map((labelNames) => ({ labelNames }));
    expect(answersOf([...photos, {}], classes, 'multi-label')).toEqual([
      { label: 1, labels: [0, 1] },
      { label: 0, labels: [0] },
      { label: 1, labels: [0, 1] },
      { label: 3, labels: [] },
      { label: 2, labels: [0, 2] },
      undefined,
    ]);
  });

  test('numbers fall into ranges of about as many photos each', () => {
    const photos = Array.from({ length: 45 }, (_, i) => ({ target: i * i }));
    const answers = answersOf([...photos, {}], [], 'regression');
    const ranges = answers.slice(0, 45).map((answer) => answer?.label ?? -1);
    expect(answers[45]).toBeUndefined();
    expect(ranges).toEqual(ranges.toSorted((a, b) => a - b));
    const counts = [0, 1, 2, 3].map((range) => ranges.filter((one) => one === range).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
    expect(counts.reduce((a, b) => a + b, 0)).toBe(45);
    const named = photos.map((photo, i) => ({ ...photo, label: ranges[i] ?? 0 }) as Photo);
    expect(kindNames(named, [], 'regression')[0]).toBe('0 to 100');
  });

  test('numbers that are nearly all the same are few ranges, none empty', () => {
    const photos = Array.from({ length: 60 }, (_, i) => ({ target: i < 50 ? 0 : i }));
    const labels = answersOf(photos, [], 'regression').map((answer) => answer?.label ?? -1);
    const kinds = [...new Set(labels)];
    expect(kinds.toSorted((a, b) => a - b)).toEqual(kinds.map((_, i) => i));
  });
});

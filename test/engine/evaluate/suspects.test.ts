import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { likelyLabelErrors } from '../../../src/engine/evaluate/suspects.ts';

/** Rows of probabilities as one array. */
const flat = (rows: readonly (readonly number[])[]): Float32Array => Float32Array.from(rows.flat());

describe('likely label errors', () => {
  test('are photos whose answer is sure of another class, the surest first', () => {
    const probabilities = flat([
      [0.9, 0.1],
      [0.1, 0.9], // labeled 0
      [0.9, 0.1],
      [0.2, 0.8],
      [0.95, 0.05], // labeled 1
      [0.1, 0.9],
    ]);
    const found = likelyLabelErrors(probabilities, [0, 0, 0, 1, 1, 1], 2);
    expect(found.map(({ index, given, suggested }) => [index, given, suggested])).toEqual([
      [4, 1, 0],
      [1, 0, 1],
    ]);
    // Thresholds: (0.9 + 0.1 + 0.9) / 3 of class 0, (0.8 + 0.05 + 0.9) / 3 of class 1.
    const [own, other] = [0.05 / (1.75 / 3), 0.95 / (1.9 / 3)];
    expect(found[0]?.score).toBeCloseTo((other - own) / (other + own), 5);
  });

  test('are judged by what is usual for a class: an unsure answer for a class of unsure answers is no error', () => {
    // Class 1 is hard: its own photos get 0.4. One photo of class 0 gets 0.45 for class 1.
    const rows = [
      ...Array.from({ length: 8 }, () => [0.95, 0.05]),
      [0.55, 0.45], // labeled 0
      ...Array.from({ length: 8 }, () => [0.6, 0.4]),
    ];
    const labels = rows.map((_, index) => (index < 9 ? 0 : 1));
    const found = likelyLabelErrors(flat(rows), labels, 2);
    // No photo of class 1 is suspect although all of them are likelier of class 0; the odd one of class 0 is.
    expect(found.map(({ index, suggested }) => [index, suggested])).toEqual([[8, 1]]);
  });

  test('none, when no answer is sure of another class', () => {
    const probabilities = flat([
      [0.9, 0.1],
      [0.45, 0.55], // wrong, but less sure than usual
      [0.1, 0.9],
      [0.2, 0.8],
    ]);
    expect(likelyLabelErrors(probabilities, [0, 0, 1, 1], 2)).toEqual([]);
    expect(likelyLabelErrors(new Float32Array(), [], 2)).toEqual([]);
  });

  test('a class that nobody ever answers, or that has no photos, suggests nothing', () => {
    const probabilities = flat([
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0], // labeled 2: never answered
    ]);
    expect(likelyLabelErrors(probabilities, [0, 1, 2], 3)).toMatchObject([
      { index: 2, suggested: 1, score: 1 },
    ]);
    expect(likelyLabelErrors(flat([[0.2, 0.3, 0.5]]), [0], 3)).toEqual([]);
  });

  test('of labels changed at random most come first, whatever the classes', () => {
    const [rows, classes] = [2000, 4];
    const random = seededRandom(11);
    const truth = Array.from({ length: rows }, () => random.integer(classes));
    const labels = truth.map((label) =>
      random.next() < 0.03 ? (label + 1 + random.integer(3)) % classes : label,
    );
    const wrong = labels.filter((label, index) => label !== truth[index]).length;
    const probabilities = flat(
      truth.map((label) => {
        const scores = Array.from({ length: classes }, (_, c) =>
          Math.exp(random.normal() + (c === label ? 4 : 0)),
        );
        const sum = scores.reduce((a, b) => a + b);
        return scores.map((score) => score / sum);
      }),
    );
    const found = likelyLabelErrors(probabilities, labels, classes);
    expect(found.length).toBeLessThan(0.1 * rows);
    const first = found.slice(0, 2 * wrong);
    const right = first.filter(
      ({ index, suggested }) => labels[index] !== truth[index] && suggested === truth[index],
    );
    expect(right.length).toBeGreaterThan(0.9 * wrong);
  });
});

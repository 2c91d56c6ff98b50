import { describe, expect, it } from 'vitest';
import { mistakeSchema } from '../../../src/contract/suspects.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { likelyMistakes, wrongLabels, wrongNumbers } from '../../../src/engine/evaluate/mistakes.ts';

const names = ['round', 'red'];

/** Twelve photos: the first six have "round", the even ones "red", and models are as sure of it as said. */
function sureAnswers(sure: number): { probabilities: Float32Array; targets: number[] } {
  const targets = Array.from({ length: 12 }, (_, photo) => [
    photo < 6 ? 1 : 0,
    photo % 2 === 0 ? 1 : 0,
  ]).flat();
  return { probabilities: Float32Array.from(targets, (target) => (target === 1 ? sure : 1 - sure)), targets };
}

describe('wrong labels of several', () => {
  it('are none where models agree', () => {
    const { probabilities, targets } = sureAnswers(0.9);
    expect(wrongLabels(probabilities, targets, names)).toEqual([]);
  });

  it('are said with photo, label, direction and how sure that is; the surest first', () => {
    const { probabilities, targets } = sureAnswers(0.9);
    probabilities[2 * 2] = 0.03; // photo 2 has "round", and models say it has not
    probabilities[3 * 2 + 1] = 0.9; // photo 3 lacks "red", and models say it has it
    const found = wrongLabels(probabilities, targets, names);
    expect(found).toMatchObject([
      { index: 2, given: 'round', suggested: 'not round', label: { name: 'round', seems: 'extra' } },
      { index: 3, given: 'not red', suggested: 'red', label: { name: 'red', seems: 'missing' } },
    ]);
    expect(found.map(({ label }) => label?.confidence)).toEqual([
      expect.closeTo(0.97, 5),
      expect.closeTo(0.9, 5),
    ]);
    for (const one of found) expect(mistakeSchema.parse(one)).toMatchObject({ score: one.score });
  });

  it('are measured by how sure models usually are of the label', () => {
    // Of "red" models are never sure: 0.4 where it is, 0.1 where it is not. A photo without it at 0.4 is as red as those.
    const { targets } = sureAnswers(1);
    const probabilities = Float32Array.from(targets, (target) => (target === 1 ? 0.4 : 0.1));
    probabilities[5 * 2 + 1] = 0.42;
    expect(wrongLabels(probabilities, targets, names)).toMatchObject([
      { index: 5, label: { name: 'red', seems: 'missing' } },
    ]);
  });

  it('are not looked for among labels that hardly any photo has, or hardly any lacks', () => {
    const rare = Array.from({ length: 12 }, (_, photo) => [photo < 4 ? 1 : 0, photo < 8 ? 1 : 0]).flat();
    const wrong = Float32Array.from(rare, (target) => 1 - target);
    expect(wrongLabels(wrong, rare, names)).toEqual([]);
  });
});

describe('wrong numbers', () => {
  const random = seededRandom(3);
  const predicted = Float64Array.from({ length: 100 }, (_, photo) => photo);
  const noise = Array.from({ length: 100 }, () => random.normal());
  const given = noise.map((one, photo) => photo + one);

  it('are those beyond 3 robust standard deviations, by the errors of all', () => {
    const off = given.slice();
    off[10] = 30; // 20 too much
    off[50] = 42; // 8 too little
    const found = wrongNumbers(predicted, off);
    expect(found.slice(0, 2)).toMatchObject([
      { index: 10, given: '30', suggested: '10', number: { given: 30, predicted: 10 } },
      { index: 50, given: '42', suggested: '50', number: { given: 42, predicted: 50 } },
    ]);
    const [first, second] = found.map(({ number }) => number?.deviations ?? 0);
    expect(first).toBeGreaterThan(14);
    expect(second).toBeLessThan(-5);
    for (const { score, number } of found) {
      expect(Math.abs(number?.deviations ?? 0)).toBeGreaterThan(3);
      expect(score).toBeCloseTo(1 - 3 / Math.abs(number?.deviations ?? 0), 6);
    }
    expect(found.length).toBeLessThan(5);
  });

  it('agree with the definition: 0.6745 (e - median) / MAD', () => {
    const errors = [-1, -0.5, 0, 0, 0.5, 1, 1.5, -1.5, 2, 40];
    const [found] = wrongNumbers(
      errors.map(() => 0),
      errors,
    );
    // Median 0.25; absolute deviations from it sorted: 0.25 0.25 0.25 0.75 0.75 1.25 1.25 1.75 1.75 39.75.
    expect(found?.number?.deviations).toBeCloseTo((0.6745 * 39.75) / 1, 6);
  });

  it('are none among few photos, or where most errors are the same', () => {
    expect(wrongNumbers([0, 0, 0], [0, 0, 99])).toEqual([]);
    expect(wrongNumbers(Array(20).fill(0), [...Array(19).fill(1), 99])).toEqual([]);
  });
});

it('says classes by their names', () => {
  const probabilities = Float32Array.from([0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.95, 0.05]);
  const said = { task: 'single-label', classes: names, labels: [0, 0, 1, 1] } as const;
  expect(likelyMistakes(probabilities, said)[0]).toMatchObject({
    index: 3,
    given: 'red',
    suggested: 'round',
  });
});

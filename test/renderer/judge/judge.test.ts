import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunDetail, RunPhoto } from '../../../src/contract/runs.ts';
import {
  atThreshold,
  inCell,
  mostUncertain,
  timesOf,
  worstMistakes,
} from '../../../src/renderer/screens/judge/answers.ts';
import {
  changedAnswers,
  compareFigures,
  compareSettings,
  sharedPhotos,
} from '../../../src/renderer/screens/judge/compare.ts';
import { noJudge, reduceJudge } from '../../../src/renderer/state/judge.ts';

const answer = (n: number, truth: string, predicted: string, confidence: number): RunPhoto => ({
  photo: String(n).padStart(64, '0'),
  path: `${truth}/${n}.jpg`,
  split: 'val',
  truth,
  predicted,
  confidence,
  probabilities: [confidence, 1 - confidence],
});
const answers = [
  answer(1, 'ant', 'ant', 0.9),
  answer(2, 'ant', 'bee', 0.6),
  answer(3, 'bee', 'ant', 0.97),
  answer(4, 'bee', 'bee', 0.51),
];
const numbers = (photos: readonly { photo: string }[]): number[] => photos.map(({ photo }) => Number(photo));

describe('the photos behind the figures', () => {
  it('lists the surest mistakes first', () => {
    expect(numbers(worstMistakes(answers))).toEqual([3, 2]);
  });

  it('lists the closest calls first', () => {
    expect(numbers(mostUncertain(answers))).toEqual([4, 2, 1, 3]);
  });

  it('finds those behind a number of the matrix', () => {
    expect(numbers(inCell(answers, { truth: 'ant', predicted: 'bee', on: 'val' }))).toEqual([2]);
  });

  it.each([
    [0, 4, 2, 1, 0.5],
    [0.6, 3, 1, 0.75, 1 / 3],
    [0.95, 1, 0, 0.25, 0],
    [1, 0, 0, 0, null],
  ])('at %d answers %i, %i of them right', (threshold, answered, right, coverage, precision) => {
    expect(atThreshold(answers, threshold)).toEqual({
      answered,
      right,
      unknown: 4 - answered,
      coverage,
      precision,
    });
  });

  it('has no coverage without photos', () => {
    expect(atThreshold([], 0.5).coverage).toBeNull();
  });
});

describe('a part of the whole in words', () => {
  it.each([
    [1, 'every time'],
    [0, 'never'],
    [0.95, '19 times of 20'],
    [0.98, '49 times of 50'],
    [0.5, '1 times of 2'],
    [0.9999, '999 times of 1000'],
  ])('%d is said as "%s"', (part, words) => {
    expect(timesOf(part)).toBe(words.replace('1 times', '1 time'));
  });

  it('is never further off than half of what is missing, and never "always" of what isn’t', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.002, max: 0.998, noNaN: true }), (part) => {
        const words = timesOf(part);
        const [times = '', of = ''] = words.match(/\d+/g) ?? [];
        expect(words).not.toMatch(/every|never/);
        expect(Math.abs(Number(times) / Number(of) - part)).toBeLessThanOrEqual(Math.min(part, 1 - part) / 2);
      }),
    );
  });
});

/** As much of a run as is compared. */
function run(over: { accuracy: number; seconds?: number; settings?: RunDetail['settings'] }): RunDetail {
  const { accuracy, seconds = 10, settings = {} } = over;
  const metrics = { accuracy, macroF1: accuracy, logLoss: 1 - accuracy, ece: 0.1, count: 100 };
  const result = {
    metrics: { val: metrics },
    backbone: 'mobilenet',
    recipe: 'head',
    counts: { train: 200 },
    classes: ['ant', 'bee'],
  };
  // The comparison reads no more than this of a run's hundred fields.
  return { summary: { seconds, number: 1, accuracy }, settings, result } as unknown as RunDetail;
}

describe('two runs side by side', () => {
  it('shows figures of both, and which way is better', () => {
    const figures = compareFigures(run({ accuracy: 0.9 }), run({ accuracy: 0.95, seconds: 30 }));
    expect(figures).toContainEqual({
      name: 'Accuracy',
      before: 0.9,
      after: 0.95,
      better: 'more',
      kind: 'share',
    });
    expect(figures).toContainEqual({ name: 'Time', before: 10, after: 30, better: 'less', kind: 'seconds' });
  });

  it('shows settings that differ and no others', () => {
    const before = run({ accuracy: 0.9, settings: { seed: 1, hidden: [64] } });
    const after = run({ accuracy: 0.9, settings: { seed: 1, epochs: 5 } });
    expect(compareSettings(before, after)).toEqual([
      { name: 'Hidden layers of the head', before: '64', after: 'default' },
      { name: 'Epochs of the head', before: 'default', after: '5' },
    ]);
  });

  it('shows photos whose answers changed, those that became wrong first', () => {
    const after = [answer(1, 'ant', 'bee', 0.6), answer(2, 'ant', 'ant', 0.8), answer(5, 'bee', 'ant', 0.9)];
    expect(changedAnswers(answers, after).map(({ photo, became }) => [Number(photo), became])).toEqual([
      [1, 'wrong'],
      [2, 'right'],
    ]);
    expect(sharedPhotos(answers, after)).toBe(2);
  });
});

describe('what the screen knows', () => {
  const project = '0123456789abcdef';
  it('opens the photos behind a number, and closes the photo with the page', () => {
    const chosen = reduceJudge(noJudge, {
      type: 'judge/chosen',
      choice: { kind: 'cell', truth: 'ant', predicted: 'bee', on: 'val' },
    });
    expect(chosen.page).toBe('photos');
    const looked = reduceJudge(chosen, { type: 'judge/looked', photo: '1' });
    expect(reduceJudge(looked, { type: 'judge/page', page: 'results' }).photo).toBeUndefined();
  });

  it('forgets with another project', () => {
    const state = reduceJudge(
      { ...noJudge, project, mended: 3 },
      { type: 'judge/entered', project: 'f'.repeat(16) },
    );
    expect(state.mended).toBe(0);
  });
});

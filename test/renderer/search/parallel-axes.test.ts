import { expect, test } from 'vitest';
import type { SearchPoint, SearchTrial } from '../../../src/contract/search.ts';
import { parallelAxes } from '../../../src/renderer/screens/search/parallel-axes.ts';
import { changesOf, pointText, valueText } from '../../../src/renderer/screens/search/search-words.ts';

const trial = (number: number, point: SearchPoint, loss: number | null, share = 1): SearchTrial => ({
  type: 'trial',
  number,
  point,
  share,
  score: loss === null ? null : { loss, accuracy: 0.9 },
  seconds: 1,
  elapsed: number,
});

test('numbers far apart are drawn by powers, few values as choices, and a low loss is at the top', () => {
  const rates = [0.0001, 0.001, 0.01, 0.1, 0.0003, 0.003, 0.03];
  const trials = rates.map((learningRate, at) =>
    trial(at + 1, { learningRate, hidden: at % 2 === 0 ? [] : [128], dropout: at / 10 }, 0.2 + at / 10),
  );
  const { axes, paths } = parallelAxes(trials);
  expect(axes.map(({ name }) => name)).toEqual(['learningRate', 'hidden', 'dropout', 'loss']);
  const at = (number: number): readonly number[] =>
    paths.find((path) => path.trial.number === number)?.places.map((place) => Number(place.toFixed(3))) ?? [];
  expect(at(1)).toEqual([0, 0, 0, 1]);
  expect(at(2)).toEqual([0.333, 1, 0.167, 0.833]);
  expect(at(4)[0]).toBe(1);
  expect(at(7)[3]).toBe(0);
  expect(axes[1]?.ticks).toEqual([
    { at: 0, text: 'none' },
    { at: 1, text: '128' },
  ]);
  expect(axes[0]?.ticks.map(({ text }) => text)).toEqual(['0.0001', '0.00316', '0.1']);
  expect(paths.map(({ quarter }) => quarter)).toEqual([1, 1, 2, 2, 3, 3, 4]);
});

test('what failed, was cut short or is no point of the space is not drawn', () => {
  const trials = [
    trial(0, {}, 0.3),
    trial(1, { dropout: 0.1 }, null),
    trial(2, { dropout: 0.2 }, 0.2, 0.3),
    trial(3, { dropout: 0.3 }, 0.2),
  ];
  const { paths, axes } = parallelAxes(trials);
  expect(paths.map(({ trial: { number }, places }) => [number, places])).toEqual([[3, [0.5, 0.5]]]);
  expect(axes).toHaveLength(2);
  expect(parallelAxes([]).paths).toEqual([]);
});

test('settings and their values in words; what is used leaves no other searched setting as it was', () => {
  expect(valueText('flips', 'on')).toBe('Always');
  expect(valueText('backbone', 'a', new Map([['a', 'A-Net']]))).toBe('A-Net');
  expect(valueText('learningRate', 0.0123456)).toBe('0.0123');
  expect(valueText('weightDecay', null)).toBe('by default');
  expect(pointText({})).toBe('Your settings as they are');
  const changes = changesOf({ recipe: 'head', dropout: 0.3 });
  expect(changes).toMatchObject({ recipe: 'head', dropout: 0.3 });
  expect(Object.keys(changes)).toContain('labelSmoothing');
  expect(changes.labelSmoothing).toBeUndefined();
  expect(Object.keys(changes)).not.toContain('valFraction');
});

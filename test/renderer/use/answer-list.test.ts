import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/contract/use.ts';
import {
  countAnswers,
  difference,
  likeliest,
  listAnswers,
  nameOf,
  wordsOf,
} from '../../../src/renderer/screens/use/answer-list.ts';
import { cameraError } from '../../../src/renderer/api/camera.ts';

const answer = (index: number, path: string, label: string, confidence: number): Answer => ({
  index,
  path,
  label,
  confidence,
  probabilities: [],
  unknown: confidence < 0.5,
});
const rows = [
  answer(0, 'b/10.jpg', 'ant', 0.9),
  answer(1, 'b/9.jpg', 'bee', 0.4),
  answer(2, 'a/ant.jpg', 'bee', 0.6),
];
const all = { choice: { kind: 'all' }, order: 'asked', search: '' } as const;
const ids = (list: readonly Answer[]): number[] => list.map(({ index }) => index);

describe('the list of answers', () => {
  it('is the very list that came, as long as nothing else is wanted', () => {
    expect(listAnswers(rows, all)).toBe(rows);
  });

  it.each([
    ['name', [2, 1, 0]],
    ['least', [1, 2, 0]],
    ['most', [0, 2, 1]],
  ] as const)('is sorted by %s', (order, expected) => {
    expect(ids(listAnswers(rows, { ...all, order }))).toEqual(expected);
  });

  it('counts a photo under each of its labels, and puts numbers in their order', () => {
    const both: Answer = { ...answer(3, 'c.jpg', 'ant; bee', 0.9), labels: ['ant', 'bee'] };
    const none: Answer = { ...answer(4, 'd.jpg', '', 0.9), labels: [] };
    expect(countAnswers([both, none]).byClass).toEqual(
      new Map([
        ['ant', 1],
        ['bee', 1],
      ]),
    );
    expect(ids(listAnswers([both, none], { ...all, choice: { kind: 'class', name: 'bee' } }))).toEqual([3]);
    expect([wordsOf(both), wordsOf(none)]).toEqual(['ant; bee', 'no label']);
    const numbers = [7, -2, 3.14159].map((value, index): Answer => ({ ...answer(index, 'x', '', 0), value }));
    expect(ids(listAnswers(numbers, { ...all, order: 'least' }))).toEqual([1, 2, 0]);
    expect(wordsOf({ label: '', value: 3.14159 })).toBe('3.142');
  });

  it('holds unknown answers to be of no class', () => {
    expect(ids(listAnswers(rows, { ...all, choice: { kind: 'class', name: 'bee' } }))).toEqual([2]);
    expect(ids(listAnswers(rows, { ...all, choice: { kind: 'unknown' } }))).toEqual([1]);
    expect(countAnswers(rows)).toEqual({
      unknown: 1,
      byClass: new Map([
        ['ant', 1],
        ['bee', 1],
      ]),
    });
  });

  it('is searched by path, whatever the case', () => {
    expect(ids(listAnswers(rows, { ...all, search: ' ANT ' }))).toEqual([2]);
    expect(ids(listAnswers(rows, { ...all, search: 'b/' }))).toEqual([0, 1]);
  });
});

describe('words of an answer', () => {
  it('has the likeliest class first', () => {
    expect(likeliest(['ant', 'bee', 'wasp'], [0.2, 0.7, 0.1]).map(({ name }) => name)).toEqual([
      'bee',
      'ant',
      'wasp',
    ]);
  });

  it('names a photo without its folders', () => {
    expect(nameOf('a/b/c.jpg')).toBe('c.jpg');
    expect(nameOf('c.jpg')).toBe('c.jpg');
  });

  it.each([
    [0, '0'],
    [1.7e-6, '0.000002'],
    [2e-6, '0.000002'],
    [1e-12, '0.000001'],
    [0.0001, '0.0001'],
    [0.0123456, '0.012346'],
    [1, '1'],
  ])('a difference of %d is at most %s', (value, text) => {
    expect(difference(value)).toBe(text);
    expect(Number(text)).toBeGreaterThanOrEqual(value * (1 - 1e-9));
  });
});

describe('a camera that can’t be had', () => {
  it.each([
    ['NotAllowedError', 'The camera was not allowed.'],
    ['NotFoundError', 'No camera was found.'],
    ['OverconstrainedError', 'No camera was found.'],
    ['NotReadableError', 'The camera gives no picture.'],
    ['TypeError', 'The camera could not be started.'],
  ])('%s: %s', (name, message) => {
    const error = cameraError(new DOMException('browser talk', name));
    expect(error.message).toBe(message);
    expect(error.remedy).toMatch(/\.$/);
  });
});

import { describe, expect, it } from 'vitest';
import {
  between,
  bytes,
  count,
  decimal,
  duration,
  list,
  percent,
} from '../../../src/engine/evaluate/plain-words.ts';

describe('plain words', () => {
  it('never rounds up to all or down to nothing', () => {
    expect([1, 0.9996, 0.994, 0.5, 0.001, 0, null].map((part) => percent(part))).toEqual([
      '100%',
      'over 99%',
      '99%',
      '50%',
      'under 1%',
      '0%',
      '–',
    ]);
    expect(percent(0.99999, 1)).toBe('over 99.9%');
    expect(percent(0.0001, 1)).toBe('under 0.1%');
  });

  it('says intervals', () => {
    expect(between([0.833, 0.994])).toBe('between 83% and 99%');
    expect(between([0.97, 0.9996])).toBe('between 97% and 100%');
    expect(between([0.996, 0.9999])).toBe('over 99%');
    expect(between([0.501, 0.504])).toBe('about 50%');
  });

  it('says counts, lists, times and sizes', () => {
    expect(count(1, 'photo')).toBe('1 photo');
    expect(count(3670, 'photo')).toBe('3,670 photos');
    expect(list([])).toBe('');
    expect(list(['a'])).toBe('a');
    expect(list(['a', 'b', 'c'])).toBe('a, b and c');
    expect(list(['a', 'b', 'c', 'd'], 2)).toBe('a, b and 2 more');
    expect([3.21, 59.2, 754, 7300].map(duration)).toEqual(['3.2 s', '59 s', '12 min 34 s', '2 h 1 min']);
    expect([10, 9_412_345, 250_000, 3.2e9].map(bytes)).toEqual(['10 bytes', '9.4 MB', '250 kB', '3.2 GB']);
    expect([0.012345, 0, 3.2e-7, Number.NaN, null].map(decimal)).toEqual(['0.0123', '0', '3.2e-7', '–', '–']);
  });
});

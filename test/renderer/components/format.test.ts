import { describe, expect, it } from 'vitest';
import {
  bytes,
  compact,
  duration,
  fullTime,
  percent,
  plural,
  timeAgo,
} from '../../../src/renderer/components/format.ts';

const now = new Date('2026-03-01T12:00:00Z');

describe('how long ago', () => {
  it.each([
    ['2026-03-01T11:59:30Z', 'just now'],
    ['2026-03-01T12:05:00Z', 'just now'],
    ['2026-03-01T11:59:00Z', '1 minute ago'],
    ['2026-03-01T09:10:00Z', '2 hours ago'],
    ['2026-02-28T11:00:00Z', 'yesterday'],
    ['2026-02-25T11:00:00Z', '4 days ago'],
    ['2026-02-18T11:00:00Z', 'last week'],
    ['2025-12-01T11:00:00Z', '3 months ago'],
    ['2024-01-01T11:00:00Z', '2 years ago'],
  ])('%s is %s', (iso, expected) => {
    expect(timeAgo(iso, now, 'en')).toBe(expected);
  });
  it('is written out in full for those who want it', () => {
    expect(fullTime('2026-03-01T12:00:00Z', 'en')).toMatch(/March 1, 2026/);
  });
});

describe('accuracy', () => {
  it.each([
    [0, '0.0%'],
    [0.9421, '94.2%'],
    [0.9996, '99.9%'],
    [1, '100.0%'],
  ])('%s is %s', (fraction, expected) => {
    expect(percent(fraction, 'en')).toBe(expected);
  });
});

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [14_500_000, '14.5 MB'],
    [341_200_000, '341 MB'],
    [10e9, '10 GB'],
  ])('%s bytes are "%s"', (value, expected) => {
    expect(bytes(value, 'en')).toBe(expected);
  });
  it.each([
    [0.2, 'less than a second'],
    [1, '1 second'],
    [59.6, '60 seconds'],
    [180, '3 minutes'],
    [6_000, '1 h 40 min'],
    [7_200, '2 hours'],
  ])('%s seconds are "%s"', (value, expected) => {
    expect(duration(value)).toBe(expected);
  });
  it('have their noun in the right number', () => {
    expect(plural(1, 'photo', undefined, 'en')).toBe('1 photo');
    expect(plural(48_211, 'photo', undefined, 'en')).toBe('48,211 photos');
    expect(plural(2, 'class', 'classes', 'en')).toBe('2 classes');
  });
  it('are rounded in words', () => {
    expect(compact(3_538_984, 'en')).toBe('3.5 million');
  });
});

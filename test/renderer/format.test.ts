import { describe, expect, it } from 'vitest';
import { fullTime, percent, timeAgo } from '../../src/renderer/components/format.ts';

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

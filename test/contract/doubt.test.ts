import { describe, expect, it } from 'vitest';
import { doubtOf, isSaidInDoubt } from '../../src/contract/doubt.ts';

describe('why an answer is not to be trusted', () => {
  it.each([
    [{ unknown: false, unlike: false }, ''],
    [{ unknown: false, value: 3 }, ''],
    [{ unknown: true }, 'not sure enough'],
    [{ unknown: true, unlike: false }, 'not sure enough'],
    [{ unknown: true, unlike: true }, 'unlike the photos it learned from'],
    [{ unknown: true, unlike: true, value: 0 }, "unlike the photos it learned from: don't trust this number"],
    [
      { unknown: true, unlike: true, labels: [] },
      "unlike the photos it learned from: don't trust these labels",
    ],
  ])('%j: %s', (answer, words) => {
    expect(doubtOf(answer)).toBe(words);
  });

  it('keeps a class back, but neither numbers nor several labels', () => {
    expect(isSaidInDoubt({})).toBe(false);
    expect(isSaidInDoubt({ value: 0 })).toBe(true);
    expect(isSaidInDoubt({ labels: [] })).toBe(true);
  });
});

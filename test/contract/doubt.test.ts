import { describe, expect, it } from 'vitest';
import { doubtOf, isSaidInDoubt, sayNovelty } from '../../src/contract/doubt.ts';

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

describe('what comparing photos has shown', () => {
  const about = { photos: 200, share: 0.2, atLeast: 0.125, most: false, marked: 25 };

  it('is said with its bound and its best guess', () => {
    const { title, detail } = sayNovelty(about) ?? {};
    expect(title).toMatch(/^At least 25 of these 200 photos .* perhaps 40\.$/);
    expect(detail).toContain('the 25 least like those are answered with unknown');
    expect(detail).toContain('another way (camera, light, place)');
  });

  it('is no verdict on single photos where most are new', () => {
    const { title, detail } =
      sayNovelty({ ...about, share: 0.97, atLeast: 0.94, most: true, marked: 0 }) ?? {};
    expect(title).toMatch(/unlike those the model learned from/);
    expect(detail).toContain('Some 194 of 200');
    expect(detail).toContain('another camera, light or place');
  });

  it('is nothing where it may be chance', () => {
    expect(sayNovelty({ ...about, atLeast: 0, marked: 0 })).toBeUndefined();
    expect(sayNovelty({ ...about, atLeast: 0.004, marked: 0 })).toBeUndefined();
  });
});

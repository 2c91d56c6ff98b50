import { describe, expect, test } from 'vitest';
import { oddFactWords } from '../../../src/contract/odd-fact.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { ranksOf } from '../../../src/engine/explore/anomalies.ts';
import { oddFiles } from '../../../src/engine/explore/odd-files.ts';
import type { FileFacts, OddFiles } from '../../../src/engine/explore/odd-files.ts';
import { combinedScores, oddPhotos } from '../../../src/engine/explore/odd-photos.ts';
import { Pace } from '../../../src/engine/explore/pace.ts';

const usual: FileFacts = { width: 600, height: 400, bytes: 72_000 };
const alike = (rows: number): FileFacts[] => Array.from({ length: rows }, () => usual);
const odd = (files: readonly (FileFacts | undefined)[], seed = 0): Promise<OddFiles> =>
  oddFiles(files, seed, new Pace());

/** Photos of one camera, held both ways, whose compression varies. */
function taken(rows: number): FileFacts[] {
  const random = seededRandom(5);
  return Array.from({ length: rows }, (_, row) => ({
    width: row % 4 === 0 ? 400 : 600,
    height: row % 4 === 0 ? 600 : 400,
    bytes: Math.round(72_000 * Math.exp(0.2 * random.normal())),
  }));
}

const content = (rows: number): Float32Array => {
  const random = seededRandom(9);
  return ranksOf(Float64Array.from({ length: rows }, () => random.next()));
};

describe('files', () => {
  test.each([
    [
      'smaller',
      { width: 270, height: 180, bytes: 14_600 },
      'smaller than most: 180 px on the short side, most have 400',
    ],
    [
      'larger',
      { width: 3000, height: 2000, bytes: 1_800_000 },
      'larger than most: 2000 px on the short side, most have 400',
    ],
    [
      'wider',
      { width: 1600, height: 400, bytes: 192_000 },
      'wider than most: 4 times as wide as high, most are 0.667 to 1.5',
    ],
    [
      'narrower',
      { width: 400, height: 2000, bytes: 240_000 },
      'narrower than most: 0.2 times as wide as high, most are 0.667 to 1.5',
    ],
  ])('one that is %s than all others is the oddest, and it is said why', async (_, file, words) => {
    const { oddness, facts } = await odd([...taken(120), file]);
    expect(oddness[120]).toBe(Math.max(...oddness));
    const reason = facts.get(120);
    expect(reason && oddFactWords(reason)).toBe(words);
  });

  test('one of much less, or much more, compression', async () => {
    for (const [factor, words] of [
      [1 / 8, /^more compressed than most: 0\.03\d* bytes a pixel, most have 0\.2\d to 0\.3\d$/],
      [8, /^less compressed than most: 2\.4 bytes a pixel, most have 0\.2\d to 0\.3\d$/],
    ] as const) {
      const { facts } = await odd([...taken(120), { ...usual, bytes: 72_000 * factor }]);
      const reason = facts.get(120);
      expect(reason && oddFactWords(reason)).toMatch(words);
    }
  });

  test('those like enough others are all equally usual, however many ways photos are held', async () => {
    const { oddness, facts } = await odd([
      ...alike(300),
      ...alike(21).map(({ bytes }) => ({ width: 400, height: 600, bytes })),
    ]);
    expect(new Set(oddness)).toEqual(new Set([2]));
    expect(facts.size).toBe(0);
  });

  test('the reason is the fact that few others have, not one that some have', async () => {
    // A small one of those held upright: to be held upright is nothing special.
    const files = [...alike(300), ...alike(40).map(({ bytes }) => ({ width: 400, height: 600, bytes }))];
    const { facts } = await odd([...files, { width: 250, height: 375, bytes: 28_000 }]);
    expect([...facts.values()].map(({ fact, own }) => [fact, own])).toEqual([['size', 250]]);
  });

  test('of an odd mix of usual facts that one is told which most others do not have', async () => {
    // Upright ones are heavily compressed; one is upright and hardly compressed, as only the others are.
    const upright = { width: 400, height: 600, bytes: 24_000 };
    const { oddness, facts } = await odd([
      ...alike(300),
      ...Array.from({ length: 30 }, () => upright),
      { ...upright, bytes: 72_000 },
    ]);
    expect(oddness[330]).toBeGreaterThan(2);
    expect([...facts]).toEqual([[330, expect.objectContaining({ fact: 'shape', side: 'below' })]]);
  });

  test('the distance counts in spreads, to the third nearest at least', async () => {
    const pair = [
      { ...usual, bytes: 720_000 },
      { ...usual, bytes: 720_000 },
    ];
    const { oddness } = await odd([...alike(20), ...pair]);
    expect(oddness[20]).toBeCloseTo(Math.log(10) / 0.15, 10);
    expect(oddness[21]).toBe(oddness[20]);
    expect(oddness[0]).toBe(2);
  });

  test('whose size is not known are not odd; nor is any of four, or of none', async () => {
    const none = { width: 0, height: 0, bytes: 0 };
    const { oddness, facts } = await odd([...alike(20), undefined, none, { ...usual, bytes: 1 }]);
    expect([oddness[20], oddness[21]]).toEqual([2, 2]);
    expect([...facts.keys()]).toEqual([22]);
    for (const some of [[], alike(1), [...alike(3), { ...usual, width: 60 }]])
      expect([...(await odd(some)).oddness]).toEqual(some.map(() => 2));
    const few = await odd([...alike(4), { ...usual, width: 60 }]);
    expect([...few.oddness.slice(0, 4), few.facts.size]).toEqual([2, 2, 2, 2, 1]);
  });

  test('many are compared with a part of them: the same seed draws the same', async () => {
    const files = [...taken(2_500), { width: 60, height: 40, bytes: 700 }];
    const first = await odd(files, 3);
    expect(await odd(files, 3)).toEqual(first);
    expect(first.oddness[2_500]).toBe(Math.max(...first.oddness));
    expect((await odd(files, 4)).oddness).not.toEqual(first.oddness);
  });
});

describe('content and files together', () => {
  test('files that are alike leave the order by content as it is', async () => {
    const own = content(50);
    const { scores } = await oddPhotos(own, alike(50), 0, new Pace());
    expect(scores).toEqual(own);
    const unknown = await oddPhotos(
      own,
      Array.from({ length: 50 }, () => undefined),
      0,
      new Pace(),
    );
    expect(unknown.scores).toEqual(own);
  });

  test('one photo of another size rises to the top; among odd files, content decides', async () => {
    const own = content(100);
    const middle = own.findIndex((score) => Math.abs(score - 0.7) < 0.006);
    const files = alike(100).map((file, row) => (row === middle ? { ...file, width: 90, height: 60 } : file));
    const { scores, facts } = await oddPhotos(own, files, 0, new Pace());
    expect(scores[middle]).toBe(1);
    expect([...facts.keys()]).toEqual([middle]);
    const usualOnes = [...own.keys()]
      .filter((row) => row !== middle)
      .sort((a, b) => (own[a] ?? 0) - (own[b] ?? 0));
    expect(usualOnes.toSorted((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0))).toEqual(usualOnes);
  });

  test('is the sum of normal scores: far ahead in one comes before somewhat ahead in both', () => {
    const rows = 99;
    const up = Float32Array.from({ length: rows }, (_, row) => row / (rows - 1));
    // Row 98 leads by content and is last by file; row 74 is at three quarters in both, 24 at one.
    const file = Float64Array.from({ length: rows }, (_, row) => row);
    [file[98], file[0]] = [49, 98];
    const scores = combinedScores(up, file);
    expect(scores[98]).toBeGreaterThan(scores[74] as number);
    expect(scores[74]).toBeGreaterThan(scores[24] as number);
  });

  test.each([0, 1, 2])('%i photos', async (rows) => {
    const { scores } = await oddPhotos(content(rows), alike(rows), 0, new Pace());
    expect(scores).toEqual(content(rows));
  });
});

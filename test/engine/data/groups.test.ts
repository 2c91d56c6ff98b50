import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { groupPhotos, parseGroupBy } from '../../../src/engine/data/groups.ts';
import type { GroupablePhoto } from '../../../src/engine/data/groups.ts';

let count = 0;
function photo(path: string, more: Partial<GroupablePhoto> = {}): GroupablePhoto {
  count += 1;
  // Multiples of a large odd number: far apart as hashes.
  const perceptualHash = BigInt.asUintN(64, BigInt(count) * 0x9e3779b97f4a7c15n)
    .toString(16)
    .padStart(16, '0');
  return { id: String(count), path, root: 0, perceptualHash, ...more };
}
const groupsOf = (photos: GroupablePhoto[], by?: string): number[] => [
  ...groupPhotos(photos, by === undefined ? undefined : parseGroupBy(by)),
];

describe('groups', () => {
  it('are single photos without a reason', () => {
    expect(groupsOf([photo('a.jpg'), photo('b.jpg'), photo('c.jpg')])).toEqual([0, 1, 2]);
    expect(groupsOf([])).toEqual([]);
  });

  it('hold copies, near copies and what a CSV grouped, and what these connect', () => {
    const near = { perceptualHash: '0123456789abcdef' };
    const nearly = { perceptualHash: '0123456789abcde8' };
    const photos = [
      photo('a', { id: 'x', ...near }),
      photo('b'),
      photo('c', nearly),
      photo('d', { id: 'x', group: 'g' }),
      photo('e', { group: 'g' }),
    ];
    expect(groupsOf(photos)).toEqual([0, 1, 0, 0, 0]);
    expect([...groupPhotos(photos, undefined, -1)]).toEqual([0, 1, 2, 0, 0]);
  });

  it('by folder: the one that holds the photo, in its root', () => {
    const photos = [photo('a/1'), photo('a/2'), photo('a/b/1'), photo('1'), photo('a/1', { root: 1 })];
    expect(groupsOf(photos, 'folder')).toEqual([0, 0, 1, 2, 3]);
  });

  it('by expression: the first capture group, or the whole match; no match, no group', () => {
    const photos = [
      photo('x/plant1_a.jpg'),
      photo('y/plant1_b.jpg'),
      photo('x/plant2_a.jpg'),
      photo('z.jpg'),
    ];
    expect(groupsOf(photos, '(plant\\d+)_')).toEqual([0, 0, 1, 2]);
    expect(groupsOf(photos, '^[xy]/')).toEqual([0, 1, 0, 2]);
  });

  it('by burst: chained within seconds, each folder for itself', () => {
    const at = (path: string, second: number): GroupablePhoto =>
      photo(path, { takenAt: `2024-05-17T09:31:${String(second).padStart(2, '0')}` });
    const photos = [at('a/3', 6), at('a/1', 0), at('a/2', 3), at('a/4', 10), at('b/1', 3), photo('a/5')];
    expect(groupsOf(photos, 'burst')).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it('by CSV column: what openDataset put into `group`', () => {
    expect(groupsOf([photo('a', { group: 's' }), photo('b', { group: 's' })], 'csv:site')).toEqual([0, 0]);
  });

  it.each([
    ['burst', /No photo says when/],
    ['(moss)', /"\(moss\)" matches no photo; the first is "a.jpg"/],
    ['csv:site', /"site" is empty/],
  ])('by %s need something to go by', (by, words) => {
    expect(() => groupsOf([photo('a.jpg')], by)).toThrow(words);
  });
});

describe('--group-by', () => {
  it.each(['([a-z', 'csv:', 'csv: ', '', ' ', '*x'])('"%s" is refused with a remedy', (text) => {
    let error: unknown;
    try {
      parseGroupBy(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(HolotypeError);
    expect(error).toMatchObject({ code: 'bad-usage', remedy: expect.any(String) as unknown });
  });

  it('knows its words', () => {
    expect(parseGroupBy('folder')).toEqual({ kind: 'folder' });
    expect(parseGroupBy('csv:site name')).toEqual({ kind: 'csv', column: 'site name' });
    expect(parseGroupBy('burst')).toMatchObject({ kind: 'burst' });
    expect(parseGroupBy('IMG_(\\d+)')).toMatchObject({ kind: 'regex' });
  });
});

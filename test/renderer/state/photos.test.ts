import { describe, expect, it } from 'vitest';
import type { PhotoRow } from '../../../src/contract/photos.ts';
import { queryPhotos, remember } from '../../../src/renderer/state/photo-order.ts';
import { changePhotos, photoById, photoTable } from '../../../src/renderer/state/photo-table.ts';

const row = (id: string, path: string, over: Partial<PhotoRow> = {}): PhotoRow => ({
  id,
  path,
  labels: [],
  ...over,
});
const rows = [
  row('a', 'Rust/leaf 10.jpg', { takenAt: '2025-03-01T00:00:00' }),
  row('b', 'Rust/leaf 2.jpg', { takenAt: '2025-01-01T00:00:00', labels: ['rust'] }),
  row('c', 'healthy/leaf 1.jpg'),
];
const table = photoTable(rows, 4);
const byName = { by: 'name', descending: false } as const;

describe('the table of photos', () => {
  it('keeps its index when only labels change', () => {
    const next = changePhotos(
      table,
      [row('b', 'Rust/leaf 2.jpg', { labels: ['x'], takenAt: '2025-01-01T00:00:00' })],
      [],
      5,
    );
    expect(next.index).toBe(table.index);
    expect(next.revision).toBe(5);
    expect(photoById(next, 'b')?.labels).toEqual(['x']);
    expect(photoById(table, 'b')?.labels).toEqual(['rust']);
    expect(next.rows[0]).toBe(table.rows[0]);
  });

  it('puts new and moved photos where their paths belong', () => {
    const next = changePhotos(
      table,
      [row('d', 'Rust/leaf 11.jpg'), row('a', 'zebra.jpg')],
      ['c', 'unknown'],
      5,
    );
    expect(next.rows.map(({ id }) => id)).toEqual(['d', 'b', 'a']);
    expect(next.index.get('a')).toBe(2);
    expect(photoById(next, 'c')).toBeUndefined();
  });

  it('is the same table when nothing has changed', () => {
    expect(changePhotos(table, [], ['unknown'], 4)).toBe(table);
  });
});

describe('which photos, in which order', () => {
  it('are the very same list as long as only labels change', () => {
    const relabeled = changePhotos(table, [{ ...rows[0], labels: ['y'] } as PhotoRow], [], 5);
    const all = (of: typeof table, descending: boolean) =>
      queryPhotos(of, { search: '', order: { by: 'date', descending } });
    expect(all(relabeled, false)).toBe(all(table, false));
    expect(all(table, true)).not.toEqual(all(table, false));
    const moved = changePhotos(table, [row('a', 'zebra.jpg')], [], 5);
    expect(all(moved, false)).not.toBe(all(table, false));
  });

  it('sorts names as people do: case aside, 2 before 10', () => {
    expect(queryPhotos(table, { search: '', order: byName })).toEqual(['c', 'b', 'a']);
    expect(queryPhotos(table, { search: '', order: { by: 'name', descending: true } })).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('sorts by date, undated photos last', () => {
    expect(queryPhotos(table, { search: '', order: { by: 'date', descending: false } })).toEqual([
      'b',
      'a',
      'c',
    ]);
  });

  it('sorts by a number, photos without one last either way', () => {
    const numbers = new Map([
      ['a', 0.2],
      ['c', 0.9],
    ]);
    const by = (descending: boolean) =>
      queryPhotos(table, { search: '', order: { by: 'number', numbers, descending } });
    expect(by(false)).toEqual(['a', 'c', 'b']);
    expect(by(true)).toEqual(['c', 'a', 'b']);
  });

  it('finds all words in any order, and what else is asked for', () => {
    const find = (search: string) => queryPhotos(table, { search, order: byName });
    expect(find('LEAF rust')).toEqual(['b', 'a']);
    expect(find('1.jpg')).toEqual(['c']);
    expect(find('moss')).toEqual([]);
    const where = (photo: PhotoRow): boolean => photo.labels.length === 0;
    expect(queryPhotos(table, { search: 'rust', where, order: byName })).toEqual(['a']);
  });

  it('orders anew when a photo gets another name', () => {
    const next = changePhotos(table, [row('a', 'a first.jpg')], [], 5);
    expect(queryPhotos(next, { search: '', order: byName })[0]).toBe('a');
  });

  it('is asked once for the same question', () => {
    let asked = 0;
    const query = remember((search: string) => {
      asked += 1;
      return queryPhotos(table, { search, order: byName });
    });
    expect(query('rust')).toBe(query('rust'));
    query('leaf');
    expect(asked).toBe(2);
  });
});

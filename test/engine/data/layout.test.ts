import { describe, expect, it } from 'vitest';
import { classesOfFolders } from '../../../src/engine/data/class-folders.ts';
import { parseLabelsCsv } from '../../../src/engine/data/csv.ts';
import { layoutPhotos } from '../../../src/engine/data/layout.ts';
import type { LayoutInput } from '../../../src/engine/data/layout.ts';

/** Each path with its label, and split if any: "path: label (split)". */
function told(paths: string[], more: Partial<LayoutInput> = {}): string[] {
  return layoutPhotos({ paths, ...more }).items.map(
    ({ path, label, split }) => `${path}: ${label ?? '-'}${split === undefined ? '' : ` (${split})`}`,
  );
}
const csvOf = (text: string): NonNullable<LayoutInput['csv']> =>
  parseLabelsCsv(Buffer.from(text), 'labels.csv');

describe('folders', () => {
  it('are classes', () => {
    expect(told(['ants/1.jpg', 'bees/1.jpg'])).toEqual(['ants/1.jpg: ants', 'bees/1.jpg: bees']);
  });

  it.each([
    ['train', 'val', 'test'],
    ['Train', 'VALID', 'Test'],
    ['training', 'validation', 'testing'],
  ])('called %s, %s and %s are splits', (train, val, test) => {
    const paths = [train, val, test].flatMap((split) => [`${split}/ants/1.jpg`, `${split}/bees/1.jpg`]);
    expect(told(paths)).toEqual([
      `${train}/ants/1.jpg: ants (train)`,
      `${train}/bees/1.jpg: bees (train)`,
      `${val}/ants/1.jpg: ants (val)`,
      `${val}/bees/1.jpg: bees (val)`,
      `${test}/ants/1.jpg: ants (test)`,
      `${test}/bees/1.jpg: bees (test)`,
    ]);
  });

  it('called train may be the class of trains', () => {
    expect(told(['bus/1.jpg', 'train/1.jpg'])).toEqual(['bus/1.jpg: bus', 'train/1.jpg: train']);
    expect(told(['bus/1.jpg', 'train/ice/1.jpg'])).toEqual(['bus/1.jpg: bus', 'train/ice/1.jpg: train/ice']);
  });

  it('called test beside the classes are splits when they hold the same classes', () => {
    expect(told(['ants/1.jpg', 'bees/1.jpg', 'test/ants/2.jpg'])).toEqual([
      'ants/1.jpg: ants',
      'bees/1.jpg: bees',
      'test/ants/2.jpg: ants (test)',
    ]);
  });

  it('beside train and val are listed, not used', () => {
    const paths = ['extra/1.jpg', 'stray.jpg', 'train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg'];
    const { items, skipped } = layoutPhotos({ paths });
    expect(items.map((item) => item.path)).toEqual(paths.slice(2));
    expect(skipped.map(({ path, code }) => [path, code])).toEqual([
      ['extra/1.jpg', 'outside-splits'],
      ['stray.jpg', 'outside-splits'],
    ]);
  });

  it('around everything are looked through', () => {
    expect(told(['photos/mine/ants/1.jpg', 'photos/mine/bees/1.jpg'])).toEqual([
      'photos/mine/ants/1.jpg: ants',
      'photos/mine/bees/1.jpg: bees',
    ]);
    expect(told(['data/train/ants/1.jpg', 'data/val/bees/1.jpg'])).toEqual([
      'data/train/ants/1.jpg: ants (train)',
      'data/val/bees/1.jpg: bees (val)',
    ]);
    expect(layoutPhotos({ paths: ['p/a/1.jpg', 'p/b/1.jpg'] }).warnings[0]?.code).toBe('unwrapped');
  });

  it('of --val hold nothing but validation photos', () => {
    expect(told(['ants/1.jpg', 'bees/1.jpg'], { split: 'val' })).toEqual([
      'ants/1.jpg: ants (val)',
      'bees/1.jpg: bees (val)',
    ]);
  });

  it('leave photos beside them without a label', () => {
    expect(told(['ants/1.jpg', 'bees/1.jpg', 'stray.jpg'])).toContain('stray.jpg: -');
    expect(told(['1.jpg', '2.jpg'])).toEqual(['1.jpg: -', '2.jpg: -']);
  });

  it('are no classes for a note that lies in them', () => {
    expect(told(['animals/cat/1.jpg', 'animals/readme.txt', 'plants/oak/1.jpg', 'README'])).toEqual([
      'animals/cat/1.jpg: animals/cat',
      'animals/readme.txt: -',
      'plants/oak/1.jpg: plants/oak',
      'README: -',
    ]);
  });

  it('that are empty are reported, the outermost only', () => {
    const { warnings } = layoutPhotos({
      paths: ['ants/1.jpg', 'bees/1.jpg', 'notes/x.txt'],
      folders: ['ants', 'bees', 'flies', 'flies/deep', 'notes'],
    });
    expect(warnings.map((warning) => warning.message)).toEqual([
      'The folder "flies" holds no photos.',
      'The folder "notes" holds no photos.',
    ]);
  });

  it('spell one class in one way', () => {
    expect(told(['a/1.jpg', 'Ka\u0308fer/1.jpg'])).toContain('Ka\u0308fer/1.jpg: K\u00e4fer');
  });
});

describe('folders in folders', () => {
  const classes = (...folders: string[]): string[] => [...classesOfFolders(folders).values()];

  it('are classes of their own when all differ', () => {
    expect(classes('animals/cat', 'animals/dog', 'plants/oak')).toEqual([
      'animals/cat',
      'animals/dog',
      'plants/oak',
    ]);
  });

  it('are occasions when they come again', () => {
    expect(classes('ants/morning', 'ants/evening', 'bees/Morning')).toEqual(['ants', 'ants', 'bees']);
  });

  it('are occasions when they look like dates, numbers or sessions', () => {
    expect(classes('ants/2024-05-17', 'bees/2024-06-01')).toEqual(['ants', 'bees']);
    expect(classes('ants/session 1', 'bees/session_2')).toEqual(['ants', 'bees']);
    expect(classes('ants/001', 'bees/002')).toEqual(['ants', 'bees']);
  });

  it('are asked level by level', () => {
    expect(classes('animals/cat/s1', 'animals/cat/s2', 'animals/dog/s1', 'plants/oak')).toEqual([
      'animals/cat',
      'animals/cat',
      'animals/dog',
      'plants/oak',
    ]);
  });

  it('belong to the folder above that holds photos itself', () => {
    expect(classes('ants', 'ants/close-ups', 'bees')).toEqual(['ants', 'ants', 'bees']);
  });

  it('never merge into a single class', () => {
    expect(classes('digits/0', 'digits/1', 'digits/2')).toEqual(['digits/0', 'digits/1', 'digits/2']);
  });

  it('are the same for all splits', () => {
    expect(
      told(['train/ants/s1/1.jpg', 'train/bees/s1/1.jpg', 'val/ants/s2/1.jpg', 'val/bees/s3/1.jpg']),
    ).toEqual([
      'train/ants/s1/1.jpg: ants (train)',
      'train/bees/s1/1.jpg: bees (train)',
      'val/ants/s2/1.jpg: ants (val)',
      'val/bees/s3/1.jpg: bees (val)',
    ]);
  });

  it('are told of', () => {
    const merged = layoutPhotos({ paths: ['ants/s1/1.jpg', 'ants/s2/1.jpg', 'bees/s1/1.jpg'] });
    expect(merged.warnings.map(({ code }) => code)).toEqual(['merged-folders']);
    const nested = layoutPhotos({ paths: ['a/cat/1.jpg', 'b/dog/1.jpg'] });
    expect(nested.warnings.map(({ code }) => code)).toEqual(['nested-classes']);
  });
});

describe('labels files', () => {
  it('label a flat folder', () => {
    const csv = csvOf('filename,label,split\n1.jpg,ant,train\n2.jpg,bee,val\n');
    expect(told(['1.jpg', '2.jpg'], { csv })).toEqual(['1.jpg: ant (train)', '2.jpg: bee (val)']);
  });

  it('win over folders, which still say the split', () => {
    const csv = csvOf('filename,label\ntrain/1.jpg,ant\nval/2.jpg,bee\n');
    expect(told(['train/1.jpg', 'val/2.jpg'], { csv })).toEqual([
      'train/1.jpg: ant (train)',
      'val/2.jpg: bee (val)',
    ]);
  });

  it.each([
    ['another case', 'A.JPG'],
    ['no extension', 'a'],
    ['no folder', 'a.jpg'],
    ['the path on another machine', 'C:\\Users\\me\\photos\\sub\\a.jpg'],
  ])('find files by %s', (_, name) => {
    const csv = csvOf(`filename,label\n${name},ant\n`);
    expect(told(['sub/a.jpg', 'sub/b.jpg'], { csv })).toEqual(['sub/a.jpg: ant', 'sub/b.jpg: -']);
  });

  it('list missing and ambiguous names, and count what they leave out', () => {
    const csv = csvOf('filename,label\ngone.jpg,ant\na.jpg,bee\nx/b.jpg,bee\n');
    const { items, skipped, warnings } = layoutPhotos({ paths: ['x/a.jpg', 'x/b.jpg', 'y/a.jpg'], csv });
    expect(skipped.map(({ path, code }) => [path, code])).toEqual([
      ['gone.jpg', 'missing-file'],
      ['a.jpg', 'ambiguous-name'],
    ]);
    expect(skipped[0]?.reason).toContain('line 2');
    expect(items.filter((item) => item.label !== undefined)).toHaveLength(1);
    expect(warnings.map(({ code }) => code)).toEqual(['not-listed']);
  });

  it('may name a file under two labels: both are kept, for the conflict to be seen', () => {
    const csv = csvOf('filename,label\na.jpg,ant\na.jpg,bee\na.jpg,ant\n');
    expect(told(['a.jpg'], { csv })).toEqual(['a.jpg: ant', 'a.jpg: bee']);
  });

  it('add groups to what folders say', () => {
    const csv = csvOf('filename,specimen\nants/1.jpg,s1\nbees/1.jpg,s2\n');
    const { items } = layoutPhotos({ paths: ['ants/1.jpg', 'bees/1.jpg'], csv, groupColumn: 'specimen' });
    expect(items).toEqual([
      { path: 'ants/1.jpg', label: 'ants', group: 's1' },
      { path: 'bees/1.jpg', label: 'bees', group: 's2' },
    ]);
  });

  it('must have the column to group by', () => {
    const csv = csvOf('filename,label\n1.jpg,ant\n');
    expect(() => layoutPhotos({ paths: ['1.jpg'], csv, groupColumn: 'plant' })).toThrow(/no column "plant"/);
    expect(() => layoutPhotos({ paths: ['1.jpg'], groupColumn: 'plant' })).toThrow(/no labels file/);
  });
});

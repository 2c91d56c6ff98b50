import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { looksLikeLabels, parseLabelsCsv } from '../../../src/engine/data/csv.ts';

const parse = (text: string): ReturnType<typeof parseLabelsCsv> =>
  parseLabelsCsv(Buffer.from(text), 'labels.csv');

function complaint(text: string): HolotypeError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof HolotypeError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('labels files', () => {
  it('reads every column', () => {
    const { rows } = parse(
      'filename,label,split,group,target,site\na.jpg,ant,Train,g1,1.5,Ulm\nb.jpg,bee,,,,\n',
    );
    expect(rows).toEqual([
      {
        line: 2,
        filename: 'a.jpg',
        label: 'ant',
        split: 'train',
        group: 'g1',
        target: 1.5,
        cells: { filename: 'a.jpg', label: 'ant', split: 'Train', group: 'g1', target: '1.5', site: 'Ulm' },
      },
      {
        line: 3,
        filename: 'b.jpg',
        label: 'bee',
        cells: { filename: 'b.jpg', label: 'bee', split: '', group: '', target: '', site: '' },
      },
    ]);
  });

  it.each([
    ['semicolons', 'filename;label\na.jpg;ant\n'],
    ['tabs', 'filename\tlabel\na.jpg\tant\n'],
    ['a byte order mark', '\ufefffilename,label\na.jpg,ant\n'],
    ['CRLF and blank lines', 'filename,label\r\n\r\na.jpg,ant\r\n\r\n'],
    ['quotes', '"filename","label"\n"a.jpg","ant"\n'],
    ['other words and order', 'Class,Image Path\nant,a.jpg\n'],
    ['no header', 'a.jpg,ant\n'],
    ['Windows paths', 'filename,label\n.\\a.jpg,ant\n'],
  ])('reads %s', (_, text) => {
    const { rows } = parse(text);
    expect(rows.map(({ filename, label }) => [filename, label])).toEqual([['a.jpg', 'ant']]);
  });

  it('reads quoted names with separators, quotes and line breaks, and still knows the lines', () => {
    const { rows } = parse('filename,label\n"a, ""b"".jpg","two\nlines"\nc.jpg,x\n');
    expect(rows.map(({ filename, label }) => [filename, label])).toEqual([
      ['a, "b".jpg', 'two\nlines'],
      ['c.jpg', 'x'],
    ]);
    expect(rows[1]?.line).toBe(4);
  });

  it('reads UTF-16 and Windows-1252, as spreadsheets write them', () => {
    const utf16 = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from('filename\tlabel\na.jpg\tKäfer\n', 'utf16le'),
    ]);
    expect(parseLabelsCsv(utf16, 'x').rows[0]?.label).toBe('Käfer');
    const latin = Buffer.from('filename,label\na.jpg,Käfer\n', 'latin1');
    expect(parseLabelsCsv(latin, 'x').rows[0]?.label).toBe('Käfer');
  });

  it('spells labels in one way', () => {
    expect(parse('filename,label\na.jpg,Ka\u0308fer\n').rows[0]?.label).toBe('K\u00e4fer');
  });

  it('reads decimal commas', () => {
    expect(parse('filename;target\na.jpg;1,5\n').rows[0]?.target).toBe(1.5);
  });

  it('leaves labels to the folders where it has none', () => {
    expect(parse('filename,specimen\na.jpg,s1\n').labels).toBe(false);
    expect(parse('filename,label\na.jpg,s1\n').labels).toBe(true);
  });

  it.each([
    ['is empty', '', /is empty/],
    ['has no file names', 'label,split\nant,train\n', /no column "filename".*"label,split"/],
    ['has only file names', 'filename\na.jpg\n', /no column "label"/],
    ['lists nothing', 'filename,label\n', /lists no photos/],
    ['says an unknown split', 'filename,label,split\na.jpg,ant,holdout\n', /"holdout" on line 2/],
    ['has a bad number', 'filename,target\na.jpg,high\n', /"high" on line 2/],
    ['leaves a name out', 'filename,label\n,ant\n', /no file name on line 2/],
    ['never closes a quote', 'filename,label\n"a.jpg,ant\n', /table/],
  ])('complains when it %s', (_, text, words) => {
    const error = complaint(text);
    expect(error.code).toBe('bad-input');
    expect(error.message).toMatch(words);
    expect(error.message).toContain('labels.csv');
    expect(error.remedy).toBeDefined();
  });

  it('tells a labels file from other tables', () => {
    expect(looksLikeLabels(Buffer.from('filename,label\n'))).toBe(true);
    expect(looksLikeLabels(Buffer.from('"Image";"Class"\nx;y'))).toBe(true);
    expect(looksLikeLabels(Buffer.from('date,temperature\n'))).toBe(false);
    expect(looksLikeLabels(Buffer.from(''))).toBe(false);
  });
});

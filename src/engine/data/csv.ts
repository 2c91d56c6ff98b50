import { CsvError, parse } from 'csv-parse/sync';
import type { Split } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';

/** One line of a labels file. */
export interface LabelRow {
  /** Line in the file, from 1: for messages. */
  line: number;
  /** As written, but with `/` between folders and without a leading `./`. */
  filename: string;
  /** Absent: listed without a label. */
  label?: string;
  split?: Split;
  group?: string;
  target?: number;
  /** Every column of the line by its name as the header spells it. */
  cells: Readonly<Record<string, string>>;
}

export interface LabelsCsv {
  /** What messages call it. */
  name: string;
  /** Column names as the header spells them. */
  columns: readonly string[];
  /** Whether there is a label or target column; without one the folders say the class. */
  labels: boolean;
  rows: readonly LabelRow[];
}

const columnWords = {
  filename: [
    'filename',
    'file',
    'filepath',
    'file_name',
    'file_path',
    'path',
    'image',
    'image_path',
    'photo',
    'name',
  ],
  label: ['label', 'class', 'category', 'labels', 'class_name'],
  split: ['split', 'set', 'subset', 'partition'],
  group: ['group', 'group_id'],
  target: ['target', 'value'],
} as const;
type Column = keyof typeof columnWords;

/** The split a folder or a cell of this name stands for, in any case. */
export function splitNamed(name: string): Split | undefined {
  switch (name.trim().toLowerCase()) {
    case 'train':
    case 'training':
      return 'train';
    case 'val':
    case 'valid':
    case 'validation':
      return 'val';
    case 'test':
    case 'testing':
      return 'test';
    default:
      return undefined;
  }
}

/**
 * Reads a labels file: `filename,label[,split][,group][,target]`, columns in any order under these names or common
 * synonyms, others kept aside; separated by comma, semicolon or tab; UTF-8 (with or without byte order mark) or
 * UTF-16 as spreadsheets write it, else Windows-1252. Without a header the columns are taken in the order above.
 * A table without a label or target column only adds splits, groups and the like to what the folders say.
 *
 * @param bytes the file
 * @param name what messages call it
 * @throws HolotypeError('bad-input') naming the line
 */
export function parseLabelsCsv(bytes: Uint8Array, name: string): LabelsCsv {
  const text = decodeText(bytes);
  const separator = separatorOf(text);
  const records = readTable(text, separator, name);
  const first = records[0];
  if (first === undefined) throw badCsv(name, 'is empty');

  const columns = columnsOf(first.record);
  if (columns.filename === undefined && looksLikeFile(first.record[0])) {
    const order = Object.keys(columnWords);
    const names = first.record.map((_, index) => order[index] ?? `column ${index + 1}`);
    const positions = Object.fromEntries(names.map((column, index) => [column, index]));
    return { name, columns: names, labels: names.length > 1, rows: rowsOf(name, records, names, positions) };
  }
  if (columns.filename === undefined || first.record.length < 2) {
    const missing = columns.filename === undefined ? 'filename' : 'label';
    throw badCsv(name, `has no column "${missing}"; its first line is "${first.record.join(separator)}"`);
  }
  return {
    name,
    columns: first.record,
    labels: columns.label !== undefined || columns.target !== undefined,
    rows: rowsOf(name, records.slice(1), first.record, columns),
  };
}

/**
 * The cells of a table without headings; see {@link parseLabelsCsv} for separators and encodings.
 *
 * @throws HolotypeError('bad-input')
 */
export function parseTable(bytes: Uint8Array, name: string): string[][] {
  const text = decodeText(bytes);
  return readTable(text, separatorOf(text), name).map(({ record }) => record);
}

interface TableRow {
  record: string[];
  line: number;
}

function readTable(text: string, separator: string, name: string): TableRow[] {
  const rows: TableRow[] = [];
  try {
    parse(text, {
      delimiter: separator,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      relax_quotes: true,
      on_record: (record: string[], { lines }) => {
        rows.push({ record, line: lines });
        return null; // nothing for parse to collect
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw badCsv(name, `can't be read as a table: ${error.message}`, error);
  }
  return rows;
}

/** Whether a table's first line could be that of a labels file; for finding one lying among the photos. */
export function looksLikeLabels(bytes: Uint8Array): boolean {
  const firstLine = decodeText(bytes.subarray(0, 4096)).split(/\r?\n/, 1)[0] ?? '';
  const cells = firstLine.split(separatorOf(firstLine)).map((cell) => cell.replace(/^\s*"|"\s*$/g, ''));
  const columns = columnsOf(cells);
  return columns.filename !== undefined && (columns.label !== undefined || columns.target !== undefined);
}

type Positions = Partial<Record<string, number>>;

function columnsOf(header: readonly string[]): Positions {
  const positions: Positions = {};
  const spelled = header.map((cell) => cell.trim().toLowerCase().replace(/[ -]/g, '_'));
  for (const [column, words] of Object.entries(columnWords)) {
    // The best word wins, wherever it stands: "path" before "name".
    const word = words.find((candidate) => spelled.includes(candidate));
    if (word !== undefined) positions[column] = spelled.indexOf(word);
  }
  return positions;
}

function rowsOf(
  name: string,
  records: readonly TableRow[],
  header: readonly string[],
  positions: Positions,
): LabelRow[] {
  const rows: LabelRow[] = [];
  for (const { record, line } of records) {
    const cell = (column: Column): string => record[positions[column] ?? -1] ?? '';
    const filename = cell('filename')
      .replaceAll('\\', '/')
      .replace(/^(\.\/)+/, '');
    if (filename === '') {
      if (record.every((value) => value === '')) continue;
      throw badCsv(name, `has no file name on line ${line}`);
    }
    const given = cell('split');
    const split = splitNamed(given);
    if (given !== '' && split === undefined) {
      throw badCsv(name, `says split "${given}" on line ${line}, which is none of train, val, test`);
    }
    // Some programs write decimal commas into files separated by semicolons.
    const number = cell('target');
    const target = number === '' ? undefined : Number(number.replace(',', '.'));
    if (target !== undefined && !Number.isFinite(target)) {
      throw badCsv(name, `has the target "${number}" on line ${line}, which is not a number`);
    }
    const label = cell('label').normalize('NFC');
    const group = cell('group');
    rows.push({
      line,
      filename,
      ...(label === '' ? {} : { label }),
      ...(split === undefined ? {} : { split }),
      ...(group === '' ? {} : { group }),
      ...(target === undefined ? {} : { target }),
      cells: Object.fromEntries(header.map((column, index) => [column, record[index] ?? ''])),
    });
  }
  if (rows.length === 0) throw badCsv(name, 'lists no photos');
  return rows;
}

function looksLikeFile(cell: string | undefined): boolean {
  return cell !== undefined && /\.(jpe?g|jfif|png|webp|gif|apng|tiff?|bmp|avif|hei[cf])$/i.test(cell);
}

/** The one of comma, semicolon and tab that the first line has most of, outside quotes. */
function separatorOf(text: string): string {
  const firstLine = (text.split(/\r?\n/, 1)[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (separator: string): number => firstLine.split(separator).length;
  return [',', ';', '\t'].reduce((best, other) => (count(other) > count(best) ? other : best));
}

function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function badCsv(name: string, problem: string, cause?: unknown): HolotypeError {
  return new HolotypeError('bad-input', `The labels file "${name}" ${problem}.`, {
    remedy: 'It should begin with a line "filename,label" and hold one line for each photo.',
    cause,
  });
}

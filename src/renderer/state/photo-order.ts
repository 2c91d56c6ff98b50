import type { PhotoRow } from '../../contract/photos.ts';
import type { PhotoTable } from './photo-table.ts';

/** What can be known of every photo without reading its row again; made once for each `index` of a table. */
interface Ranks {
  /** Position in the order of names as people sort them: 2 before 10, case and accents aside. */
  readonly name: Int32Array;
  /** Position in the order of the time they were taken; photos without one come last. */
  readonly date: Int32Array;
  /** Paths in lower case, for the search. */
  readonly lower: readonly string[];
}

const remembered = new WeakMap<PhotoTable['index'], Ranks>();

function ranksOf(table: PhotoTable): Ranks {
  const known = remembered.get(table.index);
  if (known !== undefined) return known;
  const { rows } = table;
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  // "~" sorts after every digit: no date, last.
  const dates = rows.map((row) => row.takenAt ?? '~');
  const ranks: Ranks = {
    name: rank(rows.length, (a, b) => collator.compare(rows[a]?.path ?? '', rows[b]?.path ?? '')),
    date: rank(rows.length, (a, b) => {
      const [x = '', y = ''] = [dates[a], dates[b]];
      return x < y ? -1 : x > y ? 1 : 0;
    }),
    lower: rows.map((row) => row.path.toLowerCase()),
  };
  remembered.set(table.index, ranks);
  return ranks;
}

/** `result[position]` is the rank of that position in the order of `compare`; ties keep their order. */
function rank(length: number, compare: (a: number, b: number) => number): Int32Array {
  const order = Int32Array.from({ length }, (_, position) => position).sort((a, b) => compare(a, b) || a - b);
  const ranks = new Int32Array(length);
  order.forEach((position, at) => (ranks[position] = at));
  return ranks;
}

/** How photos are put in order: by what is in the table, or by a number of each (confidence, similarity). */
export type PhotoOrder =
  | { readonly by: 'name' | 'date'; readonly descending: boolean }
  | {
      readonly by: 'number';
      /** By photo id; photos without one come last either way. */
      readonly numbers: ReadonlyMap<string, number>;
      readonly descending: boolean;
    };

export interface PhotoQuery {
  /** Which photos are wanted, apart from the search. */
  readonly where?: ((row: PhotoRow) => boolean) | undefined;
  /** Words that must all be in the path, in any order; case doesn't matter. */
  readonly search: string;
  readonly order: PhotoOrder;
}

/** Ids of the photos a query wants, in its order. Fast enough for every key press with 50,000 photos. */
export function queryPhotos(table: PhotoTable, query: PhotoQuery): readonly string[] {
  const { name, date, lower } = ranksOf(table);
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const { where, order } = query;
  const positions: number[] = [];
  table.rows.forEach((row, position) => {
    if (where !== undefined && !where(row)) return;
    if (words.length > 0 && !words.every((word) => lower[position]?.includes(word) === true)) return;
    positions.push(position);
  });
  const keys = order.by === 'number' ? numbersOf(table, order) : order.by === 'name' ? name : date;
  return sortByKeys(Int32Array.from(positions), keys, name, order.descending).map(
    (position) => table.rows[position]?.id ?? '',
  );
}

function numbersOf(table: PhotoTable, order: Extract<PhotoOrder, { by: 'number' }>): Float64Array {
  const last = order.descending ? -Infinity : Infinity;
  return Float64Array.from(table.rows, (row) => order.numbers.get(row.id) ?? last);
}

function sortByKeys(
  positions: Int32Array,
  keys: Int32Array | Float64Array,
  name: Int32Array,
  descending: boolean,
): number[] {
  const sign = descending ? -1 : 1;
  positions.sort((a, b) => {
    const [x = 0, y = 0] = [keys[a], keys[b]];
    return x === y ? (name[a] ?? 0) - (name[b] ?? 0) : (x < y ? -1 : 1) * sign;
  });
  return [...positions];
}

/** Remembers the last answer of a pure function as long as its arguments are the same. */
export function remember<A extends readonly unknown[], R>(make: (...args: A) => R): (...args: A) => R {
  let last: { readonly args: A; readonly result: R } | undefined;
  return (...args) => {
    const same = last?.args.length === args.length && last.args.every((arg, i) => Object.is(arg, args[i]));
    if (last !== undefined && same) return last.result;
    const result = make(...args);
    last = { args, result };
    return result;
  };
}

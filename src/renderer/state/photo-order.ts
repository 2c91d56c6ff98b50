import type { PhotoRow } from '../../contract/photos.ts';
import type { PhotoTable } from './photo-table.ts';

/**
 * Positions of a table in an order, so that every question is answered by one walk along it: sorting 50,000 photos
 * takes longer than a key press may.
 */
interface Order {
  readonly positions: Int32Array;
  /** The first so many are in order, lowest first; the others have nothing to be ordered by, and come last. */
  readonly known: number;
  /** Ids of all photos in this order, upwards and downwards, once somebody has asked for them. */
  readonly all: { up?: readonly string[]; down?: readonly string[] };
}

/** What can be known of every photo without reading its row again; made once for each `index` of a table. */
interface Facts {
  /** Names as people sort them: 2 before 10, case and accents aside. */
  readonly name: Order;
  /** By the time they were taken. */
  readonly date: Order;
  /** Paths in lower case, for the search. */
  readonly lower: readonly string[];
  /** By numbers that were asked for: confidence, similarity. */
  readonly numbers: WeakMap<ReadonlyMap<string, number>, Order>;
}

const remembered = new WeakMap<PhotoTable['index'], Facts>();

function factsOf(table: PhotoTable): Facts {
  const known = remembered.get(table.index);
  if (known !== undefined) return known;
  const { rows } = table;
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
  // A plain array, for its sort makes use of what is in order already, as paths mostly are.
  const all = Array.from({ length: rows.length }, (_, position) => position);
  all.sort((a, b) => collator.compare(rows[a]?.path ?? '', rows[b]?.path ?? ''));
  const name = { positions: Int32Array.from(all), known: rows.length, all: {} };
  const facts: Facts = {
    name,
    date: orderBy(name, (position) => {
      const time = Date.parse(rows[position]?.takenAt ?? '');
      return Number.isNaN(time) ? undefined : time;
    }),
    lower: rows.map((row) => row.path.toLowerCase()),
    numbers: new WeakMap(),
  };
  remembered.set(table.index, facts);
  return facts;
}

/** Puts positions in the order of a key; equal ones, and those without a key, stay in the order of their names. */
function orderBy(name: Order, keyOf: (position: number) => number | undefined): Order {
  const keys = new Float64Array(name.positions.length);
  const known: number[] = [];
  const unknown: number[] = [];
  for (const position of name.positions) {
    const key = keyOf(position);
    if (key === undefined) unknown.push(position);
    else {
      keys[position] = key;
      known.push(position);
    }
  }
  known.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
  return { positions: Int32Array.from([...known, ...unknown]), known: known.length, all: {} };
}

/** How photos are put in order: by what is in the table, or by a number of each (confidence, similarity). */
export type PhotoOrder =
  | { readonly by: 'name' | 'date'; readonly descending: boolean }
  | {
      readonly by: 'number';
      /** By photo id; photos without one come last either way. The order is remembered by this very object. */
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
  const facts = factsOf(table);
  const words = query.search.toLowerCase().split(/\s+/).filter(Boolean);
  const { positions, known, all } = orderOf(table, facts, query.order);
  const direction = query.order.descending ? 'down' : 'up';
  // A change of labels moves nothing then: the very same list tells everybody so.
  const everything = query.where === undefined && words.length === 0;
  const before = everything ? all[direction] : undefined;
  if (before !== undefined) return before;
  const ids: string[] = [];
  const take = (position: number): void => {
    const row = table.rows[position];
    if (row === undefined || query.where?.(row) === false) return;
    const path = words.length === 0 ? '' : (facts.lower[position] ?? '');
    if (words.every((word) => path.includes(word))) ids.push(row.id);
  };
  for (let at = 0; at < positions.length; at += 1) {
    const turned = query.order.descending && at < known ? known - 1 - at : at;
    take(positions[turned] ?? 0);
  }
  if (everything) all[direction] = ids;
  return ids;
}

function orderOf(table: PhotoTable, facts: Facts, order: PhotoOrder): Order {
  if (order.by !== 'number') return facts[order.by];
  const known = facts.numbers.get(order.numbers);
  if (known !== undefined) return known;
  const made = orderBy(facts.name, (position) => order.numbers.get(table.rows[position]?.id ?? ''));
  facts.numbers.set(order.numbers, made);
  return made;
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

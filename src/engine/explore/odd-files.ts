import type { OddFact } from '../../contract/explore.ts';
import { seededRandom, shuffled } from '../data/random.ts';
import { quantile } from '../evaluate/intervals.ts';
import type { Pace } from './pace.ts';

/** What a photo's file tells without a look at its content. */
export interface FileFacts {
  /** Pixels, as a person sees the photo: after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
}

export interface OddFiles {
  /** A photo each: at least 2; 2 says that enough others are like it, or that its size is not known. */
  readonly oddness: Float64Array;
  /** By photo: the fact that fewest others have. Where each is usual by itself and only their mix is odd, none may be. */
  readonly facts: ReadonlyMap<number, OddFact>;
}

/** A fact as a column of numbers, and the least that two photos have to differ by to be one spread apart. */
interface Column {
  readonly fact: OddFact['fact'];
  readonly of: (file: FileFacts) => number;
  readonly least: number;
}

/** Logarithms of these are compared: twice the size is as far as half of it. */
const columns: readonly Column[] = [
  { fact: 'size', of: ({ width, height }) => Math.min(width, height), least: 0.1 },
  { fact: 'shape', of: ({ width, height }) => width / height, least: 0.1 },
  { fact: 'compression', of: ({ width, height, bytes }) => bytes / (width * height), least: 0.15 },
];

/** What most photos have lies between these; half the distance between them is one spread. */
const [lower, upper] = [0.16, 0.84];
/** Photos that each is compared with. */
const compared = 2_000;
/** Photos this near, in spreads, are alike. */
const near = 2;
/** So many others have to be like a photo for it not to be odd: a share of them, within limits. */
const share = 1 / 20;
const [fewestLike, mostLike] = [3, 20];
/** Fewer photos have no "most" that one could be unlike. */
const fewest = fewestLike + 2;

/**
 * How odd photos are by their files: their size, shape and compression. Photos from elsewhere often differ in them.
 * Oddness is the distance to the 20th nearest other photo (of few photos, to a twentieth of them), in spreads. Up to two
 * spreads it counts as 2: such photos are all equally usual.
 *
 * @param files a photo each; undefined where size or bytes are not known
 * @param seed draws the photos that each is compared with, where there are more than 2,000
 */
export async function oddFiles(
  files: readonly (FileFacts | undefined)[],
  seed: number,
  pace: Pace,
): Promise<OddFiles> {
  const oddness = new Float64Array(files.length).fill(near);
  const facts = new Map<number, OddFact>();
  const known = [...files.entries()].filter((entry): entry is [number, FileFacts] => isKnown(entry[1]));
  if (known.length < fewest) return { oddness, facts };
  const all = known.map(([, file]) => file);
  const spans = columns.map((column) => spanOf(column, all));
  const table: Table = {
    scaled: Float64Array.from(
      all.flatMap((file) => columns.map(({ of }, c) => Math.log(of(file)) / (spans[c]?.spread ?? 1))),
    ),
    others: Int32Array.from(shuffled(all.keys(), seededRandom(seed)).slice(0, compared)),
    k: Math.min(mostLike, Math.max(fewestLike, Math.round(share * all.length))),
  };
  for (const [at, [photo, file]] of known.entries()) {
    if (pace.due) await pace.rest(at, known.length);
    const far = distanceToLike(table, at, 0, columns.length);
    if (far <= near) continue;
    oddness[photo] = far;
    const fact = oddestFact(table, at, file, spans);
    if (fact !== undefined) facts.set(photo, fact);
  }
  return { oddness, facts };
}

const isKnown = (file: FileFacts | undefined): boolean =>
  file !== undefined && file.width > 0 && file.height > 0 && file.bytes > 0;

/** Of a column's logarithms. */
interface Span {
  /** Two of three photos lie between these. */
  readonly low: number;
  readonly high: number;
  readonly spread: number;
}

function spanOf({ of, least }: Column, files: readonly FileFacts[]): Span {
  const values = files.map((file) => Math.log(of(file))).sort((a, b) => a - b);
  const low = quantile(values, lower) ?? 0;
  const high = quantile(values, upper) ?? 0;
  return { low, high, spread: Math.max(least, (high - low) / 2) };
}

/** The fact that fewest others have, of those that are less or more than most have. */
function oddestFact(table: Table, at: number, file: FileFacts, spans: readonly Span[]): OddFact | undefined {
  const [oddest] = columns
    .flatMap(({ fact, of }, c) => {
      const own = of(file);
      const { low = 0, high = 0, spread = 1 } = spans[c] ?? {};
      const [below, above] = [low - Math.log(own), Math.log(own) - high];
      if (below <= 0 && above <= 0) return [];
      const side: OddFact['side'] = below > 0 ? 'below' : 'above';
      const most: OddFact['most'] = [Math.exp(low), Math.exp(high)];
      const alone = distanceToLike(table, at, c, c + 1);
      return [{ alone, beyond: Math.max(below, above) / spread, odd: { fact, side, own, most } }];
    })
    .sort((a, b) => b.alone - a.alone || b.beyond - a.beyond);
  return oddest?.odd;
}

/** Photos to be compared. */
interface Table {
  /** Rows of all columns, in spreads. */
  readonly scaled: Float64Array;
  /** Rows that each is compared with. */
  readonly others: Int32Array;
  /** So many of them have to be like a photo. */
  readonly k: number;
}

/** The distance to the kth nearest of other photos by the columns from..to; {@link near} where it is less. */
function distanceToLike({ scaled, others, k }: Table, at: number, from: number, to: number): number {
  // Squares of the k least so far, the largest last.
  const nearest = new Float64Array(k).fill(Infinity);
  let within = 0;
  for (let i = 0; i < others.length; i++) {
    const other = others[i] as number;
    if (other === at) continue;
    let square = 0;
    for (let c = from; c < to; c++)
      square +=
        ((scaled[at * columns.length + c] as number) - (scaled[other * columns.length + c] as number)) ** 2;
    // Who has enough photos that near is usual: how near they are does not matter.
    if (square <= near * near && ++within === k) return near;
    if (square >= (nearest[k - 1] as number)) continue;
    let place = k - 1;
    for (; place > 0 && (nearest[place - 1] as number) > square; place--)
      nearest[place] = nearest[place - 1] as number;
    nearest[place] = square;
  }
  return Math.sqrt(nearest[k - 1] as number);
}

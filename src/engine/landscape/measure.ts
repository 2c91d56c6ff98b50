import type { Landscape, LandscapeFigures, LandscapeLine } from '../../contract/landscape.ts';
import { seededRandom } from '../data/random.ts';
import { filterNormalized, wayTo } from './directions.ts';
import type { Figures, Place, Surface } from './surface.ts';

export interface LandscapeOptions {
  /** Points along each side of the plane. */
  readonly grid: number;
  /** Decides the random directions. */
  readonly seed: number;
  /** The line and the plane reach so far to each side; 1 moves every filter by its own length. */
  readonly span?: number;
  /** How far away sharpness is measured. */
  readonly radius?: number;
  /** Directions that sharpness is the mean over. */
  readonly directions?: number;
}

/** What the engine alone knows of a landscape. */
export type Measured = Pick<Landscape, 'centre' | 'line' | 'plane' | 'sharpness'>;
export type MeasuredWay = Omit<NonNullable<Landscape['between']>, 'run'>;

/** Places that are done, of all. */
export interface PlacesDone {
  readonly done: number;
  readonly total: number;
}

/** Points of the line. */
const linePoints = 41;
/** The way between two runs is followed beyond both by so much, in steps that meet both. */
const beyond = 0.25;
const wayPoints = 31;
/** Directions that sharpness is measured along at once, where they fit in so much (bytes). */
const bytesOfDirections = 64 * 1024 ** 2;

/**
 * Measures the loss around a solution, place by place.
 *
 * @throws the signal's reason
 */
export async function* measureLandscape(
  surface: Surface,
  options: LandscapeOptions,
  signal?: AbortSignal,
): AsyncGenerator<PlacesDone, Measured> {
  const { grid, seed, span = 1, radius = 1, directions = 10 } = options;
  const { weights, filters } = surface;
  const random = seededRandom(seed);
  const axes = [filterNormalized(weights, filters, random), filterNormalized(weights, filters, random)];
  const walker = new Walker(surface, 1 + linePoints + grid * grid + 2 * directions, signal);

  const lineAt = evenly(-span, span, linePoints);
  const at = evenly(-span, span, grid);
  const [centre, ...others] = yield* walker.walk(axes, [
    [],
    ...lineAt.map((x) => [x]),
    ...at.flatMap((y) => at.map((x) => [x, y])),
  ]);
  if (centre === undefined) throw new Error('The solution itself was not measured.');
  const onLine = others.slice(0, linePoints);
  const places = others.slice(linePoints);
  const rows = (of: (place: Place) => number | undefined): (number | null)[][] =>
    at.map((_, y) => places.slice(y * grid, (y + 1) * grid).map((place) => real(of(place))));
  const rises: Place[][] = [];
  const together = Math.max(1, Math.floor(bytesOfDirections / weights.byteLength));
  while (rises.length < directions) {
    const count = Math.min(together, directions - rises.length);
    const some = Array.from({ length: count }, () => filterNormalized(weights, filters, random));
    const steps = some.flatMap((_, index) => [radius, -radius].map((step) => along(index, step)));
    const found = yield* walker.walk(some, steps);
    some.forEach((_, index) => rises.push(found.slice(2 * index, 2 * index + 2)));
  }
  const { train, val } = centre;
  return {
    centre: { train: figures(train), val: val === null ? null : figures(val) },
    line: lineOf(lineAt, onLine),
    plane: {
      at,
      train: rows((place) => place.train.loss),
      val: val === null ? null : rows((place) => place.val?.loss),
    },
    sharpness: {
      radius,
      directions,
      train: riseOf(train, rises, (place) => place.train),
      val: val === null ? null : riseOf(val, rises, (place) => place.val),
    },
  };
}

/**
 * Measures the straight way from a solution to another one, and a little beyond both.
 *
 * @param to as long as the surface's weights, of the same layout
 * @throws the signal's reason
 */
export async function* measureWay(
  surface: Surface,
  to: Float32Array,
  signal?: AbortSignal,
): AsyncGenerator<PlacesDone, MeasuredWay> {
  const at = evenly(-beyond, 1 + beyond, wayPoints);
  const walker = new Walker(surface, wayPoints, signal);
  const places = yield* walker.walk(
    [wayTo(surface.weights, to)],
    at.map((x) => [x]),
  );
  const line = lineOf(at, places);
  return { ...line, barrier: barrierOf(line) };
}

/** Goes from place to place and tells how far it is of all that are to be measured. */
class Walker {
  readonly #surface: Surface;
  readonly #total: number;
  readonly #signal: AbortSignal | undefined;
  #before = 0;

  constructor(surface: Surface, total: number, signal: AbortSignal | undefined) {
    this.#surface = surface;
    this.#total = total;
    this.#signal = signal;
  }

  /** @param steps along each of the directions */
  async *walk(
    directions: readonly Float32Array[],
    steps: readonly (readonly number[])[],
  ): AsyncGenerator<PlacesDone, Place[]> {
    const work = this.#surface.places(directions, steps, this.#signal);
    for (;;) {
      const step = await work.next();
      if (step.done === true) {
        this.#before += steps.length;
        return step.value;
      }
      yield { done: this.#before + step.value, total: this.#total };
    }
  }
}

/** A step along one of several directions alone. */
const along = (index: number, step: number): number[] => [...Array<number>(index).fill(0), step];

/** So many numbers from one to another; an odd number of them from -x to x has an exact 0 in the middle. */
function evenly(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, at) => {
    const value = from + ((to - from) * at) / (count - 1);
    return Math.abs(value) < 1e-12 ? 0 : value;
  });
}

const real = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

const figures = ({ loss, accuracy }: Figures): LandscapeFigures => ({
  loss: real(loss),
  accuracy: real(accuracy),
});

function lineOf(at: readonly number[], places: readonly Place[]): LandscapeLine {
  return {
    at: [...at],
    train: places.map(({ train }) => real(train.loss)),
    val: places.some(({ val }) => val !== null) ? places.map(({ val }) => real(val?.loss)) : null,
  };
}

/** @param rises a direction each: there and the other way */
function riseOf(
  centre: Figures,
  rises: readonly (readonly Place[])[],
  of: (place: Place) => Figures | null,
): Landscape['sharpness']['train'] {
  const each = rises.map((places) => {
    const found = places.map((place) => of(place) ?? { loss: Number.NaN, accuracy: Number.NaN });
    return {
      rise: mean(found.map(({ loss }) => loss)) - centre.loss,
      accuracy: mean(found.map(({ accuracy }) => accuracy)),
    };
  });
  const values = each.map(({ rise }) => rise);
  const middle = mean(values);
  const variance =
    values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1);
  return {
    rise: real(middle),
    error: real(Math.sqrt(variance / Math.max(1, values.length))),
    accuracy: real(mean(each.map(({ accuracy }) => accuracy))),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/**
 * How high the way climbs above the straight line between the losses of both ends (Frankle, Dziugaite, Roy, Carbin:
 * "Linear Mode Connectivity and the Lottery Ticket Hypothesis", ICML 2020); by training loss.
 */
function barrierOf({ at, train }: LandscapeLine): number | null {
  const inside = at
    .map((step, index) => ({ step, loss: train[index] ?? null }))
    .filter(({ step }) => step > -1e-9 && step < 1 + 1e-9);
  const [first, last] = [inside[0]?.loss ?? null, inside.at(-1)?.loss ?? null];
  if (first === null || last === null) return null;
  let highest = 0;
  for (const { step, loss } of inside) {
    // A loss that is no number on the way is a wall.
    if (loss === null) return null;
    highest = Math.max(highest, loss - (first + step * (last - first)));
  }
  return highest;
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Landscape, LandscapeFigures, LandscapeLine } from '../../contract/landscape.ts';
import { seededRandom } from '../data/random.ts';
import { filterNormalized, wayTo } from './directions.ts';
import type { Figures, Place, Slice, Surface } from './surface.ts';

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
  /** Weights of another run, of the same layout: the straight way to them is measured, too. */
  readonly to?: Float32Array | undefined;
}

/** What the engine alone knows of a landscape. */
export type Measured = Pick<Landscape, 'centre' | 'line' | 'plane' | 'sharpness'> & {
  readonly between?: Omit<NonNullable<Landscape['between']>, 'run'>;
};

/** Points of the line. */
const linePoints = 41;
/** The way between two runs is followed beyond both by so much, in steps that meet both. */
const beyond = 0.25;
const wayPoints = 31;
/** Others get their turn so often (ms). */
const turnAfter = 20;

/**
 * Measures the loss around a solution, place by place.
 *
 * @yields after each place, how many of all are done
 * @throws the signal's reason
 */
export async function* measureLandscape(
  surface: Surface,
  options: LandscapeOptions,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly done: number; readonly total: number }, Measured> {
  const { grid, seed, span = 1, radius = 0.5, directions = 10, to } = options;
  const { weights, filters } = surface;
  const random = seededRandom(seed);
  const axes = [filterNormalized(weights, filters, random), filterNormalized(weights, filters, random)];
  const total = 1 + linePoints + grid * grid + 2 * directions + (to === undefined ? 0 : wayPoints);
  let done = 0;
  let turned = performance.now();
  const walk = async function* (
    along: readonly Float32Array[],
    steps: Iterable<readonly number[]>,
  ): AsyncGenerator<{ done: number; total: number }, Place[]> {
    const slice: Slice = surface.slice(along);
    const places: Place[] = [];
    try {
      for (const step of steps) {
        signal?.throwIfAborted();
        places.push(slice.at(...step));
        done += 1;
        if (performance.now() - turned > turnAfter) {
          await nextTurn();
          turned = performance.now();
        }
        yield { done, total };
      }
    } finally {
      slice.dispose();
    }
    return places;
  };

  const [centre] = yield* walk([], [[]]);
  if (centre === undefined) throw new Error('The solution itself was not measured.');
  const lineAt = evenly(-span, span, linePoints);
  const line = lineOf(
    lineAt,
    yield* walk(
      axes.slice(0, 1),
      lineAt.map((x) => [x]),
    ),
  );

  const at = evenly(-span, span, grid);
  const places = yield* walk(
    axes,
    at.flatMap((y) => at.map((x) => [x, y])),
  );
  const rows = (of: (place: Place) => number | undefined): (number | null)[][] =>
    at.map((_, y) => places.slice(y * grid, (y + 1) * grid).map((place) => real(of(place))));

  const rises: Place[][] = [];
  for (let index = 0; index < directions; index++)
    rises.push(yield* walk([filterNormalized(weights, filters, random)], [[radius], [-radius]]));

  const withVal = centre.val !== null;
  const measured: Measured = {
    centre: { train: figures(centre.train), val: centre.val === null ? null : figures(centre.val) },
    line,
    plane: {
      at,
      train: rows(({ train }) => train.loss),
      val: withVal ? rows(({ val }) => val?.loss) : null,
    },
    sharpness: {
      radius,
      directions,
      train: riseOf(centre.train, rises, ({ train }) => train),
      val: centre.val === null ? null : riseOf(centre.val, rises, ({ val }) => val),
    },
  };
  if (to === undefined) return measured;
  const wayAt = evenly(-beyond, 1 + beyond, wayPoints);
  const way = lineOf(
    wayAt,
    yield* walk(
      [wayTo(weights, to)],
      wayAt.map((x) => [x]),
    ),
  );
  return { ...measured, between: { ...way, barrier: barrierOf(way) } };
}

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

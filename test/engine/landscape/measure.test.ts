import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { filterNormalized, wayTo, type Filter } from '../../../src/engine/landscape/directions.ts';
import {
  measureLandscape,
  measureWay,
  type LandscapeOptions,
  type Measured,
  type MeasuredWay,
} from '../../../src/engine/landscape/measure.ts';
import { surfaceOf, type Place, type Surface } from '../../../src/engine/landscape/surface.ts';

const solution = Float32Array.from([3, -4, 1, 2, 2, 0.5]);
/** Two filters of two, and two weights that belong to none. */
const filters: Filter[] = [
  { offset: 0, stride: 1, length: 2 },
  { offset: 2, stride: 1, length: 2 },
];
const everything: Filter[] = [{ offset: 0, stride: 1, length: 6 }];

/** 0.5 sum h (w - w*)^2; on validation photos three times that and a little more. */
function bowl(curvature: readonly number[]) {
  return (weights: Float32Array): Place => {
    let loss = 0;
    weights.forEach((weight, at) => {
      loss += 0.5 * (curvature[at] ?? 0) * (weight - (solution[at] ?? 0)) ** 2;
    });
    return {
      train: { loss, accuracy: Math.max(0, 1 - loss) },
      val: { loss: 3 * loss + 0.1, accuracy: Math.max(0, 0.9 - loss) },
    };
  };
}

async function measured(surface: Surface, options: Partial<LandscapeOptions> = {}): Promise<Measured> {
  return resultOf(measureLandscape(surface, { grid: 5, seed: 1, ...options }));
}

const way = (surface: Surface, to: Float32Array): Promise<MeasuredWay> => resultOf(measureWay(surface, to));

async function resultOf<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
  }
}

describe('directions', () => {
  it('have the length of the weights, filter by filter, and leave the rest alone', () => {
    const direction = filterNormalized(solution, filters, seededRandom(5));
    expect(Math.hypot(...direction.subarray(0, 2))).toBeCloseTo(5, 5);
    expect(Math.hypot(...direction.subarray(2, 4))).toBeCloseTo(Math.sqrt(5), 5);
    expect([...direction.subarray(4)]).toEqual([0, 0]);
  });

  it('are the same for the same seed, and none where the weights are zero', () => {
    const one = filterNormalized(solution, filters, seededRandom(5));
    expect(filterNormalized(solution, filters, seededRandom(5))).toEqual(one);
    expect(filterNormalized(solution, filters, seededRandom(6))).not.toEqual(one);
    expect([...filterNormalized(new Float32Array(6), filters, seededRandom(5))]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('lead from one place to another', () =>
    expect([...wayTo(Float32Array.from([1, 2]), Float32Array.from([4, 0]))]).toEqual([3, -2]));
});

describe('a known quadratic has its known shape', () => {
  const curvature = [1, 2, 3, 4, 5, 6];

  it('along a line and over a plane', async () => {
    const { centre, line, plane } = await measured(surfaceOf(bowl(curvature), solution, everything));
    const random = seededRandom(1);
    const axes = [
      filterNormalized(solution, everything, random),
      filterNormalized(solution, everything, random),
    ];
    const height = (x: number, y: number): number =>
      curvature.reduce(
        (sum, h, at) => sum + 0.5 * h * (x * (axes[0]?.[at] ?? 0) + y * (axes[1]?.[at] ?? 0)) ** 2,
        0,
      );
    expect(centre).toEqual({ train: { loss: 0, accuracy: 1 }, val: { loss: 0.1, accuracy: 0.9 } });
    line.at.forEach((x, index) => {
      expect(line.train[index]).toBeCloseTo(height(x, 0), 3);
      expect(line.val?.[index]).toBeCloseTo(3 * height(x, 0) + 0.1, 3);
    });
    expect(plane.at).toEqual([-1, -0.5, 0, 0.5, 1]);
    plane.at.forEach((y, row) =>
      plane.at.forEach((x, column) =>
        expect(plane.train[row]?.[column], `${x} ${y}`).toBeCloseTo(height(x, y), 3),
      ),
    );
    expect(plane.train[2]?.[2]).toBe(0);
  });

  it('and its known sharpness', async () => {
    // The same curvature h in every direction: at radius r the rise is h r^2 |w|^2 / 2, whatever the direction.
    const surface = surfaceOf(bowl([4, 4, 4, 4, 4, 4]), solution, everything);
    const { sharpness } = await measured(surface, { radius: 0.1, directions: 7 });
    const square = solution.reduce((sum, weight) => sum + weight * weight, 0);
    expect(sharpness.train.rise).toBeCloseTo((4 * 0.01 * square) / 2, 5);
    expect(sharpness.train.error).toBeLessThan(1e-5);
    expect(sharpness.val?.rise).toBeCloseTo((3 * 4 * 0.01 * square) / 2, 5);
    expect(sharpness.train.accuracy).toBeCloseTo(1 - (4 * 0.01 * square) / 2, 5);
  });

  it('a steeper bowl is sharper by as much', async () => {
    const [flat, steep] = await Promise.all(
      [1, 10].map((times) =>
        measured(surfaceOf(bowl(curvature.map((h) => times * h)), solution, everything)),
      ),
    );
    expect((steep?.sharpness.train.rise ?? 0) / (flat?.sharpness.train.rise ?? 1)).toBeCloseTo(10, 4);
  });
});

describe('the way to another run', () => {
  it('between two minima of w^4 - 2 w^2 climbs a barrier of 1', async () => {
    const loss = ([w = 0]: Float32Array): Place => ({
      train: { loss: w ** 4 - 2 * w ** 2, accuracy: Number.NaN },
      val: null,
    });
    const surface = surfaceOf(loss, Float32Array.from([-1]), [{ offset: 0, stride: 1, length: 1 }]);
    const { barrier, at, val } = await way(surface, Float32Array.from([1]));
    expect(barrier).toBeCloseTo(1, 6);
    expect([at[0], at.at(-1)]).toEqual([-0.25, 1.25]);
    expect(val).toBeNull();
    const { centre, plane } = await measured(surface);
    expect(centre).toEqual({ train: { loss: -1, accuracy: null }, val: null });
    expect(plane.val).toBeNull();
  });

  it('within one bowl climbs none', async () => {
    const surface = surfaceOf(bowl([1, 1, 1, 1, 1, 1]), Float32Array.from([1, 1, 1, 1, 1, 1]), everything);
    expect((await way(surface, solution)).barrier).toBe(0);
  });
});

describe('measuring', () => {
  it('says null where the loss is no number', async () => {
    const loss = ([w = 0]: Float32Array): Place => ({
      train: { loss: w > 1.22 ? Number.NaN : w > 1.12 ? Infinity : w, accuracy: 1 },
      val: null,
    });
    const { line } = await measured(
      surfaceOf(loss, Float32Array.from([1]), [{ offset: 0, stride: 1, length: 1 }]),
    );
    expect(line.train.filter((value) => value === null)).toHaveLength(18);
  });

  it('tells how far it is, and ends when it is told to', async () => {
    const stop = new AbortController();
    const work = measureLandscape(
      surfaceOf(bowl([1]), solution, everything),
      { grid: 25, seed: 0 },
      stop.signal,
    );
    const first = await work.next();
    expect(first.value).toEqual({ done: 1, total: 1 + 41 + 625 + 20 });
    stop.abort(new Error('enough'));
    await expect(work.next()).rejects.toThrow('enough');
  });
});

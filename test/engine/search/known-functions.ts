/** Functions with known lowest values, on which optimizers are compared (Dixon & Szegő 1978). */
import type { SearchPoint, SearchSpace } from '../../../src/contract/search.ts';
import { searchSpaceSchema } from '../../../src/contract/search.ts';
import type { Sampled, Sampler } from '../../../src/engine/search/sampler.ts';

export interface KnownFunction {
  readonly name: string;
  readonly space: SearchSpace;
  /** Its lowest value. */
  readonly lowest: number;
  at(point: SearchPoint): number;
}

const number = (point: SearchPoint, name: string): number => Number(point[name]);

export const branin: KnownFunction = {
  name: 'Branin',
  space: searchSpaceSchema.parse({
    parameters: [
      { type: 'float', name: 'x', low: -5, high: 10 },
      { type: 'float', name: 'y', low: 0, high: 15 },
    ],
  }),
  lowest: 0.397887,
  at(point) {
    const [x, y] = [number(point, 'x'), number(point, 'y')];
    const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
    return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
  },
};

const heights = [1, 1.2, 3, 3.2];
const widths = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const places = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];
const names = ['a', 'b', 'c', 'd', 'e', 'f'];

export const hartmann6: KnownFunction = {
  name: 'Hartmann-6',
  space: searchSpaceSchema.parse({
    parameters: names.map((name) => ({ type: 'float', name, low: 0, high: 1 })),
  }),
  lowest: -3.32237,
  at: (point) =>
    -heights.reduce(
      (sum, height, i) =>
        sum +
        height *
          Math.exp(
            -names.reduce(
              (far, name, j) =>
                far + (widths[i]?.[j] ?? 0) * (number(point, name) - (places[i]?.[j] ?? 0)) ** 2,
              0,
            ),
          ),
      0,
    ),
};

/** The lowest value that a sampler has found after so many trials, one after another. */
export function lowestAfter(sampler: Sampler, known: KnownFunction, trials: number): number {
  const finished: Sampled[] = [];
  while (finished.length < trials) {
    const next = sampler.next(finished, []);
    if (next === 'done' || next === 'wait') break;
    finished.push({ ...next, loss: known.at(next.point) });
  }
  return Math.min(...finished.map(({ loss }) => loss ?? Infinity));
}

/** How far a value is from the lowest, as a part of the lowest: |found - lowest| / |lowest|. */
export const miss = ({ lowest }: KnownFunction, found: number): number =>
  Math.abs(found - lowest) / Math.abs(lowest);

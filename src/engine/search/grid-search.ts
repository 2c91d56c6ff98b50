import type { SearchPoint, SearchSpace } from '../../contract/search.ts';
import { seededRandom, shuffled } from '../data/random.ts';
import type { Sampler } from './sampler.ts';
import { counts, keyOf, valueAt } from './space.ts';

/** No parameter is divided more finely than this. */
const finest = 64;

/**
 * All combinations of evenly spaced values: every choice, and as many values of each number as `most` allows (on its
 * own scale, in the middle of equal parts), the first parameters getting one more where not all can.
 */
export function gridPoints(space: SearchSpace, most: number): SearchPoint[] {
  const { parameters } = space;
  const levels = parameters.map((parameter) => (parameter.type === 'choice' ? parameter.choices.length : 1));
  let best = points(space, levels);
  for (let grown = true; grown;) {
    grown = false;
    for (const [index, parameter] of parameters.entries()) {
      const limit = parameter.type === 'int' ? Math.min(finest, parameter.high - parameter.low + 1) : finest;
      if (parameter.type === 'choice' || (levels[index] ?? 1) >= limit) continue;
      const finer = levels.map((count, at) => (at === index ? count + 1 : count));
      // Counted before they are made: a product may be huge.
      if (upper(finer) > most * finest) continue;
      const tried = points(space, finer);
      if (tried.length > most) continue;
      levels[index] = finer[index] ?? 1;
      best = tried;
      grown = true;
    }
  }
  return best;
}

const upper = (levels: readonly number[]): number => levels.reduce((product, count) => product * count, 1);

function points(space: SearchSpace, levels: readonly number[]): SearchPoint[] {
  let found: SearchPoint[] = [{}];
  for (const [index, parameter] of space.parameters.entries()) {
    const count = levels[index] ?? 1;
    found = found.flatMap((point) =>
      counts(parameter, point)
        ? Array.from({ length: count }, (_, k) => ({
            ...point,
            [parameter.name]: valueAt(parameter, (k + 0.5) / count),
          }))
        : [point],
    );
  }
  return [...new Map(found.map((point) => [keyOf(space, point), point])).values()];
}

/**
 * Tries a grid of about `most` points in a seeded order, so that what was done so far is spread over the whole space
 * whenever it is ended.
 */
export function gridSearch(space: SearchSpace, seed: number, most: number): Sampler {
  const order = shuffled(gridPoints(space, most), seededRandom(seed));
  return {
    next: (finished, running) => {
      // A grid may have been another one in an earlier sitting.
      const tried = new Set([...finished, ...running].map(({ point }) => keyOf(space, point)));
      const point = order.find((one) => !tried.has(keyOf(space, one)));
      return point === undefined ? 'done' : { point, share: 1 };
    },
  };
}

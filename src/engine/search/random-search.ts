import type { SearchPoint, SearchSpace } from '../../contract/search.ts';
import { seededRandom } from '../data/random.ts';
import type { Sampler } from './sampler.ts';
import { pointOf, randomUnit } from './space.ts';

/** The point number `index` (from 0) of a random search: the same for the same seed, whatever came before it. */
export function randomPoint(space: SearchSpace, seed: number, index: number): SearchPoint {
  return pointOf(space, randomUnit(space, seededRandom(seed * 1_000_003 + index)));
}

/** Points drawn uniformly and independently (Bergstra & Bengio 2012). It never ends by itself. */
export function randomSearch(space: SearchSpace, seed: number): Sampler {
  return {
    next: (finished, running) => ({
      point: randomPoint(space, seed, finished.length + running.length),
      share: 1,
    }),
  };
}

import type { SearchMethod, SearchSpace } from '../../contract/search.ts';
import { bayesSearch } from './bayes.ts';
import { gridSearch } from './grid-search.ts';
import { hyperband } from './hyperband.ts';
import { randomSearch } from './random-search.ts';
import type { Sampler } from './sampler.ts';
import { sizeOf } from './space.ts';

/** With fewer trials than this nothing can be learned from them in time. */
const fewToLearn = 12;
/** With more the cost of learning from them grows, and most are better ended early. */
const manyTrials = 200;

/**
 * The method for a budget and a space, and why in a sentence.
 *
 * @param trials how many whole trainings there is time for, about
 */
export function chooseMethod(
  space: SearchSpace,
  trials: number,
): { readonly method: Exclude<SearchMethod, 'auto'>; readonly why: string } {
  const size = sizeOf(space);
  const some = `${trials} ${trials === 1 ? 'trial' : 'trials'}`;
  if (size <= trials)
    return { method: 'grid', why: `Grid: the space has ${size} combinations, which ${some} can try all of.` };
  if (trials < fewToLearn)
    return {
      method: 'random',
      why: `Random: ${some} ${trials === 1 ? 'is' : 'are'} too few to learn from while searching.`,
    };
  if (trials > manyTrials)
    return {
      method: 'hyperband',
      why: `Hyperband: with ${some} most settings can be judged after a short training and dropped.`,
    };
  return {
    method: 'bayes',
    why: `Bayesian: ${some} are enough to learn from, and too few to try ${size === Infinity ? 'everything' : `all ${size} combinations`}.`,
  };
}

/** The sampler of a method. @param trials how many whole trainings there is time for: how fine a grid is */
export function samplerOf(
  method: Exclude<SearchMethod, 'auto'>,
  space: SearchSpace,
  seed: number,
  trials: number,
): Sampler {
  switch (method) {
    case 'grid':
      return gridSearch(space, seed, trials);
    case 'random':
      return randomSearch(space, seed);
    case 'hyperband':
      return hyperband(space, seed);
    case 'bayes':
    default:
      return bayesSearch(space, seed);
  }
}

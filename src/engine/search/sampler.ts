import type { SearchPoint } from '../../contract/search.ts';

/** A trial that a sampler may learn from. */
export interface Sampled {
  readonly point: SearchPoint;
  /** What is to be as low as possible; null where the trial failed. */
  readonly loss: number | null;
  /** How much of a whole training it had, above 0 to 1. */
  readonly share: number;
  /** Its place in the plan of the sampler that asked for it; see {@link Proposal}. */
  readonly slot?: string | undefined;
}

/** What is to be tried next. */
export interface Proposal {
  readonly point: SearchPoint;
  /** How much of a whole training it is worth, above 0 to 1. */
  readonly share: number;
  readonly slot?: string;
}

/** `wait`: what runs has to end first; `done`: nothing is left to try. */
export type Next = Proposal | 'wait' | 'done';

/**
 * Says what to try next from nothing but what was tried before: a search that was killed goes on exactly where it was.
 *
 * What trial number n is must depend on the results of the same earlier trials, however many run at once: with the same
 * seed a search finds the same on a machine with more cores. So a sampler never makes do with the results that happen
 * to be there. Those it needs it waits for; where it needs none, as many run at once as there is room for.
 */
export interface Sampler {
  /**
   * @param finished trials in the order of their numbers
   * @param running trials whose loss is not known yet; also counted for the number of the next one
   */
  next(finished: readonly Sampled[], running: readonly Omit<Sampled, 'loss'>[]): Next;
}

import type { SearchSpace } from '../../contract/search.ts';
import { randomPoint } from './random-search.ts';
import type { Sampled, Sampler } from './sampler.ts';

/** One step of a bracket: so many settings are trained with so much. */
export interface Rung {
  readonly settings: number;
  /** In units of which a whole training has R. */
  readonly resource: number;
}

export interface Bracket {
  /** How often its settings are cut down: it begins with a training of R / eta^s. */
  readonly s: number;
  readonly rungs: readonly Rung[];
}

/**
 * The brackets of Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar 2018, table 1): successive halving from
 * many settings with little training to few with much. The number of settings follows the paper's table and the
 * authors' own program, floor((s_max + 1) / (s + 1)) * eta^s; the paper's algorithm 1 rounds up later and so gives 34,
 * 15 and 8 where the table for R = 81 and eta = 3 has 27, 9 and 6.
 *
 * @param R units of a whole training, >= 1
 * @param eta 1 of so many settings goes on, >= 2
 */
export function brackets(R: number, eta: number): Bracket[] {
  let most = 0;
  // Not by logarithms, which miss whole powers by a hair.
  for (let power = eta; power <= R; power *= eta) most += 1;
  return Array.from({ length: most + 1 }, (_, index) => {
    const s = most - index;
    const first = Math.floor((most + 1) / (s + 1)) * eta ** s;
    return {
      s,
      rungs: Array.from({ length: s + 1 }, (_, i) => ({
        settings: Math.floor(first / eta ** i),
        resource: R / eta ** (s - i),
      })),
    };
  });
}

/** How many trials all brackets together take. */
export function trialsOf(plan: readonly Bracket[]): number {
  return plan.reduce((sum, { rungs }) => sum + rungs.reduce((own, { settings }) => own + settings, 0), 0);
}

/**
 * Hyperband over random settings. A setting that goes on to the next rung is trained anew, for longer: a learning-rate
 * schedule is made for the length of its training. After the last bracket it begins again with new settings.
 *
 * @param R units of a whole training: the smallest share of it that is tried is about 1 / R
 */
export function hyperband(space: SearchSpace, seed: number, R = 27, eta = 3): Sampler {
  const plan = brackets(R, eta);
  const fresh = plan.reduce((sum, { rungs }) => sum + (rungs[0]?.settings ?? 0), 0);
  return {
    next(finished, running) {
      const done = new Map(finished.map((trial) => [trial.slot, trial]));
      const begun = new Set(running.map(({ slot }) => slot));
      const slotOf = (round: number, s: number, rung: number, place: number): string =>
        `${round}/${s}/${rung}/${place}`;
      let wait = false;
      for (let round = 0; ; round += 1) {
        let number = round * fresh;
        for (const { s, rungs } of plan) {
          let before: Sampled[] = [];
          for (const [at, { settings, resource }] of rungs.entries()) {
            const leaders = before.toSorted((a, b) => rank(a) - rank(b)).slice(0, settings);
            const complete: Sampled[] = [];
            for (let place = 0; place < settings; place += 1) {
              const slot = slotOf(round, s, at, place);
              const trial = done.get(slot);
              if (trial !== undefined) complete.push(trial);
              else if (begun.has(slot)) wait = true;
              else {
                const point = at === 0 ? randomPoint(space, seed, number + place) : leaders[place]?.point;
                // Other brackets don't depend on this one, but a person who ends it early wants whole ones.
                if (point !== undefined) return { point, share: Math.min(1, resource / R), slot };
              }
            }
            if (complete.length < settings) {
              if (wait) return 'wait';
              return 'done';
            }
            before = complete;
          }
          number += rungs[0]?.settings ?? 0;
        }
      }
    },
  };
}

/** One that failed comes last. */
const rank = ({ loss }: Sampled): number => loss ?? Number.MAX_VALUE;

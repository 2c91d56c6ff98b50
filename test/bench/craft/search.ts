/** How well the search of settings searches: functions with known lowest values, and the plan of Hyperband. */
import { bayesSearch } from '../../../src/engine/search/bayes.ts';
import { brackets } from '../../../src/engine/search/hyperband.ts';
import { randomSearch } from '../../../src/engine/search/random-search.ts';
import { branin, hartmann6, lowestAfter, miss } from '../../engine/search/known-functions.ts';
import type { KnownFunction } from '../../engine/search/known-functions.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';

const trials = 60;
const seeds = Array.from({ length: 10 }, (_, seed) => seed);
const within = 0.01;
const needed = 9;

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
};

async function known(one: KnownFunction, { say, signal }: CraftMaterial): Promise<CraftFigure[]> {
  const found: number[] = [];
  for (const seed of seeds) {
    signal.throwIfAborted();
    found.push(miss(one, lowestAfter(bayesSearch(one.space, seed), one, trials)));
    say(`  ${one.name}, seed ${seed}: ${((found.at(-1) ?? 0) * 100).toFixed(2)}% from the lowest value`);
    await new Promise((resolve) => setImmediate(resolve)); // for the signal to be heard
  }
  const random = seeds.map((seed) => miss(one, lowestAfter(randomSearch(one.space, seed), one, trials)));
  const reached = found.filter((value) => value <= within).length;
  const note = '|found - lowest| / |lowest|';
  const name = `${one.name}: Bayesian search, ${trials} trials`;
  return [
    {
      ...figure(`${name}, seeds within 1% of the lowest value`, reached, 'of 10', { atLeast: needed }),
      note,
      seeds,
    },
    {
      ...figure(
        `${name}, median distance from the lowest value, against random search's`,
        median(found) * 100,
        '%',
        { atMost: median(random) * 100 },
      ),
      note,
      seeds,
    },
  ];
}

/** Table 1 of Li et al. 2018: settings and resource of each rung, for s = 4, 3, 2, 1, 0. */
const table = '81x1 27x3 9x9 3x27 1x81 | 27x3 9x9 3x27 1x81 | 9x9 3x27 1x81 | 6x27 2x81 | 5x81';

function hyperbandPlan(): CraftFigure {
  const plan = brackets(81, 3)
    .map(({ rungs }) => rungs.map(({ settings, resource }) => `${settings}x${resource}`).join(' '))
    .join(' | ');
  const [own, wanted] = [plan.split(/ (?:\| )?/), table.split(/ (?:\| )?/)];
  const wrong =
    wanted.filter((rung, index) => own[index] !== rung).length + Math.abs(own.length - wanted.length);
  const name = 'Hyperband: rungs unlike table 1 of Li et al. 2018 for R = 81, eta = 3';
  return { ...figure(name, wrong, 'of 15', { atMost: 0 }), seeds: [] };
}

export const searchPart: CraftPart = {
  name: 'search',
  needs: [],
  run: async (material) => [
    hyperbandPlan(),
    ...(await known(branin, material)),
    ...(await known(hartmann6, material)),
  ],
};

/**
 * How much sooner a search is done with two heads trained at once, on cached features of real photos. Beside it stands
 * what two threads gain that do nothing but count: where others keep the cores busy that is little, too.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SearchMethod, SearchResult } from '../../../src/contract/search.ts';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import { defaultSpace } from '../../../src/service/search/default-space.ts';
import { search } from '../../../src/service/search/search.ts';
import { Thread } from '../../../src/engine/threads/thread.ts';
import { cores, figure, measure, speed } from '../measure.ts';
import type { CraftFigure, CraftPart } from './part.ts';

const seed = 0;
const trials = 10;
const rounds = 3;
const backbone = 'mobilenet_v2_1.0_224';

/** Counts in a thread. */
const counting = `async () => ({
  ready: true,
  answer: (steps) => {
    let x = 1;
    for (let i = 0; i < steps; i++) x = (x * 1664525 + 1013904223) >>> 0;
    return { value: x };
  },
})`;
/** About a second on one core. */
const steps = 4e8;

/** What does not depend on how fast it was. */
const untimed = ({ trials: all, finalists }: SearchResult) => [
  all.map(({ number, point, score }) => ({ number, point, score })),
  finalists,
];

export const searchSpeedPart: CraftPart = {
  name: 'search-speed',
  needs: ['hymenoptera', 'weights'],
  async run({ hymenoptera = '', scratch, say, signal }) {
    const training = trainOptionsSchema.parse({
      photos: hymenoptera,
      backbone,
      seed,
      // Of a search without end: short trainings, no comparison of weight decays for the usual settings.
      epochs: 3,
      weightDecay: 0.3,
      device: 'cpu',
    });
    let folder = 0;
    const run = async (method: SearchMethod, atOnce: number, most = trials): Promise<SearchResult> => {
      folder += 1;
      const out = join(scratch, `search-speed-${folder}`);
      const space = defaultSpace('single-label', []);
      const work = search({ training, out, method, space, trials: most, resume: false, atOnce }, signal);
      for (;;) {
        const step = await work.next();
        if (step.done === true) return step.value;
      }
    };
    const figures: CraftFigure[] = [];
    const counters = await Promise.all([Thread.start(counting, {}), Thread.start(counting, {})]);
    const [first, second] = counters.map(({ thread }) => thread);
    const count = (atOnce: number) => ({
      name: `counting, ${atOnce} at once`,
      work: async () => {
        if (atOnce === 1) {
          await first?.ask(steps);
          await first?.ask(steps);
        } else await Promise.all([first?.ask(steps), second?.ask(steps)]);
        return 2;
      },
    });
    for (const method of ['bayes', 'random'] as const) {
      const found = new Map<number, SearchResult>();
      const arm = (atOnce: number) => ({
        name: `${method}, ${atOnce} at once`,
        work: async () => {
          found.set(atOnce, await run(method, atOnce));
          return trials;
        },
      });
      // The first, unmeasured turn computes the features.
      const [one, two, slow, quick] = await measure([arm(1), arm(2), count(1), count(2)], rounds, {
        signal,
        say: (text) => say(`  ${text}`),
      });
      const [alone, together] = [found.get(1), found.get(2)];
      if (!one || !two || !slow || !quick || !alone || !together) throw new Error('Nothing was measured.');
      if (together.atOnce !== 2)
        throw new Error('No thread could be started: one head was trained at a time.');
      const same = isDeepStrictEqual(untimed(alone), untimed(together));
      figures.push({
        ...figure(
          `search (${method}, ${trials} trials on hymenoptera): two heads at once against one, by the clock`,
          speed(two, one),
          'x',
          undefined,
          `${cores} cores, on which two threads that only count gain ${speed(quick, slow).toFixed(2)} x; ${(two.cpu / one.cpu).toFixed(2)} x the processor time; what is found is ${same ? 'the same bits' : 'NOT the same'}; ${(two.bestWall / 1000).toFixed(2)} s a trial against ${(one.bestWall / 1000).toFixed(2)} s at best`,
        ),
        seeds: [seed],
      });
    }
    await Promise.all(counters.map(({ thread }) => thread.stop()));
    return figures;
  },
};

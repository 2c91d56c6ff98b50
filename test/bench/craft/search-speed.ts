/** How much sooner a search is done with two heads trained at once, on cached features of real photos. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SearchMethod, SearchResult } from '../../../src/contract/search.ts';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import { defaultSpace } from '../../../src/service/search/default-space.ts';
import { search } from '../../../src/service/search/search.ts';
import { cores, figure, measure, speed } from '../measure.ts';
import type { CraftFigure, CraftPart } from './part.ts';

const seed = 0;
const trials = 12;
const rounds = 3;
const backbone = 'mobilenet_v2_1.0_224';

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
      epochs: 4,
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
      const [one, two] = await measure([arm(1), arm(2)], rounds, {
        signal,
        say: (text) => say(`  ${text}`),
      });
      const [alone, together] = [found.get(1), found.get(2)];
      if (one === undefined || two === undefined || alone === undefined || together === undefined)
        throw new Error('Nothing was measured.');
      const same = isDeepStrictEqual(untimed(alone), untimed(together));
      figures.push({
        ...figure(
          `search (${method}, ${trials} trials on hymenoptera): two heads at once against one, by the clock`,
          speed(two, one),
          'x',
          undefined,
          `${cores} cores; what is found is ${same ? 'the same bits' : 'NOT the same'}; ${(two.bestWall / 1000).toFixed(2)} s a trial against ${(one.bestWall / 1000).toFixed(2)} s at best`,
        ),
        seeds: [seed],
      });
    }
    return figures;
  },
};

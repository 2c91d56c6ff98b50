import type { Landscape } from '../../../src/contract/landscape.ts';
import type { Handlers } from '../../../src/contract/server.ts';
import { landscapeWords } from '../../../src/engine/landscape/words.ts';
import type { Emitter } from '../../../src/service/emitter.ts';
import { addJob, changeJob } from './jobs.ts';
import type { World } from './world.ts';

/** A bowl, the steeper the higher `steepness`; with `to` a ridge on the way there. */
export function fakeLandscape(run: string, steepness: number, to?: string): Landscape {
  const at = Array.from({ length: 25 }, (_, index) => (index - 12) / 12);
  const height = (x: number, y: number): number => 0.05 + steepness * (x * x + 0.3 * x * y + 0.5 * y * y);
  const rise = { rise: steepness, error: steepness / 20, accuracy: 0.95 - 0.1 * steepness };
  const found: Omit<Landscape, 'words'> = {
    version: 1,
    run,
    createdAt: '2025-03-01T12:00:00.000Z',
    sliced: { weights: 3_843, filters: 3, finetuned: true },
    loss: 'cross-entropy',
    photos: { train: 160, val: 32, ofTrain: 160, ofVal: 32 },
    seed: 0,
    centre: { train: { loss: 0.05, accuracy: 1 }, val: { loss: 0.15, accuracy: 0.95 } },
    line: {
      at: [...at],
      train: at.map((x) => height(x, 0)),
      val: at.map((x) => height(x, 0) * 1.4 + 0.08),
    },
    plane: {
      at,
      train: at.map((y) => at.map((x) => height(x, y))),
      // A corner where the loss is no number.
      val: at.map((y) => at.map((x) => (x + y > 1.8 ? null : height(x, y) * 1.4 + 0.08))),
    },
    sharpness: { radius: 1, directions: 10, train: rise, val: rise },
    ...(to === undefined
      ? {}
      : {
          between: {
            run: to,
            at: [-0.25, 0, 0.25, 0.5, 0.75, 1, 1.25],
            train: [0.2, 0.05, 0.3, 0.5, 0.3, 0.05, 0.2],
            val: [0.3, 0.15, 0.4, 0.6, 0.4, 0.15, 0.3],
            barrier: 0.45,
          },
        }),
    notes: [],
    seconds: 1.2,
  };
  return { ...found, words: landscapeWords(found) };
}

/** Measuring takes a moment. What is measured is different from run to run. */
export function landscapeTable(world: World, events: Emitter): Partial<Handlers> {
  const known = new Map<string, Landscape>();
  return {
    'landscape.get': async ({ run }) => known.get(run) ?? null,
    'landscape.start': async ({ project, run, to }) => {
      const title = 'Loss landscape';
      const job = addJob(world, events, { kind: 'landscape', project, run, title });
      known.set(run, fakeLandscape(run, run.startsWith('20250301') ? 0.2 : 0.9, to));
      setTimeout(() => changeJob(world, events, job, { state: 'done' }), 50);
      return { job };
    },
  };
}

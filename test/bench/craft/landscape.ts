/** How long it takes to measure the loss around a model, on cached features. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Landscape } from '../../../src/contract/landscape.ts';
import type { TrainOptionsInput } from '../../../src/contract/train.ts';
import { findFinishedRun } from '../../../src/service/landscape/finished-run.ts';
import { landscapeOf } from '../../../src/service/landscape/landscape.ts';
import { train } from '../../../src/service/train/train.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftPart } from './part.ts';

const seed = 0;
const grid = 25;
/** Heads that people train: the usual one, and some with a hidden layer. */
const heads: readonly { readonly name: string; readonly options: Partial<TrainOptionsInput> }[] = [
  { name: 'linear head', options: {} },
  { name: 'hidden layer of 256', options: { hidden: [256], weightDecay: 0.01 } },
  { name: 'hidden layer of 512', options: { hidden: [512], weightDecay: 0.01 } },
];

async function resultOf<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await work.next();
    if (step.done === true) return step.value;
  }
}

export const landscapePart: CraftPart = {
  name: 'landscape',
  needs: ['flowers', 'weights'],
  async run({ flowers = '', scratch, say, signal }) {
    const figures: CraftFigure[] = [];
    const found: Landscape[] = [];
    for (const [index, { name, options }] of heads.entries()) {
      say(`  training: ${name}`);
      const out = join(scratch, `landscape-${index}`);
      const backbone = 'mobilenet_v2_1.0_224';
      const settings = { photos: flowers, out, backbone, recipe: 'head', seed, ...options } as const;
      const { model } = await resultOf(train(settings, signal));
      say(`  measuring: ${name}`);
      const landscape = await resultOf(landscapeOf(await findFinishedRun(model), { grid }, signal));
      found.push(landscape);
      const { photos, seconds, plane } = landscape;
      const places = plane.train.flat().length;
      const note = `${places} places, ${photos.train} training and ${photos.val} validation photos of flowers`;
      figures.push({
        ...figure(
          `landscape: ${grid} x ${grid} grid on cached features, ${name}`,
          seconds,
          's',
          { atMost: 20 },
          note,
        ),
        seeds: [seed],
      });
      if (name !== heads.at(-1)?.name) continue;
      say(`  measuring on one core: ${name}`);
      const alone = await resultOf(landscapeOf(await findFinishedRun(model), { grid, threads: 1 }, signal));
      const ofAll = `${availableParallelism()} cores; the figures are ${isDeepStrictEqual(alone.plane, plane) ? 'the same bits' : 'NOT the same'}`;
      figures.push({
        ...figure(
          `landscape: all cores against one, ${name}`,
          alone.seconds / seconds,
          'x',
          undefined,
          ofAll,
        ),
        seeds: [seed],
      });
    }
    const [linear] = found;
    const rise = linear?.sharpness.val?.rise ?? null;
    if (linear !== undefined && rise !== null)
      figures.push({
        ...figure('landscape: sharpness of the linear head (rise of validation loss)', rise, 'nats'),
        seeds: [linear.seed],
      });
    return figures;
  },
};

/** Ranking backbones on a person's photos: how long it takes, and whether trained heads agree with it. */
import { join } from 'node:path';
import { comparePhotos } from '../../../src/service/compare/compare-photos.ts';
import { train } from '../../../src/service/train/train.ts';
import { figure } from '../measure.ts';
import type { CraftFigure, CraftMaterial, CraftPart } from './part.ts';

const seed = 0;
/** The ranking of all installed backbones is promised in minutes. */
const minutes = 10;

/** All backbones that are there, ranked on the training photos of hymenoptera; the ranking is checked on the others. */
export const comparePart: CraftPart = {
  name: 'compare',
  needs: ['hymenoptera', 'weights'],
  async run({ hymenoptera = '', scratch, say, signal }: CraftMaterial): Promise<readonly CraftFigure[]> {
    const photos = join(hymenoptera, 'train');
    let message = '';
    const comparison = await comparePhotos(
      photos,
      { device: 'cpu', seed },
      (told) => {
        if (told.message !== message) say(`  compare: ${told.message}`);
        message = told.message;
      },
      signal,
    );
    const seeds = [seed];
    const figures: CraftFigure[] = [
      {
        ...figure(
          `hymenoptera: ${comparison.backbones.length} backbones ranked`,
          comparison.seconds / 60,
          'min',
          { atMost: minutes },
        ),
        seeds,
      },
    ];
    const trained: number[] = [];
    for (const one of comparison.backbones) {
      const out = join(scratch, `compared-${one.id}`);
      const work = train(
        { photos: hymenoptera, out, seed, recipe: 'head', backbone: one.id, device: 'cpu' },
        signal,
      );
      let step = await work.next();
      while (step.done !== true) step = await work.next();
      const val = step.value.metrics.val.accuracy ?? Number.NaN;
      trained.push(val);
      const domain =
        one.domain === null ? '' : `; ${(100 * one.domain.confidence).toFixed(0)}% sure of ImageNet's things`;
      figures.push({
        ...figure(
          `hymenoptera: ${one.id}, right by cross-validation`,
          100 * (one.accuracy ?? Number.NaN),
          '%',
          undefined,
          `a trained head on validation ${(100 * val).toFixed(1)}%; ${one.photosPerSecond.toFixed(1)} photos/s${domain}`,
        ),
        seeds,
      });
    }
    const [first = Number.NaN] = trained;
    const behind = Math.max(...trained) - first;
    figures.push({
      ...figure(
        'hymenoptera: on validation the first of the ranking is behind the best by',
        100 * behind,
        'points',
        { atMost: 2 },
      ),
      seeds,
    });
    return figures;
  },
};

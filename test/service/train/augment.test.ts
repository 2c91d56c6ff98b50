import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { augmentations } from '../../../src/contract/augment.ts';
import { augmentPresets } from '../../../src/contract/choices.ts';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import { savedModelSchema } from '../../../src/contract/saved-model.ts';
import type { TrainOptionsInput, TrainResult } from '../../../src/contract/train.ts';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import { augmentationOf, headViews, presetOf } from '../../../src/service/train/augmenting.ts';
import { nameOf } from '../../../src/service/train/feature-store.ts';
import { finetuneSettings } from '../../../src/service/train/finetune-settings.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { runTraining, writeBackbone, writePhotos } from './training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const backbone = join(scratch, 'models', 'tiny.onnx');
const file = join(scratch, 'mine.json');
let outs = 0;
const options = (more: Partial<TrainOptionsInput> = {}): TrainOptionsInput => ({
  photos,
  backbone,
  out: join(scratch, `out${(outs += 1)}`),
  epochs: 3,
  finetuneEpochs: 3,
  finetuneBatchSize: 16,
  weightDecay: 0.01,
  ...(more.recipe === 'head' ? {} : { freezeUntil: 'block_1' }),
  ...more,
});
const parsed = (more: Partial<TrainOptionsInput> = {}) => trainOptionsSchema.parse({ photos, ...more });

interface Told {
  readonly result: TrainResult;
  readonly events: readonly JobEvent[];
  /** Views through the frozen backbone. */
  readonly views: number;
  readonly recipe: ReturnType<typeof savedModelSchema.parse>['recipe'];
}

async function train(more: Partial<TrainOptionsInput>): Promise<Told> {
  const { events, result, error } = await runTraining(options(more));
  if (result === undefined) throw error;
  const features = events.find((event) => event.type === 'stage' && event.stage === 'features');
  const views = Number(
    /\((\d+) views\)/.exec((features as { message?: string } | undefined)?.message ?? '')?.[1] ?? 0,
  );
  const about: unknown = JSON.parse(readFileSync(join(result.model, 'holotype.json'), 'utf8'));
  return { result, events, views, recipe: savedModelSchema.parse(about).recipe };
}

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 28, blue: 28, green: 28 });
  writeFileSync(file, '{"erase": {"probability": 0.5, "area": [0.1, 0.2]}, "headViews": 2}');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a head', () => {
  const names = (more: Partial<TrainOptionsInput>, count = 500): string[] =>
    headViews(presetOf(parsed(more)), parsed(more), count).map(nameOf);

  test('learns from the views its preset says', () => {
    expect(names({})).toEqual(['plain', 'flip']);
    expect(names({ augment: 'none' })).toEqual(['plain']);
    expect(names({ augment: 'light' })).toEqual(['plain', 'flip']);
    expect(names({ augment: 'any-orientation' })).toEqual(['plain', 'flip', 'turn-1', 'turn-2', 'turn-3']);
    expect(new Set(names({ augment: 'strong' })).size).toBe(6);
    expect(names({ augment: 'keep-colour' })).toHaveLength(4);
    expect(names({ augment: 'strong', seed: 1 })).not.toEqual(names({ augment: 'strong' }));
  });

  test('is mirrored as is said by itself, whatever the preset', () => {
    expect(names({ flips: 'off' })).toEqual(['plain']);
    expect(names({ augment: 'none', flips: 'on' })).toEqual(['plain', 'flip']);
    const { flip, ...rest } = augmentations.standard;
    expect(presetOf(parsed({ flips: 'off' }))).toEqual(rest);
    expect(presetOf(parsed({ augment: 'none', flips: 'on' })).flip).toEqual(flip);
  });

  test('has fewer views the more photos there are, however many are asked for', () => {
    expect(names({ augment: 'strong' }, 5000)).toHaveLength(4);
    expect(names({ augment: 'strong' }, 10_000)).toEqual(['plain', 'flip']);
    expect(names({}, 10_001)).toEqual(['plain']);
    expect(names({ flips: 'on' }, 1_000_000)).toEqual(['plain', 'flip']);
  });
});

describe('the options', () => {
  test.each(augmentPresets)('%s is a preset', async (augment) => {
    expect(await augmentationOf(parsed({ augment }))).toEqual(augmentations[augment]);
  });

  test('take a file', async () => {
    expect(await augmentationOf(parsed({ augment: file }))).toEqual({
      erase: { probability: 0.5, area: [0.1, 0.2] },
      headViews: 2,
    });
  });

  test('refuse, before any photo is read, what is neither, and a file that says what there is not', async () => {
    const { error } = await runTraining(options({ augment: 'stronk' }));
    expect(error).toMatchObject({ code: 'bad-usage', message: expect.stringContaining('"stronk"') });
    const wrong = join(scratch, 'wrong.json');
    writeFileSync(wrong, '{"flip": {"probability": 0.5}, "blurr": {"sigma": [1, 2]}}');
    const { error: other, events } = await runTraining(options({ augment: wrong }));
    expect(other).toMatchObject({ code: 'bad-input', message: expect.stringContaining('"blurr"') });
    expect(events).toEqual([]);
  });

  test('without changes need one view, however many epochs there are', () => {
    expect(finetuneSettings(parsed({ augment: 'none', views: 9 }), 100, 0).views).toBe(1);
    expect(finetuneSettings(parsed({ augment: 'light', views: 9 }), 100, 0).views).toBe(9);
  });
});

describe('a training', () => {
  test.each([
    ['none', 1],
    ['light', 2],
    ['strong', 6],
    ['any-orientation', 5],
    ['keep-colour', 4],
    [file, 3],
  ])('of a head with --augment %s computes %i views of each photo it learns from', async (augment, views) => {
    rmSync(join(scratch, 'cache', 'features'), { recursive: true, force: true });
    const told = await train({ augment, recipe: 'head' });
    const { train: learned, val } = told.result.counts;
    expect(told.views).toBe(learned * views + val);
    expect(told.recipe.augment).toEqual(await augmentationOf(parsed({ augment })));
    expect(told.result.metrics.val.accuracy).toBeGreaterThan(0.5);
  });

  test('with fine-tuning learns from other views by another preset, from the same by the same', async () => {
    const losses = async (augment: string): Promise<(number | null)[]> => {
      const { events } = await train({ augment, recipe: 'finetune', finetuneLearningRate: 1e-5 });
      const tuned = events.slice(
        events.findIndex((event) => event.type === 'stage' && event.stage === 'finetune'),
      );
      return tuned.flatMap((event) => (event.type === 'epoch' ? [event.trainLoss] : []));
    };
    const strong = await losses('strong');
    expect(strong).toHaveLength(3);
    expect(await losses('strong')).toEqual(strong);
    expect(await losses('light')).not.toEqual(strong);
  });

  test('mixes photos where it is told to, and what it exports answers as it was measured', async () => {
    const { result, recipe } = await train({
      recipe: 'finetune',
      mixup: 0.2,
      cutmix: 1,
      finetuneEpochs: 8,
      finetuneLearningRate: 2e-3,
    });
    expect(result.chosen.finetune).toMatchObject({ tried: true, kept: true });
    expect(recipe.finetune).toMatchObject({ mixup: 0.2, cutmix: 1 });
    expect(result.parity.onnx).toBeLessThan(1e-3);
    expect(result.warnings.filter((warning) => warning.includes('mixed'))).toEqual([]);
  });

  test('of few photos, or of a head alone, mixes none and says why', async () => {
    const few = join(scratch, 'few');
    await writePhotos(few, { red: 12, blue: 12 }, 50);
    const small = await train({ photos: few, recipe: 'finetune', mixup: 0.2, finetuneEpochs: 1 });
    expect(small.result.warnings).toContainEqual(
      expect.stringMatching(/^Photos are not mixed .*: \d+ to learn from are too few for it, 64 would do\.$/),
    );
    expect(finetuneSettings(parsed({ mixup: 1, cutmix: 1 }), 63, 0)).toMatchObject({ mixup: 0, cutmix: 0 });
    const head = await train({ recipe: 'head', cutmix: 1 });
    expect(head.result.warnings).toContainEqual(expect.stringContaining('the recipe "head" trains without'));
  });
});

/** What a person may choose of a head and of how it is trained, to the saved model and the report. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { savedModelSchema } from '../../../src/contract/saved-model.ts';
import type { SavedModel } from '../../../src/contract/saved-model.ts';
import type { TrainOptionsInput } from '../../../src/contract/train.ts';
import { runTraining, trained, writeBackbone, writePhotos } from './training-fixtures.ts';

let scratch: string;
let backbone: string;
let made = 0;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'holotype-head-options-'));
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  backbone = writeBackbone(join(scratch, 'models'));
  await writePhotos(join(scratch, 'photos'), { red: 12, green: 12, blue: 12 });
});

afterAll(() => {
  delete process.env['HOLOTYPE_CACHE'];
  rmSync(scratch, { recursive: true, force: true });
});

function options(more: Partial<TrainOptionsInput> = {}): TrainOptionsInput {
  made += 1;
  return {
    photos: join(scratch, 'photos'),
    out: join(scratch, `model ${made}`),
    backbone,
    recipe: 'head',
    epochs: 4,
    ...more,
  };
}

const recipeOf = (folder: string): SavedModel['recipe'] =>
  savedModelSchema.parse(JSON.parse(readFileSync(join(folder, 'holotype.json'), 'utf8'))).recipe;

describe('a head of one’s own making', () => {
  test.each<[string, Partial<TrainOptionsInput>, Partial<SavedModel['recipe']>]>([
    [
      'hidden layers with everything',
      {
        hidden: [6, 4],
        activation: 'swish',
        batchNorm: 'on',
        dropout: 0.2,
        init: 'orthogonal',
        l1: 0.001,
        l2: 0.001,
        optimizer: 'rmsprop',
        schedule: 'one-cycle',
        clip: 1,
        ema: 0.9,
        earlyStop: 'accuracy:3',
        weightDecay: 0.1,
      },
      {
        hidden: [6, 4],
        activation: 'swish',
        batchNorm: true,
        dropout: 0.2,
        init: 'orthogonal',
        l1: 0.001,
        l2: 0.001,
        optimizer: 'rmsprop',
        schedule: 'one-cycle',
        warmup: 0.3,
        clip: 1,
        ema: 0.9,
      },
    ],
    [
      'a linear head with batch norm and dropout',
      { batchNorm: 'on', dropout: 0.3, schedule: 'plateau', optimizer: 'momentum' },
      { batchNorm: true, dropout: 0.3, schedule: 'plateau', optimizer: 'momentum' },
    ],
    [
      'plain SGD in stairs',
      { optimizer: 'sgd', schedule: 'step', warmup: 0.2 },
      { schedule: 'step', warmup: 0.2 },
    ],
  ])('%s is saved as it answers, in plain layers', async (_, more, recipe) => {
    const result = await trained(options(more));
    expect(recipeOf(result.model)).toMatchObject(recipe);
    expect(result.parity.onnx).toBeLessThan(1e-3);
    expect(result.parity.tfjs).toBeLessThan(1e-3);
    const tfjs = readFileSync(join(result.model, 'tfjs', 'model.json'), 'utf8');
    expect(tfjs).not.toMatch(/"Dropout"|"BatchNormalization"/);
    expect(result.head?.layers.map(({ units }) => units)).toEqual(more.hidden ?? []);
  });

  test('what L1 made zero is counted and told', async () => {
    const result = await trained(options({ l1: 0.5, weightDecay: 0, epochs: 20 }));
    const { zeros = 0, weights = 0 } = result.head ?? {};
    expect(zeros).toBeGreaterThan(weights / 10);
    const html = readFileSync(result.report, 'utf8').replaceAll(/\s+/g, ' ');
    expect(html).toContain(`${zeros} of ${weights} weights are exactly zero`);
    const without = await trained(options({ weightDecay: 0, epochs: 20 }));
    expect(without.head?.zeros).toBeLessThan(zeros / 2);
  });

  test('units that are copies of each other are found and explained', async () => {
    const result = await trained(options({ hidden: [5], init: 'zeros', activation: 'tanh' }));
    expect(result.head?.layers).toEqual([{ units: 5, dead: 0, copies: 4 }]);
    expect(result.advice.map(({ code }) => code)).toContain('units-alike');
    expect(readFileSync(result.report, 'utf8')).toContain('4 copies of others');
  });
});

describe('a learning rate that is looked for', () => {
  test('is used, recorded, and shown with its curve', async () => {
    const result = await trained(options({ findLearningRate: 'on' }));
    const { chosen = 0, points = [], found } = result.chosen.rateSearch ?? {};
    expect(found).toBe(true);
    expect(points.length).toBeGreaterThan(50);
    expect(recipeOf(result.model).learningRate).toBe(chosen);
    const html = readFileSync(result.report, 'utf8');
    expect(html).toContain('How the learning rate was found');
    expect(html).toContain(`taken: ${chosen}`);
    const again = await trained(options({ findLearningRate: 'on' }));
    expect(again.chosen.rateSearch).toEqual(result.chosen.rateSearch);
    const usual = await trained(options());
    expect(usual.chosen.rateSearch).toBeUndefined();
    expect(readFileSync(usual.report, 'utf8')).not.toContain('How the learning rate was found');
  });
});

describe('what does not fit together', () => {
  test.each<[string, Partial<TrainOptionsInput>, RegExp]>([
    ['two learning rates', { findLearningRate: 'on', learningRate: 0.1 }, /another is to be found/],
    [
      'two learning rates of fine-tuning',
      { recipe: 'finetune', findFinetuneLearningRate: 'on', finetuneLearningRate: 0.1 },
      /of fine-tuning was given and another is to be found/,
    ],
    ['a rate for fine-tuning without any', { findFinetuneLearningRate: 'on' }, /does no fine-tuning/],
    ['early stopping by nonsense', { earlyStop: 'beauty:3' }, /"beauty:3" does not say when to stop/],
    ['accuracy of numbers', { earlyStop: 'accuracy:3', task: 'regression' }, /no accuracy/],
    ['wide orthogonal layers', { init: 'orthogonal', hidden: [4096] }, /up to 2048 units/],
    ['batch norms of a backbone that stays as it is', { updateBn: 'on' }, /leaves the whole backbone/],
  ])('%s is bad usage, told before anything is read', async (_, more, message) => {
    const { error, events } = await runTraining(options(more));
    expect(error).toMatchObject({ code: 'bad-usage', message: expect.stringMatching(message) });
    expect(events).toEqual([]);
  });
});

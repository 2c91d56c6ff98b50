/** Several labels a photo, and numbers: trained, judged, saved, asked and exported. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { explanationSchema } from '../../../src/contract/runs.ts';
import { savedModelSchema } from '../../../src/contract/saved-model.ts';
import type { SavedModel } from '../../../src/contract/saved-model.ts';
import type { TrainOptionsInput, TrainResult } from '../../../src/contract/train.ts';
import { evaluate } from '../../../src/service/evaluate.ts';
import { explainerOf, explainPhoto } from '../../../src/service/explain/explain-photo.ts';
import { predict } from '../../../src/service/predict.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { readPredictions } from '../../../src/store/predictions.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { runTraining, trained, writeBackbone } from './training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const many = 72;
let backbone = '';

/** Photos of blobs: reddish or bluish, and from dark to bright. */
beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  backbone = writeBackbone(join(scratch, 'models'));
  mkdirSync(photos);
  const labels = ['filename,label'];
  const targets = ['filename,target'];
  for (let n = 0; n < many; n += 1) {
    const red = n % 3 === 0;
    const light = 0.25 + (0.75 * ((n * 7) % many)) / many;
    const tint = (red ? [1, 0.4, 0.4] : [0.4, 0.4, 1]).map((part) => part * light);
    const name = `${n}.jpg`;
    writeFileSync(
      join(photos, name),
      await blobs(500 + n, 40, 32)
        .linear(tint, [0, 0, 0])
        .jpeg()
        .toBuffer(),
    );
    // What is neither red nor bright has no label at all.
    labels.push(
      `${name},${[...(red ? ['red'] : []), ...(light > 0.6 ? [' bright '] : [])].join(';') || ';'}`,
    );
    targets.push(`${name},${(100 * light).toFixed(2)}`);
  }
  writeFileSync(join(scratch, 'labels.csv'), labels.join('\n'));
  writeFileSync(join(scratch, 'targets.csv'), targets.join('\n'));
});

const options = (out: string, more: Partial<TrainOptionsInput>): TrainOptionsInput => ({
  photos,
  out: join(scratch, out),
  backbone,
  recipe: 'head',
  valFraction: 0.3,
  batchSize: 8,
  epochs: 30,
  ...more,
});

const about = (out: string): SavedModel =>
  savedModelSchema.parse(JSON.parse(readFileSync(join(scratch, out, 'holotype.json'), 'utf8')));

describe('several labels a photo', () => {
  const task = { task: 'multi-label', labels: join(scratch, 'labels.csv') } as const;
  let result: TrainResult;
  beforeAll(async () => {
    result = await trained(options('labels', task));
  });

  test('are learned and judged label by label', () => {
    expect(result).toMatchObject({ task: 'multi-label', classes: ['bright', 'red'] });
    expect(result.counts.train + result.counts.val).toBe(many);
    const { val } = result.metrics;
    expect(val.perClass.map(({ class: name }) => name)).toEqual(['bright', 'red']);
    expect(val.multiLabel?.meanAveragePrecision).toBeGreaterThan(0.8);
    expect(val.multiLabel?.hammingLoss).toBeLessThan(0.2);
    expect(val.macroF1).toBeGreaterThan(0.75);
    expect(val.confusion.matrix).toEqual([]);
  });

  test('are answered by a sigmoid each, in both exports alike', async () => {
    const saved = about('labels');
    expect(saved).toMatchObject({ task: 'multi-label', classes: ['bright', 'red'] });
    expect(saved.recipe).toMatchObject({ loss: 'binary-cross-entropy', sampling: 'shuffle' });
    expect(saved.thresholds).toHaveLength(2);
    expect(saved.parity.photos).toBeGreaterThan(10);
    expect(Math.max(saved.parity.onnx, saved.parity.tfjs)).toBeLessThan(1e-3);
    const model = await openSavedModel(result.model);
    const { results } = await predict(model, [photos]);
    expect(results).toHaveLength(many);
    const sums = results.map(({ probabilities }) => Object.values(probabilities).reduce((a, b) => a + b, 0));
    expect(Math.max(...sums)).toBeGreaterThan(1.5);
    for (const { labels, probabilities, label } of results) {
      const given = saved.classes.filter(
        (name, c) => (probabilities[name] ?? 0) >= (saved.thresholds?.[c] ?? 0),
      );
      expect(labels).toEqual(given);
      expect(label).toBe(given.join('; '));
    }
  });

  test('of the validation photos lie with the run', async () => {
    const answers = await readPredictions(result.run);
    expect(answers).toHaveLength(result.metrics.val.count);
    const right = answers.filter(({ truth, predicted }) => truth === predicted);
    expect(right).toHaveLength(result.metrics.val.correct);
    expect(answers.some(({ labels }) => labels?.truth.length === 0)).toBe(true);
  });

  test('are explained each with its own probability', async () => {
    const model = await openSavedModel(result.model);
    const path = join(photos, '0.jpg');
    const [answer] = (await predict(model, [path])).results;
    const explainer = await explainerOf(model);
    try {
      for (const [of, name] of model.about.classes.entries()) {
        const explanation = await explainPhoto(model, explainer, readFileSync(path), of);
        expect(explanation.class).toBe(name);
        expect(explanation.probability).toBeCloseTo(answer?.probabilities[name] ?? Number.NaN, 3);
      }
    } finally {
      await explainer.release();
    }
  });

  test('are judged on other photos', async () => {
    const judged = await evaluate(await openSavedModel(result.model), photos, { labels: task.labels });
    expect(judged).toMatchObject({ task: 'multi-label', split: 'all' });
    expect(judged.metrics.count).toBe(many);
    expect(judged.metrics.multiLabel?.hammingLoss).toBeLessThan(0.2);
  });

  test('take weights, a focal loss, smoothing and balanced sampling', async () => {
    const other = await trained(
      options('focal', {
        ...task,
        loss: 'focal:1.5',
        classWeights: 'balanced',
        labelSmoothing: 0.1,
        sampling: 'balanced',
      }),
    );
    expect(other.metrics.val.multiLabel?.meanAveragePrecision).toBeGreaterThan(0.7);
    const { recipe } = about('focal');
    expect(recipe).toMatchObject({ loss: 'focal:1.5', labelSmoothing: 0.1, sampling: 'balanced' });
    // Fewer than half of the photos are red: having it counts more than not having it.
    expect(recipe.classWeights?.find(({ class: name }) => name === 'red')?.weight).toBeGreaterThan(1.2);
  });

  test('can be fine-tuned', async () => {
    const tuned = await trained(
      options('tuned', { ...task, recipe: 'finetune', finetuneEpochs: 2, views: 1 }),
    );
    expect(tuned.chosen.finetune?.tried).toBe(true);
  });
});

describe('a number', () => {
  const task = { task: 'regression', labels: join(scratch, 'targets.csv') } as const;
  let result: TrainResult;
  beforeAll(async () => {
    result = await trained(options('number', task));
  });

  test('is learned and judged in its own units', () => {
    expect(result).toMatchObject({ task: 'regression', classes: [] });
    const { regression, accuracy } = result.metrics.val;
    expect(accuracy).toBeNull();
    expect(regression?.r2).toBeGreaterThan(0.5);
    expect(regression?.mae).toBeLessThan(0.6 * (regression?.maeOfMean ?? 0));
    const [low, high] = regression?.maeInterval ?? [0, 0];
    expect(low).toBeLessThan(regression?.mae ?? 0);
    expect(high).toBeGreaterThan(regression?.mae ?? 0);
  });

  test('is answered plainly, in both exports alike', async () => {
    const saved = about('number');
    expect(saved).toMatchObject({ task: 'regression', classes: [], recipe: { loss: 'mse' } });
    expect(saved.target?.low).toBeGreaterThanOrEqual(25);
    expect(saved.target?.low).toBeLessThan(35);
    expect(saved.parity.photos).toBeGreaterThan(10);
    expect(Math.max(saved.parity.onnx, saved.parity.tfjs)).toBeLessThan(saved.parity.tolerance);
    const model = await openSavedModel(result.model);
    const { results } = await predict(model, [photos]);
    const known = new Map(
      readFileSync(task.labels, 'utf8')
        .split('\n')
        .map((line) => line.split(',') as [string, string]),
    );
    const errors = results.map(({ path, value }) =>
      Math.abs((value ?? Number.NaN) - Number(known.get(path.split(/[\\/]/).at(-1) ?? ''))),
    );
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(10);
    expect(results[0]).toMatchObject({ confidence: null, probabilities: {} });
  });

  test('is explained by where it looked, without a class', async () => {
    const model = await openSavedModel(result.model);
    const explainer = await explainerOf(model);
    try {
      const explanation = await explainPhoto(model, explainer, readFileSync(join(photos, '1.jpg')));
      expect(explanationSchema.parse(explanation)).toMatchObject({ class: '' });
      expect(explanation.values).toHaveLength(explanation.rows * explanation.columns);
    } finally {
      await explainer.release();
    }
  });

  test('lies with the run and is judged on other photos', async () => {
    const answers = await readPredictions(result.run);
    expect(answers).toHaveLength(result.metrics.val.count);
    const mae = answers.reduce(
      (sum, { value }) => sum + Math.abs((value?.predicted ?? 0) - (value?.truth ?? 0)) / answers.length,
      0,
    );
    expect(mae).toBeCloseTo(result.metrics.val.regression?.mae ?? 0, 3);
    const judged = await evaluate(await openSavedModel(result.model), photos, { labels: task.labels });
    expect(judged.metrics.regression?.r2).toBeGreaterThan(0.5);
  });

  test.each(['mae', 'huber:20'])('can be learned by %s', async (loss) => {
    const other = await trained(options(loss.replace(':', ''), { ...task, loss, sampling: 'balanced' }));
    expect(other.metrics.val.regression?.r2).toBeGreaterThan(0.4);
  });

  test('can be fine-tuned', async () => {
    const tuned = await trained(
      options('tuned number', { ...task, recipe: 'finetune', finetuneEpochs: 2, views: 1 }),
    );
    expect(tuned.chosen.finetune?.tried).toBe(true);
    expect(tuned.chosen.finetune?.head?.accuracy ?? null).toBeNull();
  });
});

describe('what does not fit', () => {
  test.each([
    [{ loss: 'mse' }, /mse.*one class/, 'cross-entropy, focal[:gamma]'],
    [{ task: 'regression', loss: 'focal' }, /focal.*number/, 'mse, mae, huber[:delta]'],
    [
      { task: 'multi-label', loss: 'cross-entropy' },
      /cross-entropy.*labels/,
      'binary-cross-entropy, focal[:gamma]',
    ],
    [{ loss: 'hinge' }, /no loss "hinge"/, 'cross-entropy'],
    [{ loss: 'focal:-1' }, /wrong number/, 'focal[:gamma]'],
    [{ task: 'regression', classWeights: 'balanced' }, /--class-weights/, '--sampling balanced'],
    [{ task: 'regression', labelSmoothing: 0.1 }, /--label-smoothing/, 'Leave it out'],
  ] as const)('is bad usage: %o', async (more, message, remedy) => {
    const { error } = await runTraining(options('none', more));
    expect(error).toMatchObject({ code: 'bad-usage', message: expect.stringMatching(message) as string });
    expect((error as { remedy?: string }).remedy).toContain(remedy);
  });

  test('numbers without a table, and numbers that are all the same', async () => {
    const none = await runTraining(options('none', { task: 'regression' }));
    expect(none.error).toMatchObject({ code: 'bad-input' });
    const same = join(scratch, 'same.csv');
    writeFileSync(
      same,
      ['filename,target', ...Array.from({ length: 20 }, (_, n) => `${n}.jpg,3`)].join('\n'),
    );
    const { error } = await runTraining(options('none', { task: 'regression', labels: same }));
    expect(error).toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('same number') as string,
    });
  });
});

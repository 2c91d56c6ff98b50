import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainOptionsInput } from '../../../src/contract/train.ts';
import { WorkClock } from '../../../src/service/train/surroundings.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { readPredictions } from '../../../src/store/predictions.ts';
import { createRun } from '../../../src/store/runs.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { runTraining, writeBackbone, writePhotos } from './training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const backbone = join(scratch, 'models', 'tiny.onnx');
let outs = 0;
const options = (more: Partial<TrainOptionsInput> = {}): TrainOptionsInput => ({
  photos,
  backbone,
  out: join(scratch, `out${(outs += 1)}`),
  recipe: 'head',
  ...more,
});

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14, green: 12 });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a training that is stopped', () => {
  test('in the head keeps the best weights of the epochs it finished, and says so', async () => {
    const stop = new AbortController();
    const { result, events, error } = await runTraining(
      options({ epochs: 5000, weightDecay: 0.01 }),
      (event) => {
        if (event.type === 'epoch' && event.epoch === 3) stop.abort();
      },
      undefined,
      { stop: stop.signal },
    );
    expect(error).toBeUndefined();
    const epochs = events.flatMap((event) => (event.type === 'epoch' ? [event.epoch] : []));
    expect(epochs).toEqual([1, 2, 3]);
    expect(result?.stoppedEarly).toBe(true);
    expect(result?.warnings.some((text) => text.startsWith('Training was stopped early'))).toBe(true);
    expect(result?.advice.map(({ code }) => code)).toContain('stopped-early');
    const { about } = await openSavedModel(result?.model ?? '');
    expect(about.recipe.bestEpoch).toBeLessThanOrEqual(3);
    expect(about.metrics.val.count).toBe(result?.counts.val);
  });

  test('before the head has had an epoch finishes that one', async () => {
    const stop = new AbortController();
    stop.abort();
    const { result, events } = await runTraining(
      options({ epochs: 5000, weightDecay: 0.01, recipe: 'finetune' }),
      undefined,
      undefined,
      { stop: stop.signal },
    );
    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(1);
    expect(result?.recipe).toBe('head');
    expect(result?.chosen.finetune).toMatchObject({ tried: false, kept: false });
    expect(result?.chosen.finetune?.why).toMatch(/stopped/);
  });

  test('in fine-tuning judges the epoch as far as it got', async () => {
    const stop = new AbortController();
    const { result, events, error } = await runTraining(
      options({
        epochs: 2,
        weightDecay: 0.01,
        recipe: 'finetune',
        finetuneEpochs: 500,
        finetuneBatchSize: 4,
      }),
      (event) => {
        if (event.type === 'batch' && event.stage === 'finetune' && event.done > 2) stop.abort();
      },
      undefined,
      { stop: stop.signal },
    );
    expect(error).toBeUndefined();
    const all = events.flatMap((event) => (event.type === 'epoch' ? [event] : []));
    const tuned = all.filter(({ epochs }) => epochs === 500);
    expect(tuned.length).toBeGreaterThanOrEqual(1);
    expect(tuned.length).toBeLessThan(5);
    expect(tuned.every(({ valLoss }) => valLoss !== null)).toBe(true);
    expect(result?.stoppedEarly).toBe(true);
    expect(result?.chosen.finetune?.tried).toBe(true);
  });

  test('that is not stopped says nothing of it', async () => {
    const { result } = await runTraining(options({ epochs: 2 }), undefined, undefined, {
      stop: new AbortController().signal,
    });
    expect(result?.stoppedEarly).toBeUndefined();
    expect(result?.advice.map(({ code }) => code)).not.toContain('stopped-early');
  });
});

describe('answers for the photos that were not learned from', () => {
  test('are kept in the run, and agree with the figures', async () => {
    const { result } = await runTraining(options({ epochs: 8, testFraction: 0.2, seed: 3 }));
    if (result === undefined) throw new Error('The training failed.');
    const answers = await readPredictions(result.run);
    const { val, test: own } = result.metrics;
    for (const [split, metrics] of [
      ['val', val],
      ['test', own],
    ] as const) {
      const some = answers.filter((answer) => answer.split === split);
      expect(some).toHaveLength(metrics?.count ?? -1);
      expect(some.filter(({ truth, predicted }) => truth === predicted)).toHaveLength(metrics?.correct ?? -1);
    }
    for (const { probabilities, predicted, confidence, photo, path, truth } of answers) {
      expect(probabilities.reduce((sum, share) => sum + share)).toBeCloseTo(1, 5);
      expect(probabilities[result.classes.indexOf(predicted)]).toBeCloseTo(confidence, 6);
      expect(Math.max(...probabilities)).toBeCloseTo(confidence, 6);
      expect(photo).toMatch(/^[0-9a-f]{64}$/);
      expect(path.startsWith(`${truth}/`)).toBe(true);
    }
  });
});

describe('a training of a project', () => {
  test('writes into the run that is there and into the model’s folder, and looks at listed photos only', async () => {
    const folder = join(scratch, 'project');
    // The photos lie in the project itself, among its other files.
    await writePhotos(folder, { red: 10, blue: 10 }, 7);
    writeFileSync(join(folder, 'red', 'broken.jpg'), 'no photo');
    mkdirSync(join(folder, 'models'));
    const run = await createRun(folder, { kind: 'train' });
    await run.close();
    const labels = join(run.folder, 'labels.csv');
    const rows = ['red', 'blue'].flatMap((name) =>
      Array.from(
        { length: 8 },
        (_, n) => `"${name}/${name} ${n}.jpg",${name === 'red' ? '"rust, old"' : 'sky'}`,
      ),
    );
    writeFileSync(labels, `filename,label\n${rows.join('\n')}\n`);
    const out = join(folder, 'models', run.id);
    const { result, error, events } = await runTraining(
      { photos: folder, labels, backbone, recipe: 'head', epochs: 4 },
      undefined,
      undefined,
      { place: { folder, run: run.id, out, name: 'Leaves' } },
    );
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ model: out, run: run.folder, classes: ['rust, old', 'sky'], skipped: [] });
    expect((result?.counts.train ?? 0) + (result?.counts.val ?? 0)).toBe(16);
    expect(new Set(events.map(({ jobId }) => jobId))).toEqual(new Set([run.id]));
    const { about } = await openSavedModel(out);
    expect(about.name).toBe('Leaves');
    expect(existsSync(join(run.folder, 'lock'))).toBe(false);
    expect(existsSync(join(folder, 'runs', 'lock'))).toBe(false);
    expect(JSON.parse(readFileSync(join(run.folder, 'report.json'), 'utf8'))).toEqual(result);
  });
});

test('time that the consumer takes is no time of the training', async () => {
  const clock = new WorkClock();
  const started = clock.now();
  async function* work(): AsyncGenerator<number, string> {
    yield 1;
    yield 2;
    return 'done';
  }
  const watched = clock.watch(work());
  let step = await watched.next();
  while (step.done !== true) {
    await sleep(60);
    step = await watched.next();
  }
  expect(step.value).toBe('done');
  expect(clock.now() - started).toBeLessThan(60);
});

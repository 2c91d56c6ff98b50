import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { savedModelSchema } from '../../../src/contract/saved-model.ts';
import type { TrainOptionsInput } from '../../../src/contract/train.ts';
import { predict } from '../../../src/service/predict.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { hurry } from './hurry.ts';
import { runTraining, trained, writeBackbone, writePhotos } from './training-fixtures.ts';
import { nothingToGain } from '../../../src/service/train/finetune-part.ts';
import { PhotoRunner } from '../../../src/service/train/photo-runner.ts';
import { fileSystem } from '../../../src/store/file-system.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const backbone = join(scratch, 'models', 'tiny.onnx');
let outs = 0;
const options = (more: Partial<TrainOptionsInput> = {}): TrainOptionsInput => ({
  photos,
  backbone,
  out: join(scratch, `out${(outs += 1)}`),
  recipe: 'finetune',
  freezeUntil: 'block_1',
  epochs: 3,
  finetuneEpochs: 3,
  finetuneBatchSize: 8,
  finetuneLearningRate: 2e-3,
  seed: 5,
  ...more,
});
const bytesOf = (folder: string): Buffer => readFileSync(join(folder, 'model.onnx'));

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 14, blue: 14, green: 12 });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the recipe finetune', () => {
  test('trains head and tail, and saves one model that answers as was measured', async () => {
    const { events, result, error } = await runTraining(options({ finetuneEpochs: 12 }));
    if (result === undefined) throw error;
    expect(result.chosen.finetune).toMatchObject({
      tried: true,
      kept: true,
      frozenUntil: 'block_1',
    });
    expect(result.recipe).toBe('finetune');
    expect(result.seconds.finetune).toBeGreaterThan(0);
    expect(result.parity.onnx).toBeLessThan(1e-3);
    const { head, finetuned } = result.chosen.finetune ?? {};
    expect(finetuned?.logLoss).toBeLessThan(head?.logLoss ?? 0);
    expect(result.metrics.val.accuracy).toBe(finetuned?.accuracy);
    expect(result.metrics.val.logLossCalibrated).toBeCloseTo(finetuned?.logLoss ?? 0, 6);

    const stages = events.flatMap((event) => (event.type === 'stage' ? [event.stage] : []));
    expect([...new Set(stages)]).toEqual([
      'scan',
      'backbone',
      'features',
      'choose',
      'head',
      'finetune',
      'export',
      'report',
    ]);
    const progress = events.flatMap((event) =>
      event.type === 'batch' && event.stage === 'finetune' ? [event] : [],
    );
    expect(progress.at(-1)?.done).toBe(progress.at(-1)?.total);

    const about = savedModelSchema.parse(
      JSON.parse(readFileSync(join(result.model, 'holotype.json'), 'utf8')),
    );
    expect(about.recipe).toMatchObject({
      name: 'finetune',
      finetune: { frozenUntil: 'block_1', blocks: ['block_2', 'top'], learningRate: 2e-3, epochs: 12 },
    });
    const html = readFileSync(result.report, 'utf8');
    expect(html).toContain('Fine-tuning');
    expect(html).toContain('block_1; trained: block_2, top');
    const answers = await predict(await openSavedModel(result.model), [photos]);
    expect(answers.results.length).toBe(40);
  });

  test('that is killed and gone on with saves the same bytes', async () => {
    const long = { finetuneEpochs: 25, views: 1, labelSmoothing: 0.2 };
    const whole = await trained(options(long));
    const stopped = options(long);
    const stop = new AbortController();
    hurry();
    let checkpoints = 0;
    let inTail = false;
    const outcome = await runTraining(
      stopped,
      (event) => {
        if (event.type === 'stage') inTail = event.stage === 'finetune';
        if (event.type === 'checkpoint' && inTail) checkpoints += 1;
        if (checkpoints === 1) stop.abort();
      },
      stop.signal,
    );
    vi.restoreAllMocks();
    expect(outcome.error).toMatchObject({ code: 'cancelled' });
    const rest = await runTraining({ ...stopped, resume: true });
    if (rest.result === undefined) throw rest.error;
    const told = rest.events.flatMap((event) => (event.type === 'stage' ? [event.message] : []));
    expect(told.some((message) => /^Going on in epoch \d+ of 25$/.test(message))).toBe(true);
    expect(rest.result.metrics).toEqual(whole.metrics);
    expect(rest.result.chosen).toEqual(whole.chosen);
    expect(bytesOf(rest.result.model).equals(bytesOf(whole.model))).toBe(true);
  });

  test('goes on to the same bytes when the stored activations were deleted in between', async () => {
    const long = { finetuneEpochs: 12, views: 3, seed: 11 };
    const whole = await trained(options(long));
    const stopped = options(long);
    const stop = new AbortController();
    const { error } = await runTraining(
      stopped,
      (event) => {
        if (event.type === 'epoch' && event.epoch === 7 && event.epochs === 12) stop.abort();
      },
      stop.signal,
    );
    expect(error).toMatchObject({ code: 'cancelled' });
    rmSync(join(scratch, 'cache', 'features'), { recursive: true });
    const rest = await runTraining({ ...stopped, resume: true });
    if (rest.result === undefined) throw rest.error;
    expect(rest.result.metrics).toEqual(whole.metrics);
    expect(bytesOf(rest.result.model).equals(bytesOf(whole.model))).toBe(true);
  });

  test('at another rate computes nothing of the frozen part again, and says so', async () => {
    const like = { seed: 12, freezeUntil: 'block_0' };
    const runs = vi.spyOn(PhotoRunner.prototype, 'run');
    const first = await runTraining(options(like));
    const before = runs.mock.calls.length;
    const second = await runTraining(options({ ...like, finetuneLearningRate: 1e-3 }));
    const sizes = runs.mock.calls.map(([photos]) => photos.length);
    runs.mockRestore();
    const sum = (some: readonly number[]): number => some.reduce((all, one) => all + one, 0);
    expect(sum(sizes.slice(0, before))).toBeGreaterThanOrEqual(104);
    // What is left is the tuned network, judged on the validation photos, and a few photos to compare the disk with.
    expect(sum(sizes.slice(before))).toBeLessThan(52);
    if (second.result === undefined) throw second.error;
    const told = (events: typeof first.events): string[] =>
      events.flatMap((event) => (event.type === 'stage' ? [event.message] : []));
    expect(told(first.events).join()).not.toMatch(/known from before/);
    expect(told(second.events)).toContain(
      'What the frozen blocks make of 104 of 104 views of photos is known from before',
    );
  });

  test('at a rate that is looked for says how it was found, and trains as with that rate given', async () => {
    const find = { findFinetuneLearningRate: 'on', finetuneLearningRate: undefined } as const;
    const like = { seed: 14, finetuneEpochs: 6 };
    const { events, result, error } = await runTraining(options({ ...like, ...find }));
    if (result === undefined) throw error;
    const { rateSearch, ...choice } = result.chosen.finetune ?? {};
    expect(rateSearch?.found).toBe(true);
    expect(rateSearch?.points.length).toBeGreaterThan(20);
    const rate = rateSearch?.chosen ?? 0;
    const { recipe } = savedModelSchema.parse(
      JSON.parse(readFileSync(join(result.model, 'holotype.json'), 'utf8')),
    );
    expect(recipe.finetune).toMatchObject({ learningRate: rate, headLearningRate: 2 * rate });
    const peaks = events.flatMap((event) =>
      event.type === 'epoch' && event.epochs === 6 ? [event.learningRate] : [],
    );
    expect(Math.max(...peaks)).toBeLessThanOrEqual(rate);
    const html = readFileSync(result.report, 'utf8');
    expect(html).toContain('How the learning rate of fine-tuning was found');
    expect(html).toContain(`taken: ${rate}`);
    // The search left no trace in the weights: with its rate given the same bits come out.
    const given = await trained(options({ ...like, finetuneLearningRate: rate }));
    expect(given.chosen.finetune).toEqual(choice);
    expect(given.metrics).toEqual(result.metrics);
    expect(readFileSync(given.report, 'utf8')).not.toContain('rate of fine-tuning was found');

    // Gone on with, it is not looked for again, and ends in the same bits.
    const stopped = options({ ...like, ...find });
    const stop = new AbortController();
    const half = await runTraining(
      stopped,
      (event) => {
        if (event.type === 'epoch' && event.epoch === 4 && event.epochs === 6) stop.abort();
      },
      stop.signal,
    );
    expect(half.error).toMatchObject({ code: 'cancelled' });
    const rest = await runTraining({ ...stopped, resume: true });
    if (rest.result === undefined) throw rest.error;
    expect(rest.result.chosen).toEqual(result.chosen);
    expect(bytesOf(rest.result.model).equals(bytesOf(result.model))).toBe(true);
    const told = (some: typeof events): string =>
      some.flatMap((event) => (event.type === 'stage' ? [event.message] : [])).join();
    expect(told(events)).toContain('Trying learning rates for fine-tuning');
    // Unless it was killed before anything of it was saved.
    const goesOn = /Going on in epoch \d of 6/.test(told(rest.events));
    expect(told(rest.events).includes('Trying learning rates for fine-tuning')).toBe(!goesOn);
  });

  test('that is ended while its rate is looked for keeps the head', async () => {
    const stop = new AbortController();
    const { result, error } = await runTraining(
      options({ findFinetuneLearningRate: 'on', finetuneLearningRate: undefined }),
      (event) => {
        if (event.type === 'stage' && event.message.startsWith('Trying learning rates for')) stop.abort();
      },
      undefined,
      { stop: stop.signal },
    );
    if (result === undefined) throw error;
    const why = 'Left out: training was stopped before it.';
    expect(result.chosen.finetune).toEqual({ tried: false, kept: false, why });
    expect(result).toMatchObject({ recipe: 'head', stoppedEarly: true });
  });

  test('with a disk that is full warns once, and saves the same bytes', async () => {
    const like = { seed: 13, finetuneEpochs: 4 };
    const whole = await trained(options(like));
    rmSync(join(scratch, 'cache', 'features'), { recursive: true });
    const write = fileSystem.writeSync;
    const features = join(scratch, 'cache', 'features');
    const files = new Set<number>();
    const open = fileSystem.openSync;
    vi.spyOn(fileSystem, 'openSync').mockImplementation((path, flags, mode) => {
      const file = open(path, flags, mode);
      if (String(path).startsWith(features)) files.add(file);
      else files.delete(file);
      return file;
    });
    vi.spyOn(fileSystem, 'writeSync').mockImplementation((...args: Parameters<typeof write>) => {
      if (files.has(args[0])) throw Object.assign(new Error('injected'), { code: 'ENOSPC' });
      return write(...args);
    });
    const { events, result, error } = await runTraining(options(like));
    vi.restoreAllMocks();
    if (result === undefined) throw error;
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    const aboutActivations = warnings.filter((message) =>
      message.startsWith('Activations could not be kept'),
    );
    expect(aboutActivations).toHaveLength(1);
    expect(result.warnings).toEqual(expect.arrayContaining(aboutActivations));
    expect(bytesOf(result.model).equals(bytesOf(whole.model))).toBe(true);
  });

  test('at an absurd rate says that it diverged and still gives a model as good as the head', async () => {
    const { events, result, error } = await runTraining(
      options({ finetuneLearningRate: 9, clip: 1e9, finetuneEpochs: 2 }),
    );
    if (result === undefined) throw error;
    const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings.some((message) => /diverged .* back to the last good weights/.test(message))).toBe(true);
    expect(result.warnings).toEqual(expect.arrayContaining(warnings));
    expect(result.chosen.finetune).toMatchObject({ kept: false, bestEpoch: 0 });
    expect(result.metrics.val.accuracy).toBe(result.chosen.finetune?.head?.accuracy);
  });

  test('refuses a block that is not there before anything is trained on it', async () => {
    const { error } = await runTraining(options({ freezeUntil: 'block_9' }));
    expect(error).toMatchObject({ code: 'bad-usage' });
    expect(String(error)).toMatch(/no block "block_9"/);
  });
});

describe('the recipe auto', () => {
  test.each([
    [3, 153, true], // 98%: better could not be told from luck
    [60, 736, false],
    [4, 36, false], // few mistakes, but not a good head
    [0, 8, true],
  ])('with %i mistakes on %i photos leaves fine-tuning out: %s', (mistakes, photos, out) => {
    expect(nothingToGain(mistakes, photos)).toBe(out);
  });

  test('keeps the head, and says so, where fine-tuning did worse', async () => {
    const head = await trained(options({ recipe: 'head', freezeUntil: undefined }));
    const { result, error } = await runTraining(
      options({ recipe: 'auto', finetuneLearningRate: 5, clip: 1e9, finetuneEpochs: 1, ema: 0 }),
    );
    if (result === undefined) throw error;
    expect(result.chosen.finetune).toMatchObject({ tried: true, kept: false });
    expect(result.chosen.finetune?.why).toMatch(/head alone/);
    expect(result.recipe).toBe('head');
    expect(result.metrics).toEqual(head.metrics);
    expect(bytesOf(result.model).equals(bytesOf(head.model))).toBe(true);
  });

  test('keeps fine-tuning where validation prefers it', async () => {
    const result = await trained(options({ recipe: 'auto', finetuneEpochs: 12 }));
    const { head, finetuned, kept } = result.chosen.finetune ?? {};
    expect(kept).toBe(true);
    expect(finetuned?.logLoss).toBeLessThan(head?.logLoss ?? 0);
    expect(finetuned?.accuracy).toBeGreaterThanOrEqual(head?.accuracy ?? 1);
  });
});

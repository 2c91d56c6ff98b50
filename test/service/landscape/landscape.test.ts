import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { landscapeSchema, type Landscape } from '../../../src/contract/landscape.ts';
import type { TrainOptionsInput, TrainResult } from '../../../src/contract/train.ts';
import { findFinishedRun } from '../../../src/service/landscape/finished-run.ts';
import { landscapeOf, type LandscapeWish } from '../../../src/service/landscape/landscape.ts';
import { readLandscape } from '../../../src/store/landscape.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { trained, writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let backbone: string;
const results = new Map<string, TrainResult>();

const train = async (name: string, options: Partial<TrainOptionsInput> = {}): Promise<TrainResult> => {
  const result = await trained({
    photos,
    out: join(scratch, name),
    backbone,
    recipe: 'head',
    epochs: 6,
    device: 'cpu',
    ...options,
  });
  results.set(name, result);
  return result;
};

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  backbone = writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 15, green: 15, blue: 15 });
  await train('head');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function landscape(path: string, wish: Partial<LandscapeWish> = {}): Promise<Landscape> {
  const work = landscapeOf(await findFinishedRun(path), { grid: 5, ...wish });
  for (;;) {
    const step = await work.next();
    if (step.done === true) return landscapeSchema.parse(step.value);
  }
}

/** The solution itself has to have the figures that training reported. */
function expectCentre({ centre }: Landscape, { metrics: { val } }: TrainResult): void {
  expect(centre.val?.accuracy).toBeCloseTo(val.accuracy ?? -1, 10);
  expect(centre.val?.loss).toBeCloseTo(val.logLoss ?? -1, 3);
}

describe('the loss around a run’s model', () => {
  test('has the run’s own figures in its middle, and is kept beside the run', async () => {
    const result = await train('again');
    const found = await landscape(result.model);
    expectCentre(found, result);
    expect(found.plane.train[2]?.[2]).toBeCloseTo(found.centre.train.loss ?? -1, 6);
    expect(found).toMatchObject({
      loss: 'cross-entropy',
      photos: { train: result.counts.train, val: result.counts.val },
      sliced: { filters: 3, finetuned: false },
      notes: [],
    });
    expect(found.sharpness.train.rise).toBeGreaterThan(0);
    expect(await readLandscape(result.run)).toEqual(found);
    // The run's own folder names it as well, and the same seed gives the same numbers.
    const { plane, sharpness } = await landscape(result.run);
    expect({ plane, sharpness }).toEqual({ plane: found.plane, sharpness: found.sharpness });
    const other = await landscape(result.run, { seed: 99 });
    expect(other.plane).not.toEqual(found.plane);
    expect(other.centre).toEqual(found.centre);
  });

  test('works with hidden layers and another activation', async () => {
    const result = await train('mlp', { hidden: [8], activation: 'tanh', weightDecay: 0.01 });
    const found = await landscape(result.model);
    expectCentre(found, result);
    expect(found.sliced.filters).toBe(8 + 3);
  });

  test('says of a fine-tuned run what is moved and what is not', async () => {
    const result = await train('tuned', { recipe: 'finetune', finetuneEpochs: 3 });
    const found = await landscape(result.model);
    expectCentre(found, result);
    expect(result.recipe).toBe('finetune');
    expect(found.sliced.finetuned).toBe(true);
    expect(found.words.join(' ')).toContain('are not moved');
  });

  test('follows the straight way to another run', async () => {
    const first = results.get('head');
    const second = await train('other', { seed: 5, weightDecay: 1 });
    const to = await findFinishedRun(second.model);
    const found = await landscape(first?.model ?? '', { to });
    const { between } = found;
    expect(between?.run).toBe(to.id);
    expect(between?.train[5]).toBeCloseTo(found.centre.train.loss ?? -1, 5);
    expect(between?.barrier).toBeGreaterThanOrEqual(0);
    const there = between?.train[25] ?? 0;
    // At its end stands the other head, on the first run's photos: known well, for they are half its own.
    expect(Number.isFinite(there)).toBe(true);
    await expect(landscape(second.model, { to })).rejects.toMatchObject({ code: 'bad-usage' });
  });

  test('refuses a way between heads of different shapes', async () => {
    const to = await findFinishedRun(results.get('mlp')?.model ?? '');
    await expect(landscape(results.get('head')?.model ?? '', { to })).rejects.toThrow('different layers');
  });

  test('finds photos that were moved, and says when they are others', async () => {
    const moved = join(scratch, 'moved');
    cpSync(photos, moved, { recursive: true });
    const same = await landscape(results.get('head')?.model ?? '', { photos: moved });
    expect(same.notes).toEqual([]);
    rmSync(join(moved, 'red', 'red 0.jpg'));
    const fewer = await landscape(results.get('head')?.model ?? '', { photos: moved });
    expect(fewer.notes).toEqual([expect.stringContaining('have changed')]);
  });

  test('ends when it is told to', async () => {
    const run = await findFinishedRun(results.get('head')?.model ?? '');
    const work = landscapeOf(run, { grid: 25 }, AbortSignal.abort());
    await expect(
      (async () => {
        while ((await work.next()).done !== true);
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('finding a run', () => {
  test('says what is none', async () => {
    await expect(findFinishedRun(join(scratch, 'nowhere'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(findFinishedRun(photos)).rejects.toMatchObject({ code: 'bad-input' });
  });

  test('says that a later training took its model’s place', async () => {
    const first = await train('twice');
    await train('twice', { seed: 3 });
    await expect(findFinishedRun(first.run)).rejects.toThrow('replaced by a later training');
    expect((await findFinishedRun(first.model)).folder).not.toBe(first.run);
  });
});

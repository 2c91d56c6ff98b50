import { beforeAll, describe, expect, test } from 'vitest';
import { optimizerKinds } from '../../../src/contract/choices.ts';
import type { HeadTraining } from '../../../src/engine/train/head-training.ts';
import { chosenRate, findLearningRate } from '../../../src/engine/train/lr-finder.ts';
import type { RateSearch } from '../../../src/engine/train/lr-finder.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { clouds, finish, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const train = clouds(90, 8, 3, { seed: 1 });
const val = clouds(45, 8, 3, { seed: 2 });

async function search(task: HeadTraining, signal?: AbortSignal): Promise<RateSearch> {
  for await (const event of findLearningRate(task, signal)) if (event.type === 'done') return event.search;
  throw new Error('no result');
}

describe('the learning-rate finder', () => {
  test.each(optimizerKinds)('%s: finds a rate that training does well with', async (optimizer) => {
    const task = training({ train, val, classes: 3, optimizer, epochs: 12 });
    const { chosen = Number.NaN, points } = await search(task);
    const rates = points.map(({ rate }) => rate);
    expect(rates.slice(1).every((rate, i) => rate > (rates[i] ?? 0))).toBe(true);
    expect(rates[0]).toBeCloseTo(1e-6, 12);
    const loss = async (learningRate: number): Promise<number> =>
      (await finish({ ...task, learningRate })).history.at(-1)?.groups[0]?.valLoss ?? Number.NaN;
    const found = await loss(chosen);
    expect(found).toBeLessThan(Math.log(3) / 2);
    // Far below it next to nothing is learned.
    expect(await loss(chosen / 1000)).toBeGreaterThan(2 * found);
  });

  test('the loss falls, is lowest, and runs away: the rate is a tenth of where it is lowest', async () => {
    const { chosen, points } = await search(training({ train, classes: 3, optimizer: 'momentum' }));
    const best = points.reduce((a, b) => (b.loss < a.loss ? b : a));
    expect(chosen).toBe(Number((best.rate / 10).toPrecision(2)));
    expect(best.loss).toBeLessThan((points[0]?.loss ?? 0) / 2);
    expect(points[0]?.loss).toBeCloseTo(Math.log(3), 2);
    expect(points.at(-1)?.loss).toBeGreaterThan(best.loss);
  });

  test('the same task gives the same search', async () => {
    const task = training({ train, classes: 3, hidden: [6], dropout: 0.2 });
    expect(await search(task)).toEqual(await search(task));
  });

  test('where nothing can be learned it says so instead of a rate', () => {
    expect(chosenRate([])).toBeUndefined();
    const flat = Array.from({ length: 20 }, (_, i) => ({
      rate: 10 ** (i / 5 - 6),
      loss: 1.1 + (i % 2) / 100,
    }));
    expect(chosenRate(flat)).toBeUndefined();
    const valley = [5, 4, 2, 1, 3, 9].map((loss, i) => ({ rate: 10 ** (i - 4), loss }));
    expect(chosenRate(valley)).toBe(0.01);
  });

  test('stops when it is told to, and gives every tensor back', async () => {
    const before = tf.memory().numTensors;
    const task = training({ train, classes: 3 });
    await expect(search(task, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    await search(task);
    expect(tf.memory().numTensors).toBe(before);
  });
});

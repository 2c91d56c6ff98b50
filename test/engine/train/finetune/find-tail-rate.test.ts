import { beforeAll, describe, expect, test } from 'vitest';
import { findTailRate } from '../../../../src/engine/train/finetune/find-tail-rate.ts';
import type { FlatOptimizerOptions } from '../../../../src/engine/train/finetune/flat-optimizer.ts';
import type { TailOptions } from '../../../../src/engine/train/finetune/tail-model.ts';
import type { TailTraining } from '../../../../src/engine/train/finetune/train-tail.ts';
import type { RateSearch } from '../../../../src/engine/train/lr-finder.ts';
import { tf } from '../../../../src/engine/train/tf.ts';
import { mobileNetV2 } from '../../graph/networks.ts';
import {
  boundaryPhotos,
  divide,
  finishTail,
  rates,
  startCpu,
  tailTraining,
  type TestPhotos,
} from './tail-testing.ts';

const divided = divide(
  mobileNetV2((block, layer) => `block_${block}/${layer}`),
  'block_2',
);
let train: TestPhotos;

beforeAll(async () => {
  await startCpu();
  train = await boundaryPhotos(
    divided,
    Int32Array.from({ length: 36 }, (_, i) => i % 3),
    1,
  );
});

const taskOf = (options: Partial<FlatOptimizerOptions> = {}, tail: TailOptions = {}): TailTraining =>
  tailTraining(divided, train, {}, options, tail);
const { learningRate } = rates;

async function search(task: TailTraining, signal?: AbortSignal): Promise<RateSearch> {
  for await (const event of findTailRate({ ...task, train, learningRate }, signal))
    if (event.type === 'done') return event.search;
  throw new Error('no result');
}

describe('the learning-rate finder for fine-tuning', () => {
  test('finds a rate that fine-tuning does well with', async () => {
    const result = await search(taskOf());
    const { points, chosen = Number.NaN } = result;
    expect(await search(taskOf())).toEqual(result);
    expect(points[0]?.rate).toBeCloseTo(1e-6, 12);
    expect(points.slice(1).every(({ rate }, i) => rate > (points[i]?.rate ?? 0))).toBe(true);
    // A rate that moves nothing leaves each batch the loss that it had.
    expect(Math.abs((points[1]?.loss ?? 0) - (points[0]?.loss ?? 1))).toBeLessThan(1e-3);
    const after = async (rate: number): Promise<number> => {
      const own = { ...rates, learningRate: rate, headLearningRate: 3 * rate };
      const task = tailTraining(divided, train, { epochs: 4 }, { rates: own });
      return (await finishTail(task)).done.history.at(-1)?.trainLoss ?? Number.NaN;
    };
    const start = points[0]?.loss ?? 0;
    const found = await after(chosen);
    expect(found).toBeLessThan(start * 0.7);
    expect(await after(chosen / 1000)).toBeGreaterThan(start * 0.9);
  });

  test.each([
    ['adamw with averaged weights', { ema: 0.9 }, {}],
    ['momentum', { kind: 'momentum' as const }, {}],
    ['statistics that follow the photos, and dropout', {}, { updateBn: true, dropout: 0.2 }],
  ])('leaves weights and optimizer as they were, bit for bit: %s', async (_name, options, tail) => {
    const task = taskOf(options, tail);
    const weights = task.model.read();
    const { steps, vectors } = task.optimizer.state();
    const found = await search(task);
    expect(found.points.length).toBeGreaterThan(20);
    expect(task.model.read()).toEqual(weights);
    expect(task.optimizer.state()).toEqual({ steps, vectors });
    // What is trained afterwards is what would have been trained without it.
    const [after, without] = [await finishTail(task), await finishTail(taskOf(options, tail))];
    expect(after.done.weights).toEqual(without.done.weights);
  });

  test('also where it is stopped, or fails; and gives every tensor back', async () => {
    const task = taskOf();
    const weights = task.model.read();
    const before = tf.memory().numTensors;
    const stop = new AbortController();
    const work = findTailRate({ ...task, train, learningRate }, stop.signal);
    for (let step = 0; step < 20; step++) await work.next();
    expect(task.model.read()).not.toEqual(weights);
    stop.abort(new Error('enough'));
    await expect(work.next()).rejects.toThrow('enough');
    expect(task.model.read()).toEqual(weights);
    const broken: TestPhotos = {
      ...train,
      batches: (view, batches) => {
        if (batches.length > 10) throw new Error('no photos');
        return train.batches(view, batches);
      },
    };
    const failed = async (): Promise<void> => {
      for await (const _ of findTailRate({ ...task, train: broken, learningRate }));
    };
    await expect(failed()).rejects.toThrow('no photos');
    expect(task.model.read()).toEqual(weights);
    expect(tf.memory().numTensors).toBe(before);
  });
});

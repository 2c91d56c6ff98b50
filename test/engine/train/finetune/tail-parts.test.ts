/** What dropout, batch statistics, penalties and schedules do to fine-tuning. */
import { layers } from '@tensorflow/tfjs-layers';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { optimizerKinds } from '../../../../src/contract/choices.ts';
import { seededRandom } from '../../../../src/engine/data/random.ts';
import { foldBatchNorm } from '../../../../src/engine/graph/fold.ts';
import { headLogits } from '../../../../src/engine/train/assemble-model.ts';
import { statisticsKept } from '../../../../src/engine/train/batch-norm.ts';
import { standardize } from '../../../../src/engine/train/feature-matrix.ts';
import { normalizeBatch } from '../../../../src/engine/train/finetune/batch-statistics.ts';
import { createFlatOptimizer } from '../../../../src/engine/train/finetune/flat-optimizer.ts';
import { tailLogits } from '../../../../src/engine/train/finetune/judge.ts';
import { splitFlat, withWeights } from '../../../../src/engine/train/finetune/tail-model.ts';
import type { TailModel, TailPass } from '../../../../src/engine/train/finetune/tail-model.ts';
import { createOptimizer, read } from '../../../../src/engine/train/optimizer.ts';
import { tf } from '../../../../src/engine/train/tf.ts';
import { mobileNetV2, resNet } from '../../graph/networks.ts';
import {
  boundaryPhotos,
  divide,
  finishTail,
  pixels,
  rates,
  runOnPixels,
  startCpu,
  tailTraining,
} from './tail-testing.ts';
import type { TestPhotos } from './tail-testing.ts';

beforeAll(startCpu);

const labelsOf = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i % 3);
const divided = divide(
  resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`),
  'stage1/unit0',
);

/** Without batch norms, and quicker. */
const quick = divide(
  mobileNetV2((block, layer) => `block_${block}/${layer}`),
  'block_2',
);

/** Answers for the first photos, in a step of training or (undefined) as they will be. */
async function answers(model: TailModel, photos: TestPhotos, pass?: TailPass): Promise<number[]> {
  for await (const event of photos.batches(0, [[0, 1, 2, 3, 4, 5]])) {
    if (event.type === 'prepare') continue;
    const { values } = event;
    return tf.tidy(() => [
      ...model.logits(tf.tensor2d(values, [6, values.length / 6]), pass).dataSync<'float32'>(),
    ]);
  }
  return [];
}

const everything = {
  tail: { dropout: 0.3, updateBn: true, seed: 4 },
  options: { l1: 0.01, l2: 0.01, ema: 0.9 },
  task: { schedule: 'plateau', stopMetric: 'accuracy' },
} as const;

describe('batch norms that follow the photos', () => {
  test('are what TensorFlow.js’s own layer is in training, running statistics included', () => {
    const random = seededRandom(3);
    const [shape, channels] = [[4, 3, 2, 5] as [number, number, number, number], 5];
    const values = (): Float32Array =>
      Float32Array.from({ length: 120 }, (_, i) => (i % channels) + (1 + (i % channels)) * random.normal());
    const constant = (value: number) => tf.variable(tf.mul(tf.ones([channels]), value), false);
    const [mean, variance] = [constant(0.5), constant(2)];
    const node = {
      op: 'batch-norm',
      name: 'norm',
      inputs: ['x'],
      scale: 's',
      offset: 'o',
      mean: 'm',
      variance: 'v',
      epsilon: 1e-5,
    } as const;
    for (const step of [0, 1, 30, 5000]) {
      const batch = values();
      const layer = layers.batchNormalization({ momentum: statisticsKept(step), epsilon: 1e-5 });
      layer.build([null, 3, 2, channels]);
      layer.setWeights([tf.ones([channels]), tf.zeros([channels]), mean, variance]);
      const theirs = layer.apply(tf.tensor4d(batch, shape), { training: true }) as Tensor4D;
      const running = new Map([
        ['m', mean],
        ['v', variance],
      ]);
      const mine = tf.tidy(() => [
        ...normalizeBatch(node, tf.tensor4d(batch, shape), running, step).dataSync<'float32'>(),
      ]);
      [...theirs.dataSync<'float32'>()].forEach((value, i) => expect(mine[i]).toBeCloseTo(value, 4));
      const [newMean, newVariance] = layer.getWeights().slice(-2);
      [...(newMean?.dataSync<'float32'>() ?? [])].forEach((value, i) =>
        expect(read(mean).data[i]).toBeCloseTo(value, 5),
      );
      [...(newVariance?.dataSync<'float32'>() ?? [])].forEach((value, i) =>
        expect(read(variance).data[i]).toBeCloseTo(value, 4),
      );
    }
  });

  test('change in fine-tuning, and stay as they are without it', async () => {
    const train = await boundaryPhotos(divided, labelsOf(12), 1);
    for (const updateBn of [false, true]) {
      const task = tailTraining(divided, train, { epochs: 2 }, {}, { updateBn });
      const before = await answers(task.model, train);
      expect(await answers(task.model, train)).toEqual(before);
      const { done } = await finishTail(task);
      const { backbone } = splitFlat(task.model, done.weights);
      const keys = new Set(task.model.statistics.map(({ key }) => key));
      const statistics = [...backbone].filter(([key]) => keys.has(key));
      expect(statistics.length > 0).toBe(updateBn);
      const moved = statistics.filter(
        ([key, { data }]) =>
          !data.every((value, i) => value === divided.trunk.graph.weights.get(key)?.data[i]),
      );
      expect(moved.length).toBe(statistics.length);
    }
  });

  test('are saved as they answer: the folded network says what the tail says', async () => {
    const train = await boundaryPhotos(divided, labelsOf(12), 1);
    const { tail, options, task: more } = everything;
    const task = tailTraining(divided, train, { epochs: 2, ...more }, options, { ...tail, hidden: [5] });
    const { done } = await finishTail(task);
    task.model.write(done.weights);
    const said = await tailLogits(task.model, train, 3, 8);
    const { backbone, head } = splitFlat(task.model, done.weights);
    const graph = foldBatchNorm(withWeights(divided.trunk.graph, backbone));
    const data = (await runOnPixels(graph, pixels(divided.graph, labelsOf(24), 1))).slice();
    const matrix = { rows: 12, columns: divided.trunk.dimension, data, labels: labelsOf(12) };
    standardize(matrix, train.standardization);
    const saved = headLogits(head, matrix);
    expect(graph.nodes.some(({ op }) => op === 'batch-norm')).toBe(false);
    // What crosses the boundary is kept as halves.
    saved.forEach((value, i) => expect(Math.abs(value - (said[i] ?? Number.NaN))).toBeLessThan(0.02));
  });
});

describe('dropout in fine-tuning', () => {
  test.each([[[]], [[6]]])(
    'is for steps alone, another in each step and part: hidden layers %j',
    async (hidden) => {
      const train = await boundaryPhotos(quick, labelsOf(6), 1);
      const { model } = tailTraining(quick, train, {}, {}, { dropout: 0.5, seed: 2, hidden });
      const plain = tailTraining(quick, train, {}, {}, { hidden }).model;
      const still = await answers(model, train);
      expect(still).toEqual(await answers(plain, train));
      expect(still).toEqual(await answers(plain, train, { step: 3, part: 0 }));
      const passes = [
        { step: 3, part: 0 },
        { step: 3, part: 1 },
        { step: 4, part: 0 },
      ];
      const all = await Promise.all(passes.map((pass) => answers(model, train, pass)));
      expect(new Set([still, ...all].map((one) => one.join())).size).toBe(4);
      expect(await answers(model, train, passes[0])).toEqual(all[0]);
    },
  );
});

describe('going on after a kill', () => {
  test('ends in the same bits with every part in use', async () => {
    const train = await boundaryPhotos(divided, labelsOf(12), 1);
    const val = await boundaryPhotos(divided, labelsOf(6), 9);
    const { tail, options, task: more } = everything;
    const run = (resume?: (typeof whole.states)[number]) =>
      finishTail(
        tailTraining(divided, train, { val, epochs: 3, batchSize: 4, resume, ...more }, options, tail),
      );
    const whole: Awaited<ReturnType<typeof finishTail>> = await run();
    for (const state of whole.states.slice(0, 2)) {
      const rest = await run(state);
      expect(rest.done.weights).toEqual(whole.done.weights);
      expect(rest.done.history).toEqual(whole.done.history);
    }
    expect(whole.states).toHaveLength(3);
  });
});

describe('penalties in fine-tuning', () => {
  test('L1 makes weights of the head exactly zero, of the backbone none, averaged or not', async () => {
    const train = await boundaryPhotos(quick, labelsOf(30), 1);
    for (const ema of [0, 0.9]) {
      const fast = { ...rates, headLearningRate: 0.02 };
      const task = tailTraining(quick, train, { epochs: 6 }, { l1: 0.5, ema, rates: fast });
      const { done } = await finishTail(task);
      const { head, backbone } = splitFlat(task.model, done.weights);
      const zeros = (data: Float32Array): number => data.filter((value) => value === 0).length;
      const { kernel, bias } = head.layers[0] ?? {
        kernel: { data: new Float32Array() },
        bias: { data: new Float32Array() },
      };
      expect(zeros(kernel.data)).toBeGreaterThan(kernel.data.length / 4);
      expect(zeros(bias.data)).toBe(0);
      expect(
        [...backbone].filter(([key]) => key.includes('kernel')).map(([, { data }]) => zeros(data)),
      ).not.toContain(kernel.data.length);
    }
  });
});

describe('the flat optimizer', () => {
  test.each(optimizerKinds)('%s takes the steps of the head’s own', (kind) => {
    const start = [0.5, -1, 0.02, 2];
    const [a, b] = ['flat', 'own'].map((name) => tf.variable(tf.tensor1d(start), true, `${name}-${kind}`));
    if (a === undefined || b === undefined) throw new Error('unreachable');
    const extras = { l1: 0.05, l2: 0.02, clip: 0.8, ema: 0.9 };
    const part = { key: 'head/0/kernel', variable: a, start: 0, size: 4, decays: true, depth: -1 };
    const same = { ...rates, headLearningRate: 0.05, headWeightDecay: 0.1 };
    const flat = createFlatOptimizer([part], { kind, rates: same, ...extras });
    const own = createOptimizer(kind, [{ variable: b, decay: tf.scalar(0.1) }], extras);
    for (let t = 0; t < 12; t += 1) {
      const gradient = (name: string) => ({
        [name]: tf.tensor1d([1, 2, 3, 4].map((i) => Math.sin(t * i + i))),
      });
      tf.tidy(() => {
        flat.step(gradient(a.name), 1 - t / 20);
        own.step(gradient(b.name), 0.05 * (1 - t / 20));
      });
    }
    const [mine, theirs] = [read(a).data, read(b).data];
    mine.forEach((value, i) => expect(value).toBeCloseTo(theirs[i] ?? Number.NaN, 5));
    own.swapAveraged();
    [...read(b).data].forEach((value, i) => expect(flat.averaged()?.[i]).toBeCloseTo(value, 5));
    flat.dispose();
    own.dispose();
  });
});

describe('schedule and early stopping', () => {
  test('the rates of fine-tuning fall when validation gets no better', async () => {
    const train = await boundaryPhotos(quick, labelsOf(12), 1);
    const val = await boundaryPhotos(quick, labelsOf(6), 9);
    const still = { ...rates, learningRate: 1e-9, headLearningRate: 1e-9 };
    const factors = async (schedule: 'plateau' | 'constant'): Promise<number[]> => {
      const task = tailTraining(quick, train, { val, epochs: 5, schedule, warmup: 0 }, { rates: still });
      return (await finishTail(task)).done.history.slice(1).map(({ rateFactor }) => rateFactor);
    };
    expect((await factors('plateau')).at(-1)).toBeLessThanOrEqual(0.5);
    expect(await factors('constant')).toEqual([1, 1, 1, 1, 1]);
  });

  test('by accuracy keeps the most accurate epoch', async () => {
    const train = await boundaryPhotos(quick, labelsOf(24), 1);
    const val = await boundaryPhotos(quick, labelsOf(15), 9);
    const fast = { ...rates, learningRate: 0.003, headLearningRate: 0.01 };
    const settings = { val, epochs: 6, stopMetric: 'accuracy', patience: 3 } as const;
    const { done } = await finishTail(tailTraining(quick, train, settings, { rates: fast }));
    const accuracies = done.history.map(({ valAccuracy }) => valAccuracy);
    expect(accuracies[done.bestEpoch]).toBe(Math.max(...accuracies));
  });
});

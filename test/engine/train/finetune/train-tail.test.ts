import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { flatRates } from '../../../../src/engine/train/finetune/flat-optimizer.ts';
import { tailLogits } from '../../../../src/engine/train/finetune/judge.ts';
import { splitFlat } from '../../../../src/engine/train/finetune/tail-model.ts';
import { trainTail } from '../../../../src/engine/train/finetune/train-tail.ts';
import { crossEntropy } from '../../../../src/engine/train/losses.ts';
import { tf } from '../../../../src/engine/train/tf.ts';
import { mobileNetV2, resNet } from '../../graph/networks.ts';
import type { TailTraining } from '../../../../src/engine/train/finetune/train-tail.ts';
import { boundaryPhotos, divide, finishTail, rates, startCpu, tailTraining } from './tail-testing.ts';
import type { Divided, FinishedTail } from './tail-testing.ts';

beforeAll(startCpu);

const labelsOf = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i % 3);
const residual = resNet((stage, unit, layer) => `stage${stage}/unit${unit}/${layer}`);
const mobile = mobileNetV2((block, layer) => `block_${block}/${layer}`);
let divided: Divided;
beforeEach(() => {
  divided = divide(mobile, 'block_1');
});

describe('fine-tuning', () => {
  test('learns: the loss falls, validation gets better, and the best epoch is what comes back', async () => {
    const train = await boundaryPhotos(divided, labelsOf(36), 1, { views: 2 });
    const val = await boundaryPhotos(divided, labelsOf(15), 9);
    const fast = { ...rates, learningRate: 0.003, headLearningRate: 0.01 };
    const task = tailTraining(divided, train, { val, epochs: 6, views: 2 }, { rates: fast });
    const { done } = await finishTail(task);
    const [start, ...epochs] = done.history;
    const losses = epochs.map(({ trainLoss }) => trainLoss);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) * 0.8);
    const best = done.history.find(({ epoch }) => epoch === done.bestEpoch);
    expect(best?.valLoss).toBe(Math.min(...done.history.map(({ valLoss }) => valLoss)));
    expect(best?.valLoss).toBeLessThan(start?.valLoss ?? 0);
    expect(train.asked.map(([view]) => view)).toEqual([0, 1, 0, 1, 0, 1]);
    for (const [, batches] of train.asked) {
      expect(batches.map(({ length }) => length)).toEqual([8, 8, 8, 8, 4]);
      expect(batches.flat().toSorted((a, b) => a - b)).toEqual([...Array(36).keys()]);
    }
    task.model.write(done.weights);
    const [again] = (await finishTail({ ...task, epochs: 0 })).done.history;
    expect(again?.valLoss).toBeCloseTo(best?.valLoss ?? 0, 5);
  });

  test('counts the head alone as an epoch, and gives it back when nothing did better', async () => {
    const train = await boundaryPhotos(divided, labelsOf(24), 1);
    const photos = await boundaryPhotos(divided, labelsOf(12), 9);
    const fast = { ...rates, learningRate: 0.003, headLearningRate: 0.01 };
    const task = tailTraining(divided, train, { epochs: 3 }, { rates: fast });
    const start = task.model.read();
    // What the head says before fine-tuning is declared the truth.
    const logits = await tailLogits(task.model, photos, 3, 12);
    const truth = Int32Array.from({ length: 12 }, (_, row) => {
      const own = logits.subarray(row * 3, row * 3 + 3);
      return own.indexOf(Math.max(...own));
    });
    const { done } = await finishTail({ ...task, val: { ...photos, labels: truth } });
    expect(done.history.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
    expect(done.history[0]?.valAccuracy).toBe(1);
    expect(done.bestEpoch).toBe(0);
    expect(done.weights).toEqual(start);
  });

  test.each([
    ['adamw with averaged weights', { ema: 0.9 }],
    ['sgd', { kind: 'sgd' as const }],
    ['momentum', { kind: 'momentum' as const }],
    ['rmsprop', { kind: 'rmsprop' as const }],
  ])('that is killed and gone on with ends in the same bits: %s', async (_, options) => {
    divided = divide(mobile, 'block_2');
    const train = await boundaryPhotos(divided, labelsOf(60), 1);
    const val = await boundaryPhotos(divided, labelsOf(9), 9);
    const settings = { val, epochs: 3, batchSize: 2, objective: { ...crossEntropy, labelSmoothing: 0.1 } };
    const whole = await finishTail(tailTraining(divided, train, settings, options));
    const marks = whole.states.map(({ epoch, step }) => [epoch, step]);
    expect(marks).toEqual([
      [1, 25],
      [2, 0],
      [2, 25],
      [3, 0],
      [3, 25],
      [4, 0],
    ]);
    for (const [index, state] of [...whole.states.entries()].filter(([i]) => i !== 3 && i !== 4)) {
      const copy = { ...state, vectors: new Map([...state.vectors].map(([k, v]) => [k, v.slice()])) };
      const rest = await finishTail(tailTraining(divided, train, { ...settings, resume: copy }, options));
      expect(rest.done.weights, String(index)).toEqual(whole.done.weights);
      expect(rest.done.history).toEqual(whole.done.history);
      expect(rest.done.bestEpoch).toBe(whole.done.bestEpoch);
    }
  });

  test('of the same seed gives the same bits, of another others', async () => {
    const train = await boundaryPhotos(divided, labelsOf(24), 1);
    const weights = async (seed: number): Promise<Float32Array> =>
      (await finishTail(tailTraining(divided, train, { seed, epochs: 2 }))).done.weights;
    expect(await weights(4)).toEqual(await weights(4));
    expect(await weights(4)).not.toEqual(await weights(5));
  });

  test('asks for what is left of an epoch, not for what a killed run has had of it', async () => {
    const train = await boundaryPhotos(divided, labelsOf(60), 1);
    const settings = { epochs: 1, batchSize: 2 };
    const { states } = await finishTail(tailTraining(divided, train, settings));
    await finishTail(tailTraining(divided, train, { ...settings, resume: states[0] }));
    const [whole, rest] = train.asked.map(([, batches]) => batches);
    expect(rest).toEqual(whole?.slice(25));
  });

  test('in parts of a batch takes the steps it takes in whole ones, and the same bits after a kill', async () => {
    const train = await boundaryPhotos(divided, labelsOf(30), 1);
    const settings = { epochs: 2, batchSize: 7, objective: { ...crossEntropy, labelSmoothing: 0.1 } };
    const run = async (task: Partial<TailTraining>): Promise<FinishedTail> =>
      finishTail(tailTraining(divided, train, { ...settings, ...task }, { kind: 'momentum', clip: 0.5 }));
    const whole = await run({});
    const parts = await run({ atOnce: 3 });
    expect(parts.done.weights).not.toEqual(whole.done.weights);
    for (const [at, weight] of whole.done.weights.entries())
      expect(Math.abs((parts.done.weights[at] ?? NaN) - weight)).toBeLessThan(1e-5);
    const [, first] = parts.done.history;
    expect(first?.trainAccuracy).toBe(whole.done.history[1]?.trainAccuracy);
    expect(first?.trainLoss).toBeCloseTo(whole.done.history[1]?.trainLoss ?? 0, 5);
    const rest = await run({ atOnce: 3, resume: parts.states[0] });
    expect(rest.done.weights).toEqual(parts.done.weights);
  });

  test('holds weights and answers only while a step or a judgement is computed', async () => {
    const train = await boundaryPhotos(divided, labelsOf(12), 1);
    const val = await boundaryPhotos(divided, labelsOf(6), 9);
    const task = tailTraining(divided, train, { val, epochs: 2, batchSize: 12 });
    const before = tf.memory().numTensors;
    const held: number[] = [];
    const backend = tf.backend();
    const readSync = backend.readSync.bind(backend);
    const read = vi.spyOn(backend, 'readSync').mockImplementation((id) => {
      held.push(tf.memory().numTensors - before);
      return readSync(id);
    });
    await finishTail(task);
    read.mockRestore();
    expect(held.length).toBeGreaterThan(4);
    expect(Math.max(...held)).toBeLessThanOrEqual(2);
  });

  test('goes back to good weights at lower rates when the rate is absurd, and never returns what is broken', async () => {
    const train = await boundaryPhotos(divided, labelsOf(24), 1);
    const val = await boundaryPhotos(divided, labelsOf(9), 9);
    for (const kind of ['adamw', 'momentum'] as const) {
      const absurd = { ...rates, learningRate: 1e4, headLearningRate: 1e4 };
      const task = tailTraining(divided, train, { val, epochs: 3 }, { kind, rates: absurd, clip: Infinity });
      const { done, events } = await finishTail(task);
      const divergences = events.filter(({ type }) => type === 'diverged');
      expect(divergences.length, kind).toBeGreaterThan(0);
      expect(divergences.at(-1)).toMatchObject({ rateFactor: 0.5 ** divergences.length });
      expect(done.weights.every(Number.isFinite)).toBe(true);
      const best = done.history.find(({ epoch }) => epoch === done.bestEpoch);
      expect(best?.valLoss).toBeLessThanOrEqual(done.history[0]?.valLoss ?? 0);
    }
  });

  test('recovers from a rate that is somewhat too high', async () => {
    const train = await boundaryPhotos(divided, labelsOf(36), 1);
    const high = { ...rates, learningRate: 0.3, headLearningRate: 1 };
    const { done, events } = await finishTail(tailTraining(divided, train, { epochs: 12 }, { rates: high }));
    expect(events.some(({ type }) => type === 'diverged')).toBe(true);
    expect(done.history.at(-1)?.trainLoss).toBeLessThan(2 * Math.log(3));
  });

  test('changes what is trained and nothing else, and leaves no tensors behind', async () => {
    divided = divide(residual, 'stage0/unit0');
    const before = new Map([...divided.trunk.graph.weights].map(([key, { data }]) => [key, data.slice()]));
    const train = await boundaryPhotos(divided, labelsOf(12), 1);
    const tensors = tf.memory().numTensors;
    const task = tailTraining(divided, train, { epochs: 1 });
    const { done } = await finishTail(task);
    const { backbone, head } = splitFlat(task.model, done.weights);
    task.model.dispose();
    task.optimizer.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
    for (const [key, { data }] of divided.trunk.graph.weights) expect(data).toEqual(before.get(key));
    expect([...backbone.keys()].toSorted()).toEqual(divided.plan.trained.map(({ key }) => key).toSorted());
    for (const [key, { data, shape }] of backbone) {
      expect(shape).toEqual(divided.trunk.graph.weights.get(key)?.shape);
      expect(data, key).not.toEqual(before.get(key));
    }
    expect(head.layers.map(({ kernel }) => kernel.shape)).toEqual([[divided.trunk.dimension, 3]]);
  });

  test('stops within a batch when it is told to', async () => {
    const train = await boundaryPhotos(divided, labelsOf(24), 1);
    const stop = new AbortController();
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of trainTail(tailTraining(divided, train), stop.signal)) {
        seen.push(event.type);
        if (event.type === 'batch') stop.abort(new Error('enough'));
      }
    };
    await expect(run()).rejects.toThrow('enough');
    expect(seen.filter((type) => type === 'batch').length).toBe(1);
  });

  test('stops early when validation no longer gets better', async () => {
    const train = await boundaryPhotos(divided, labelsOf(24), 1);
    // Labels that nothing about the photos tells.
    const val = await boundaryPhotos(divided, Int32Array.from([0, 0, 0, 1, 2, 2]), 77);
    const task = tailTraining(divided, train, { val, epochs: 40, patience: 3, batchSize: 24 });
    const { done } = await finishTail(task);
    expect(done.history.length - 1).toBe(Math.min(40, done.bestEpoch + 3));
  });
});

test('each block learns at a share of the next one’s rate; kernels decay, biases do not', () => {
  const { model } = tailTraining(divide(mobile, 'stem'), {
    labels: new Int32Array(),
    async *batches() {
      yield await Promise.resolve({ type: 'prepare', done: 0, total: 0 });
    },
  });
  const { rate, decay } = flatRates(model.parts, rates);
  const of = (key: string): [number, number] => {
    const part = model.parts.find((one) => one.key === key);
    const values = rate.subarray(part?.start, (part?.start ?? 0) + (part?.size ?? 0));
    expect(new Set(values).size).toBe(1);
    return [values[0] ?? 0, decay[part?.start ?? 0] ?? 0];
  };
  const near = ([r, d]: [number, number], [wantedRate, wantedDecay]: [number, number]): void => {
    expect(r).toBeCloseTo(wantedRate, 9);
    expect(d).toBeCloseTo(wantedDecay, 6);
  };
  near(of('head/0/kernel'), [3e-3, 0.1]);
  near(of('head/0/bias'), [3e-3, 0]);
  near(of('top/kernel'), [1e-3, 0.05]);
  near(of('top/bias'), [1e-3, 0]);
  near(of('block_2/expand/kernel'), [0.7e-3, 0.05]);
  near(of('block_1/project/kernel'), [0.49e-3, 0.05]);
  near(of('block_0/project/bias'), [0.343e-3, 0]);
  expect(model.parts.some(({ key }) => key.startsWith('stem'))).toBe(false);
  model.dispose();
});

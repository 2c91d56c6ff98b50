/** What dropout, batch normalization, penalties, averages and schedules do to a head. */
import { beforeAll, describe, expect, test } from 'vitest';
import { headActivations, initializers, scheduleKinds } from '../../../src/contract/choices.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { headLogits } from '../../../src/engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import { createHead } from '../../../src/engine/train/head-model.ts';
import type { HeadShape } from '../../../src/engine/train/head-model.ts';
import { createSchedule } from '../../../src/engine/train/schedule.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { clouds, finish, numbers, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const columns = 8;
const train = clouds(90, columns, 3, { seed: 1 });
const val = clouds(45, columns, 3, { seed: 2 });
const plain = [{ weightDecay: 0 }];

/** What a head answers in a step of training, or (undefined) as it will answer later. */
function answers(shape: HeadShape, step: number | undefined, matrix: FeatureMatrix = val): number[] {
  const head = createHead(columns, 3, { init: 'glorot-normal', ...shape }, plain, 5);
  try {
    return tf.tidy(() => [
      ...head.forward(tf.tensor2d(matrix.data, [matrix.rows, columns]), step).dataSync<'float32'>(),
    ]);
  } finally {
    head.dispose();
  }
}

const shapes: [string, HeadShape][] = [
  ['linear', { hidden: [] }],
  ['linear, all parts', { hidden: [], batchNorm: true, dropout: 0.4 }],
  ['hidden layers', { hidden: [6, 5] }],
  ['hidden layers, all parts', { hidden: [6, 5], batchNorm: true, dropout: 0.4 }],
  ...headActivations.map((activation): [string, HeadShape] => [
    `${activation}, all parts`,
    { hidden: [6], activation, batchNorm: true, dropout: 0.4 },
  ]),
];

describe('a trained head', () => {
  test.each(shapes)('%s: its dense layers alone answer as it did, to the last photo', async (_, shape) => {
    const task = training({ train, val, classes: 3, ...shape });
    const { heads, states } = await finish({ ...task, epochs: 3 });
    const head = createHead(columns, 3, shape, task.groups, task.seed);
    head.restore(states[(heads[0]?.bestEpoch ?? 0) - 1]?.tensors ?? new Map());
    const own = tf.tidy(() => [
      ...head.forward(tf.tensor2d(val.data, [val.rows, columns])).dataSync<'float32'>(),
    ]);
    head.dispose();
    const folded = headLogits(heads[0]?.weights ?? { layers: [] }, val);
    expect(folded).toHaveLength(own.length);
    folded.forEach((value, i) => expect(Math.abs(value - (own[i] ?? Number.NaN))).toBeLessThan(1e-4));
    expect(heads[0]?.weights.layers).toHaveLength(shape.hidden.length + 1);
  });

  test.each(shapes)('%s: learns', async (_, shape) => {
    const { history } = await finish(
      training({ train, val, classes: 3, epochs: 12, learningRate: 0.05, ...shape }),
    );
    expect(history.at(-1)?.groups[0]?.valAccuracy).toBeGreaterThan(0.8);
  });
});

describe('dropout in a head', () => {
  test('is for training alone, and another in each step', () => {
    for (const hidden of [[], [6]]) {
      const shape = { hidden, dropout: 0.5 };
      const still = answers({ hidden }, undefined);
      expect(answers(shape, undefined)).toEqual(still);
      expect(answers({ hidden }, 3)).toEqual(still);
      const [first, again, other] = [3, 3, 4].map((step) => answers(shape, step));
      expect(again).toEqual(first);
      expect(first).not.toEqual(still);
      expect(other).not.toEqual(first);
    }
  });

  test('keeps the expectation of the answers: their mean over many steps is the answer without it', () => {
    const few = { ...val, rows: 4, data: val.data.slice(0, 4 * columns) };
    const still = answers({ hidden: [] }, undefined, few);
    const steps = 3000;
    const sums = Array<number>(still.length).fill(0);
    const squares = Array<number>(still.length).fill(0);
    const head = createHead(columns, 3, { hidden: [], dropout: 0.5, init: 'glorot-normal' }, plain, 5);
    const x = tf.tensor2d(few.data, [4, columns]);
    for (let step = 0; step < steps; step += 1) {
      const z = tf.tidy(() => head.forward(x, step).dataSync<'float32'>());
      z.forEach((value, i) => {
        sums[i] = (sums[i] ?? 0) + value;
        squares[i] = (squares[i] ?? 0) + value * value;
      });
    }
    head.dispose();
    x.dispose();
    still.forEach((value, i) => {
      const mean = (sums[i] ?? 0) / steps;
      const deviation = Math.sqrt((squares[i] ?? 0) / steps - mean * mean);
      expect(Math.abs(mean - value)).toBeLessThan((5 * deviation) / Math.sqrt(steps));
    });
  });

  test('stands after normalization: what is left out does not change the batch’s statistics', () => {
    // Before it, statistics after a step would depend on the dropout; behind it they don't.
    for (const hidden of [[], [6]]) {
      const statistics = [0, 0.6].map((dropout) => {
        const shape = { hidden, batchNorm: true, dropout, init: 'glorot-normal' } as const;
        const head = createHead(columns, 3, shape, plain, 5);
        tf.tidy(() => void head.forward(tf.tensor2d(train.data, [train.rows, columns]), 0));
        const state = head.snapshot();
        head.dispose();
        return ['mean', 'variance'].map((part) => [...(state.get(`head/0/norm/${part}`)?.data ?? [])]);
      });
      expect(statistics[1]).toEqual(statistics[0]);
      expect(statistics[0]?.[0]).not.toEqual(Array(statistics[0]?.[0]?.length).fill(0));
    }
  });
});

describe('L1', () => {
  // Only the first two columns tell the classes apart; the others are noise.
  const random = seededRandom(4);
  const noisy = (rows: number): FeatureMatrix => {
    const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
    const data = Float32Array.from({ length: rows * columns }, (_, i) => {
      const label = labels[Math.floor(i / columns)] ?? 0;
      return (i % columns < 2 ? 4 * label - 2 : 0) + random.normal();
    });
    return { rows, columns, data, labels };
  };

  test('drives weights that tell nothing to exactly zero, L2 does not', async () => {
    const [learned, checked] = [noisy(120), noisy(60)];
    const zeros = async (penalty: { l1?: number; l2?: number; ema?: number }): Promise<number[]> => {
      const task = { train: learned, classes: 2, groups: plain, epochs: 40, learningRate: 0.05 };
      const { heads, history } = await finish(training({ ...task, val: checked, ...penalty }));
      expect(history.at(-1)?.groups[0]?.valAccuracy).toBeGreaterThan(0.9);
      const kernel = [...(heads[0]?.weights.layers[0]?.kernel.data ?? [])];
      const count = (some: number[]): number => some.filter((value) => value === 0).length;
      return [count(kernel.slice(0, 4)), count(kernel.slice(4))];
    };
    expect(await zeros({ l2: 0.05 })).toEqual([0, 0]);
    const [telling, noise] = await zeros({ l1: 0.05 });
    expect(telling).toBe(0);
    expect(noise).toBeGreaterThanOrEqual(10);
    const averaged = await zeros({ l1: 0.05, ema: 0.9 });
    expect(averaged[1]).toBeGreaterThanOrEqual(10);
  });
});

describe('heads side by side', () => {
  test('parts change nothing between them: each is the head that it would be alone', async () => {
    const groups = [{ weightDecay: 0.01 }, { weightDecay: 3 }, { weightDecay: 0.3, columns: 5 }];
    const parts = {
      dropout: 0.3,
      batchNorm: true,
      clip: 0.3,
      ema: 0.9,
      l1: 0.01,
      l2: 0.01,
      init: 'he-normal',
    } as const;
    const together = await finish(training({ train, val, classes: 3, groups, ...parts }));
    for (const [index, group] of groups.entries()) {
      const alone = await finish(training({ train, val, classes: 3, groups: [group], ...parts }));
      const [mine, theirs] = [numbers(together.heads[index]), numbers(alone.heads[0])];
      mine.forEach((value, at) => expect(Math.abs(value - (theirs[at] ?? Number.NaN))).toBeLessThan(1e-4));
    }
  });
});

describe('initial weights of a head', () => {
  const start = (shape: HeadShape): number[][] => {
    const head = createHead(columns, 3, shape, plain, 5);
    const state = head.snapshot();
    head.dispose();
    return [...state].flatMap(([name, { data }]) => (name.endsWith('kernel') ? [[...data]] : []));
  };

  test('a linear head starts at zero, hidden layers and what follows them do not', () => {
    expect(start({ hidden: [] })[0]?.every((value) => value === 0)).toBe(true);
    expect(start({ hidden: [6] }).map((kernel) => kernel.some((value) => value === 0))).toEqual([
      false,
      false,
    ]);
  });

  test.each(initializers)('%s is taken when it is asked for', (init) => {
    for (const kernel of [...start({ hidden: [], init }), ...start({ hidden: [6], init })])
      expect(kernel.every((value) => value === 0)).toBe(init === 'zeros');
  });
});

describe('the learning rate', () => {
  test.each(scheduleKinds)('%s: is what the schedule says at the end of each epoch', async (schedule) => {
    const task = training({ train, val, classes: 3, schedule, epochs: 9 });
    const { history } = await finish(task);
    const [perEpoch, said] = [6, createSchedule(schedule, 54, task.warmup)];
    const factors = history.map(({ epoch }) => said.factor(epoch * perEpoch - 1));
    expect(history.map(({ learningRate }) => learningRate)).toEqual(factors.map((factor) => 0.02 * factor));
  });

  test('plateau falls where validation gets no better, and not where it does', async () => {
    const hopeless = { ...val, labels: val.labels.map((label) => (label + 1) % 3) };
    const rates = async (checked: FeatureMatrix): Promise<number[]> => {
      const task = training({ train, val: checked, classes: 3, schedule: 'plateau', epochs: 8 });
      return (await finish(task)).history.map(({ learningRate }) => learningRate / 0.02);
    };
    expect((await rates(hopeless)).at(-1)).toBeLessThanOrEqual(0.25);
    expect(await rates(val)).toEqual(Array(8).fill(1));
  });
});

test('averaged weights are what is validated and given back', async () => {
  const one = { train, val, classes: 3, epochs: 4, learningRate: 0.1 };
  const [own, averaged] = [await finish(training(one)), await finish(training({ ...one, ema: 0.95 }))];
  const state = averaged.states.at(-1)?.tensors;
  // The steps themselves are the same; the average is another point.
  expect([...(state?.get('head/0/kernel')?.data ?? [])]).toEqual([
    ...(own.states.at(-1)?.tensors.get('head/0/kernel')?.data ?? []),
  ]);
  const best = averaged.heads[0];
  const at = averaged.states[(best?.bestEpoch ?? 0) - 1]?.tensors;
  expect([...(best?.weights.layers[0]?.kernel.data ?? [])]).toEqual([
    ...(at?.get('optimizer/0/average')?.data ?? []),
  ]);
  const loss = averaged.history.at(-1)?.groups[0]?.valLoss;
  expect(loss).not.toBe(own.history.at(-1)?.groups[0]?.valLoss);
});

test('stopping by accuracy keeps the most accurate epoch', async () => {
  const hard = clouds(60, columns, 3, { noise: 3, seed: 9 });
  const task = training({ train, val: hard, classes: 3, epochs: 30, learningRate: 0.1 });
  const { heads, history } = await finish({ ...task, stopMetric: 'accuracy', patience: 6 });
  const accuracies = history.map(({ groups }) => groups[0]?.valAccuracy ?? 0);
  expect(accuracies[(heads[0]?.bestEpoch ?? 0) - 1]).toBe(Math.max(...accuracies));
  expect(history.length).toBeLessThanOrEqual((heads[0]?.bestEpoch ?? 0) + 6);
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { OptimizerKind } from '../../../src/contract/train.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { trainHeads } from '../../../src/engine/train/train-heads.ts';
import type { HeadTraining } from '../../../src/engine/train/head-training.ts';
import { clouds, finish, numbers, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const train = clouds(90, 8, 3, { seed: 1 });
const val = clouds(45, 8, 3, { seed: 2 });

function withLabels(matrix: FeatureMatrix, label: (row: number) => number): FeatureMatrix {
  return { ...matrix, labels: matrix.labels.map((_, row) => label(row)) };
}

describe('training a head', () => {
  test.each([
    ['linear', []],
    ['with a hidden layer', [12]],
  ])('%s: learns what there is to learn, and says how well', async (_, hidden) => {
    const { heads, history } = await finish(training({ train, val, classes: 3, hidden, epochs: 20 }));
    const last = history.at(-1)?.groups[0];
    expect(history.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 20 }, (_unused, i) => i + 1));
    expect(last?.trainAccuracy).toBeGreaterThan(0.85);
    expect(last?.valAccuracy).toBeGreaterThan(0.8);
    expect(last?.trainLoss).toBeLessThan(history[0]?.groups[0]?.trainLoss ?? 0);
    expect(heads).toHaveLength(1);
    expect(heads[0]?.weights.layers.map(({ kernel }) => kernel.shape)).toEqual(
      hidden.length === 0
        ? [[8, 3]]
        : [
            [8, 12],
            [12, 3],
          ],
    );
  });

  test('the same seed gives the same bits, another seed other ones', async () => {
    for (const hidden of [[], [6]]) {
      const task = training({ train, val, classes: 3, hidden });
      const [first, second, other] = [
        await finish(task),
        await finish(task),
        await finish({ ...task, seed: 4 }),
      ];
      expect(numbers(second.heads[0])).toEqual(numbers(first.heads[0]));
      expect(second.history).toEqual(first.history);
      expect(numbers(other.heads[0])).not.toEqual(numbers(first.heads[0]));
    }
  });

  test('without validation photos the last epoch counts', async () => {
    const { heads, history, states } = await finish(training({ train, classes: 3 }));
    expect(heads[0]?.bestEpoch).toBe(6);
    expect(heads[0]?.valLoss).toBeNaN();
    expect(history.every(({ groups }) => Number.isNaN(groups[0]?.valAccuracy))).toBe(true);
    expect([...(heads[0]?.weights.layers[0]?.kernel.data ?? [])]).toEqual([
      ...(states.at(-1)?.tensors.get('head/0/kernel')?.data ?? []),
    ]);
  });

  test('a batch larger than all the photos, and a last batch that is not full', async () => {
    for (const batchSize of [1000, 7, 89]) {
      const { heads } = await finish(training({ train, val, classes: 3, batchSize }));
      expect(numbers(heads[0]).every((value) => Number.isFinite(value))).toBe(true);
    }
  });
});

describe('heads side by side', () => {
  const mask = Uint8Array.from({ length: train.rows }, (_, row) => (row % 5 === 0 ? 0 : 1));
  const groups = [
    { weightDecay: 0.01 },
    { weightDecay: 3 },
    { weightDecay: 0.3, columns: 5 },
    { weightDecay: 0.3, mask },
  ];

  test.each<OptimizerKind>(['adamw', 'adam', 'momentum', 'sgd', 'rmsprop'])(
    '%s: equal heads trained alone',
    async (optimizer) => {
      const together = await finish(training({ train, val, classes: 3, groups, optimizer }));
      for (const [index, group] of groups.entries()) {
        const alone = await finish(training({ train, val, classes: 3, groups: [group], optimizer }));
        const [mine, theirs] = [numbers(together.heads[index]), numbers(alone.heads[0])];
        expect(mine).toHaveLength(theirs.length);
        mine.forEach((value, at) => expect(Math.abs(value - (theirs[at] ?? Number.NaN))).toBeLessThan(1e-5));
        expect(together.heads[index]?.bestEpoch).toBe(alone.heads[0]?.bestEpoch);
      }
    },
  );

  test('a head never reads the columns it may not read', async () => {
    const { heads } = await finish(training({ train, val, classes: 3, groups }));
    const kernel = heads[2]?.weights.layers[0]?.kernel.data ?? new Float32Array();
    expect(kernel).toHaveLength(8 * 3);
    expect([...kernel.subarray(15)]).toEqual(Array(9).fill(0));
    expect(kernel.subarray(0, 15).every((value) => value !== 0)).toBe(true);
  });

  test('rows that are masked teach nothing, whatever is in them', async () => {
    const nonsense: FeatureMatrix = {
      ...train,
      data: train.data.map((value, at) => (mask[Math.floor(at / 8)] === 0 ? 1000 - value : value)),
      labels: train.labels.map((label, row) => (mask[row] === 0 ? (label + 1) % 3 : label)),
    };
    const one = { classes: 3, groups: [{ weightDecay: 0.3, mask }] };
    const [clean, spoilt] = [
      await finish(training({ train, ...one })),
      await finish(training({ train: nonsense, ...one })),
    ];
    expect(numbers(spoilt.heads[0])).toEqual(numbers(clean.heads[0]));
    expect(spoilt.history).toEqual(clean.history);
  });

  test('each is checked on its own validation rows', async () => {
    const first = Uint8Array.from({ length: val.rows }, (_, row) => (row < 20 ? 1 : 0));
    const spoilt = withLabels(val, (row) => (row < 20 ? row % 3 : (row + 1) % 3));
    const { history } = await finish(
      training({
        train,
        val: spoilt,
        classes: 3,
        epochs: 20,
        groups: [
          { weightDecay: 0.3, valMask: first },
          { weightDecay: 0.3, valMask: first.map((bit) => 1 - bit) },
        ],
      }),
    );
    const [good, bad] = history.at(-1)?.groups ?? [];
    expect(good?.valAccuracy).toBeGreaterThan(0.8);
    expect(bad?.valAccuracy).toBeLessThan(0.2);
    expect(good?.trainLoss).toBeCloseTo(bad?.trainLoss ?? 0, 5);
  });
});

describe('early stopping', () => {
  // Half of the labels are wrong: learning them by heart makes validation worse soon.
  const random = seededRandom(5);
  const confusing = withLabels(clouds(40, 30, 3, { noise: 2 }), (row) =>
    random.next() < 0.5 ? row % 3 : random.integer(3),
  );
  const honest = clouds(60, 30, 3, { noise: 2, seed: 9 });
  const task = training({
    train: confusing,
    val: honest,
    classes: 3,
    groups: [{ weightDecay: 0 }],
    epochs: 60,
    learningRate: 0.05,
  });

  test('gives back the weights of the best epoch', async () => {
    const { heads, history, states } = await finish(task);
    const losses = history.map(({ groups }) => groups[0]?.valLoss ?? Number.NaN);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(best).toBeLessThan(40);
    expect(heads[0]?.bestEpoch).toBe(best);
    expect(heads[0]?.valLoss).toBe(losses[best - 1]);
    expect([...(heads[0]?.weights.layers[0]?.kernel.data ?? [])]).toEqual([
      ...(states[best - 1]?.tensors.get('head/0/kernel')?.data ?? []),
    ]);
  });

  test('stops after `patience` epochs that were no better', async () => {
    const { heads, history } = await finish({ ...task, patience: 4 });
    expect(history).toHaveLength((heads[0]?.bestEpoch ?? 0) + 4);
    expect(history.length).toBeLessThan(60);
  });

  test('goes on while any of several heads gets better', async () => {
    // By the first half of the validation photos every epoch is worse than the one before, by the second better.
    const half = withLabels(val, (row) => (row < 20 ? (row + 1) % 3 : row % 3));
    const first = Uint8Array.from({ length: val.rows }, (_, row) => (row < 20 ? 1 : 0));
    const groups = [
      { weightDecay: 0.3, valMask: first },
      { weightDecay: 0.3, valMask: first.map((bit) => 1 - bit) },
    ];
    const few = training({ train, val: half, classes: 3, epochs: 12, patience: 3 });
    const { heads, history } = await finish({ ...few, groups });
    expect(heads[0]?.bestEpoch).toBe(1);
    expect(heads[1]?.bestEpoch).toBeGreaterThan(4);
    expect(history.length).toBeGreaterThan(4);
    const alone = await finish({ ...few, groups: groups.slice(0, 1) });
    expect(alone.history).toHaveLength(4);
  });
});

describe('going on', () => {
  const groups = [{ weightDecay: 0.01 }, { weightDecay: 1, columns: 5 }];
  test.each<[string, Partial<HeadTraining>, unchecked?: true]>([
    ['adamw, two linear heads', { groups }],
    ['adam', { optimizer: 'adam' }],
    ['sgd', { optimizer: 'sgd' }],
    ['momentum', { optimizer: 'momentum' }],
    ['rmsprop', { optimizer: 'rmsprop' }],
    ['a hidden layer', { hidden: [5] }],
    ['dropout and batch norm, two linear heads', { groups, dropout: 0.3, batchNorm: true }],
    ['dropout and batch norm of hidden layers', { hidden: [5, 4], dropout: 0.3, batchNorm: true }],
    ['another activation', { hidden: [5], activation: 'tanh' }],
    ['averages, penalties and clipping', { groups, ema: 0.9, l1: 0.01, l2: 0.01, clip: 0.5 }],
    ['a rate that follows the validation', { schedule: 'plateau', epochs: 10, learningRate: 0.2 }],
    ['stopping by accuracy', { stopMetric: 'accuracy', patience: 2, epochs: 12 }],
    ['no validation photos', {}, true],
    ['early stopping', { patience: 2, epochs: 12, learningRate: 0.3 }],
  ])('from every epoch to the same bits: %s', async (_, more, unchecked) => {
    const task = training({ train, classes: 3, ...(unchecked === true ? {} : { val }), ...more });
    const whole = await finish(task);
    expect(whole.states.length).toBeGreaterThan(2);
    for (const state of whole.states) {
      const resumed = await finish({ ...task, resume: state });
      expect(resumed.heads.map(numbers)).toEqual(whole.heads.map(numbers));
      expect(resumed.heads.map(({ bestEpoch }) => bestEpoch)).toEqual(
        whole.heads.map(({ bestEpoch }) => bestEpoch),
      );
      expect(resumed.history).toEqual(whole.history);
    }
  });

  test('a state is a copy: training on does not change it', async () => {
    const states: number[][] = [];
    const kept: (() => number[])[] = [];
    for await (const event of trainHeads(training({ train, val, classes: 3 }))) {
      if (event.type !== 'epoch') continue;
      const state = event.state();
      const all = (): number[] => [...state.tensors.values()].flatMap(({ data }) => [...data]);
      states.push(all());
      kept.push(all);
    }
    expect(kept.map((all) => all())).toEqual(states);
  });
});

describe('stopping', () => {
  test('within a batch of the abort', async () => {
    // Counts how often training asks; says stop at the 8th time.
    const asked: number[] = [];
    const controller = new AbortController();
    const signal = new Proxy(controller.signal, {
      get: (target, key) => {
        if (key !== 'throwIfAborted') return Reflect.get(target, key) as unknown;
        return () => {
          asked.push(tf.memory().numTensors);
          if (asked.length === 8) controller.abort(new Error('enough'));
          target.throwIfAborted();
        };
      },
    });
    const before = tf.memory().numTensors;
    await expect(finish(training({ train, val, classes: 3, batchSize: 4 }), signal)).rejects.toThrow(
      'enough',
    );
    expect(asked).toHaveLength(8);
    expect(asked.every((count) => count === asked[0])).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('before the first step when it was aborted already', async () => {
    const epochs = finish(training({ train, val, classes: 3 }), AbortSignal.abort(new Error('never mind')));
    await expect(epochs).rejects.toThrow('never mind');
  });

  test('gives every tensor back: at the end, and when the consumer leaves', async () => {
    const before = tf.memory().numTensors;
    await finish(training({ train, val, classes: 3, hidden: [4] }));
    expect(tf.memory().numTensors).toBe(before);
    for await (const event of trainHeads(
      training({ train, val, classes: 3, groups: [{ weightDecay: 1, columns: 2 }] }),
    )) {
      if (event.type === 'epoch') break;
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.memory().numDataBuffers).toBeLessThanOrEqual(before);
  });
});

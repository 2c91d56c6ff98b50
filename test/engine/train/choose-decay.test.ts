import { beforeAll, expect, test } from 'vitest';
import { stratifiedGroupFolds } from '../../../src/engine/data/folds.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { candidatesFor, crossValidate } from '../../../src/engine/train/choose-decay.ts';
import type { Candidate, Comparison } from '../../../src/engine/train/choose-decay.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import { tf } from '../../../src/engine/train/tf.ts';
import { clouds, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

async function compare(
  train: FeatureMatrix,
  candidates: readonly Candidate[],
  classes = 2,
  more: { learningRate?: number; signal?: AbortSignal } = {},
): Promise<readonly Comparison[]> {
  const folds = stratifiedGroupFolds(train.labels, undefined, 4, 1);
  const {
    groups: _groups,
    hidden: _hidden,
    patience: _patience,
    ...task
  } = training({ train, classes, epochs: 25 });
  const lr = more.learningRate ?? task.learningRate;
  for await (const event of crossValidate({ ...task, learningRate: lr }, candidates, folds, more.signal))
    if (event.type === 'done') return event.comparisons;
  throw new Error('no comparison');
}

/** Features whose first columns tell the classes apart and whose other columns are noise. */
function halfNoise(rows: number, good: number, noise: number): FeatureMatrix {
  const random = seededRandom(11);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
  const columns = good + noise;
  const data = Float32Array.from({ length: rows * columns }, (_, at) => {
    const sign = Math.floor(at / columns) % 2 === 0 ? 1 : -1;
    return at % columns < good ? sign * 0.7 + random.normal() : random.normal() * 2;
  });
  return { rows, columns, data, labels };
}

test('every combination is a candidate', () => {
  expect(candidatesFor([1, 2], [5, 9])).toEqual([
    { weightDecay: 1, columns: 5 },
    { weightDecay: 2, columns: 5 },
    { weightDecay: 1, columns: 9 },
    { weightDecay: 2, columns: 9 },
  ]);
});

test('columns that only distract are left out', async () => {
  const train = halfNoise(80, 6, 200);
  const [best] = await compare(train, candidatesFor([0.1], [206, 6]));
  expect(best?.candidate.columns).toBe(6);
});

test('columns that help are taken in', async () => {
  const train = halfNoise(120, 40, 0);
  const [best] = await compare(train, candidatesFor([0.1], [2, 40]));
  expect(best?.candidate.columns).toBe(40);
});

test('noise asks for more decay than clear photos do', async () => {
  const decays = candidatesFor([0.001, 20], [50]);
  const [forNoise] = await compare(halfNoise(60, 5, 45), decays);
  expect(forNoise?.candidate.weightDecay).toBe(20);
  const clear = clouds(120, 50, 2, { noise: 0.5 });
  const [forClear] = await compare(clear, decays);
  expect(forClear?.candidate.weightDecay).toBe(0.001);
});

test('no head is judged on what it learned: labels without meaning are guessed, though they could be learned by heart', async () => {
  const random = seededRandom(2);
  const train: FeatureMatrix = {
    rows: 80,
    columns: 300,
    data: Float32Array.from({ length: 80 * 300 }, () => random.normal()),
    labels: Int32Array.from({ length: 80 }, () => random.integer(2)),
  };
  const [best] = await compare(train, candidatesFor([0, 0.1], [300]));
  expect(best?.accuracy).toBeGreaterThan(0.25);
  expect(best?.accuracy).toBeLessThan(0.75);
});

test('figures are means over all photos, best first, and the same every time', async () => {
  const train = clouds(50, 6, 2, { noise: 2 });
  const candidates = candidatesFor([0.01, 0.1, 1, 10], [6, 3]);
  const comparisons = await compare(train, candidates);
  expect(comparisons).toHaveLength(8);
  expect(comparisons.map(({ loss }) => loss)).toEqual(
    comparisons.map(({ loss }) => loss).toSorted((a, b) => a - b),
  );
  for (const { accuracy } of comparisons) expect((accuracy * 50) % 1).toBeCloseTo(0, 6);
  expect(await compare(train, candidates)).toEqual(comparisons);
});

test('a candidate that diverges comes last', async () => {
  const train = clouds(40, 6, 2);
  const huge = { ...train, data: train.data.map((value) => value * 1e20) };
  const comparisons = await compare(huge, [
    { weightDecay: 0, columns: 6 },
    { weightDecay: 1e30, columns: 6 },
  ]);
  const last = comparisons.at(-1);
  expect(last?.candidate.weightDecay).toBe(1e30);
  expect(Number.isFinite(last?.loss)).toBe(false);
});

test('stops when it is told to, and gives every tensor back', async () => {
  const before = tf.memory().numTensors;
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(compare(clouds(40, 6, 2), candidatesFor([1], [6]), 2, { signal })).rejects.toThrow('stop');
  await compare(clouds(40, 6, 2), candidatesFor([1], [6]));
  expect(tf.memory().numTensors).toBe(before);
});

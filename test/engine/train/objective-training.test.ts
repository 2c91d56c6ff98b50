/** What weights, sampling, smoothing and losses do to a head that is trained with them. */
import { beforeAll, expect, test } from 'vitest';
import { softmaxRows } from '../../../src/engine/evaluate/calibration.ts';
import { argmaxRows } from '../../../src/engine/evaluate/confusion.ts';
import { headLogits } from '../../../src/engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import type { HeadTraining } from '../../../src/engine/train/head-training.ts';
import { crossEntropy } from '../../../src/engine/train/losses.ts';
import { clouds, finish, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const columns = 6;
const checked = clouds(400, columns, 2, { noise: 3, seed: 9 });

/** Of the second class only every tenth row is left. */
function unequal(): FeatureMatrix {
  const all = clouds(600, columns, 2, { noise: 3, seed: 5 });
  const kept = [...all.labels.keys()].filter((row) => all.labels[row] === 0 || row % 20 === 1);
  return {
    rows: kept.length,
    columns,
    data: Float32Array.from(
      kept.flatMap((row) => [...all.data.subarray(row * columns, (row + 1) * columns)]),
    ),
    labels: Int32Array.from(kept, (row) => all.labels[row] ?? 0),
  };
}
const train = unequal();

async function trainedWith(more: Partial<HeadTraining>): Promise<{ recall: number; surest: number }> {
  const { heads } = await finish(training({ train, classes: 2, epochs: 12, ...more }));
  const [head] = heads;
  if (head === undefined) throw new Error('There is no head.');
  const logits = headLogits(head.weights, checked);
  const answers = argmaxRows(logits, 2);
  const rare = [...checked.labels.keys()].filter((row) => checked.labels[row] === 1);
  const probabilities = softmaxRows(logits, 2);
  return {
    recall: rare.filter((row) => answers[row] === 1).length / rare.length,
    surest: probabilities.reduce((a, b) => Math.max(a, b), 0),
  };
}

test('a rare class is found more often with class weights, and with balanced sampling', async () => {
  const plain = await trainedWith({});
  const present = Float32Array.from([train.rows / (2 * 300), train.rows / (2 * (train.rows - 300))]);
  const weighted = await trainedWith({ objective: { ...crossEntropy, weights: { present } } });
  const sampled = await trainedWith({ sampling: 'balanced' });
  expect(weighted.recall).toBeGreaterThan(plain.recall + 0.15);
  expect(sampled.recall).toBeGreaterThan(plain.recall + 0.15);
});

test('label smoothing keeps a head from being sure', async () => {
  const plain = await trainedWith({ groups: [{ weightDecay: 0 }] });
  const smoothed = await trainedWith({
    groups: [{ weightDecay: 0 }],
    objective: { ...crossEntropy, labelSmoothing: 0.3 },
  });
  expect(smoothed.surest).toBeLessThan(plain.surest - 0.02);
});

test('mae bears numbers that are far off better than mse', async () => {
  const rows = 200;
  const x = clouds(rows, columns, 2, { noise: 1, seed: 2 });
  // A line in the first column, and one number of twenty far off.
  const truth = Float32Array.from({ length: rows }, (_, row) => x.data[row * columns] ?? 0);
  const targets = truth.map((value, row) => (row % 20 === 7 ? value + 30 : value));
  const errorOf = async (kind: 'mse' | 'mae'): Promise<number> => {
    const objective = { task: 'regression', loss: { kind }, labelSmoothing: 0 } as const;
    const { heads } = await finish(
      training({ train: { ...x, targets }, classes: 1, objective, epochs: 25, groups: [{ weightDecay: 0 }] }),
    );
    const said = headLogits(heads[0]?.weights ?? { layers: [] }, x);
    return truth.reduce((sum, value, row) => sum + Math.abs(value - (said[row] ?? 0)) / rows, 0);
  };
  const [mse, mae] = [await errorOf('mse'), await errorOf('mae')];
  expect(mae).toBeLessThan(mse / 2);
});

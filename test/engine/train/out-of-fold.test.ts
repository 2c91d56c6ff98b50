import { beforeAll, describe, expect, test } from 'vitest';
import { stratifiedGroupFolds } from '../../../src/engine/data/folds.ts';
import { argmaxRows } from '../../../src/engine/evaluate/confusion.ts';
import type { FeatureMatrix } from '../../../src/engine/train/feature-matrix.ts';
import { outOfFold } from '../../../src/engine/train/out-of-fold.ts';
import { clouds, startWasm, training } from './tf-testing.ts';

beforeAll(startWasm);

const classes = 3;
const candidate = { weightDecay: 0.1, columns: 8 };

async function answers(train: FeatureMatrix, folds: Int32Array, signal?: AbortSignal): Promise<Float32Array> {
  const task = training({ train, classes });
  for await (const event of outOfFold(task, candidate, folds, signal))
    if (event.type === 'done') return event.logits;
  throw new Error('ended without answers');
}

describe('answers of heads that did not learn from the photo', () => {
  test('are as good as the classes are far apart, and the same every time', async () => {
    const train = clouds(90, 8, classes, { noise: 0.4 });
    const folds = stratifiedGroupFolds(train.labels, undefined, 3, 1);
    const logits = await answers(train, folds);
    expect(logits).toHaveLength(90 * classes);
    const right = argmaxRows(logits, classes).filter((label, row) => label === train.labels[row]).length;
    expect(right).toBeGreaterThan(80);
    expect(await answers(train, folds)).toEqual(logits);
  });

  test('say for a photo of a held-out fold what a head trained on the others says', async () => {
    const train = clouds(40, 8, 2, { noise: 0.8 });
    const folds = Int32Array.from({ length: 40 }, (_, row) => (row < 20 ? 0 : 1));
    const logits = await answers(train, folds);
    // Another label in fold 0 changes the answers for fold 1, which learns from it, but none in fold 0.
    const labels = train.labels.slice();
    labels[3] = 1 - (labels[3] ?? 0);
    const changed = await answers({ ...train, labels }, folds);
    expect(changed.slice(0, 20 * classes)).toEqual(logits.slice(0, 20 * classes));
    expect(changed.slice(20 * classes)).not.toEqual(logits.slice(20 * classes));
  });

  test('are given up when nobody wants them any more', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const train = clouds(30, 8, classes);
    const folds = stratifiedGroupFolds(train.labels, undefined, 3, 1);
    await expect(answers(train, folds, stop.signal)).rejects.toThrow('enough');
  });
});

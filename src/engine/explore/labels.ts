/** What photos with labels tell about labels: which are probably wrong, and where answers are unsure. */
import { stratifiedGroupFolds } from '../data/folds.ts';
import { fitTemperature, softmaxRows } from '../evaluate/calibration.ts';
import { likelyLabelErrors } from '../evaluate/suspects.ts';
import type { Suspicion } from '../evaluate/suspects.ts';
import { headLogits } from '../train/assemble-model.ts';
import { usualDecays } from '../train/choose-decay.ts';
import { standardizationOf, standardize } from '../train/feature-matrix.ts';
import type { FeatureMatrix } from '../train/feature-matrix.ts';
import { outOfFold } from '../train/out-of-fold.ts';
import { trainHeads } from '../train/train-heads.ts';
import type { Points } from './points.ts';

/** The usual training of a head on frozen features. */
const usual = { optimizer: 'adamw', learningRate: 2e-3, warmup: 0.05 } as const;
const foldCount = 4;
const steps = 600;

export type LabelEvent = { readonly done: number; readonly total: number };

/** Features of some photos as heads take them, standardized; changes nothing of what it is given. */
export function matrixOf(
  features: Points,
  rows: readonly number[],
  labels: ArrayLike<number>,
): FeatureMatrix {
  const { columns, data } = features;
  const own = new Float32Array(rows.length * columns);
  for (const [at, row] of rows.entries())
    own.set(data.subarray(row * columns, (row + 1) * columns), at * columns);
  return {
    rows: rows.length,
    columns,
    data: own,
    labels: Int32Array.from(rows, (row) => labels[row] as number),
  };
}

/**
 * Labels that are probably wrong, each photo judged by heads that did not learn from it (see `likelyLabelErrors`).
 *
 * @param train the photos that have a label; is standardized in place
 * @param groups photos that belong together, one number a row
 * @returns the likeliest errors first; none where there are too few photos to judge
 * @throws the signal's reason, within a batch of its abort
 */
export async function* labelErrors(
  train: FeatureMatrix,
  classes: number,
  groups: Int32Array,
  seed: number,
  signal?: AbortSignal,
): AsyncGenerator<LabelEvent, Suspicion[]> {
  const folds = Math.min(foldCount, new Set(groups).size);
  if (folds < 2 || new Set(train.labels).size < 2) return [];
  standardize(train, standardizationOf(train));
  const candidate = { weightDecay: usualDecays[usual.optimizer], columns: train.columns };
  const batchSize = Math.min(64, train.rows);
  const foldOf = stratifiedGroupFolds(train.labels, groups, folds, seed);
  for await (const event of outOfFold(
    { ...usual, batchSize, seed, train, classes },
    candidate,
    foldOf,
    signal,
  )) {
    if (event.type === 'batch') yield { done: event.done, total: event.total };
    else {
      const { logits } = event;
      const probabilities = softmaxRows(logits, classes, fitTemperature(logits, train.labels, classes));
      return likelyLabelErrors(probabilities, train.labels, classes);
    }
  }
  return [];
}

/** Photos that are answered at a time. */
const answered = 512;

/**
 * What a head that learned from the labelled photos answers for all.
 *
 * @param train the photos that have a label; is standardized in place
 * @returns probabilities [features.rows, classes]
 * @throws the signal's reason, within a batch of its abort
 */
export async function* answersFor(
  features: Points,
  train: FeatureMatrix,
  classes: number,
  seed: number,
  signal?: AbortSignal,
): AsyncGenerator<LabelEvent, Float32Array> {
  const standardization = standardizationOf(train);
  standardize(train, standardization);
  const batchSize = Math.min(64, train.rows);
  const epochs = Math.max(2, Math.min(60, Math.ceil(steps / Math.ceil(train.rows / batchSize))));
  const training = {
    ...usual,
    train,
    classes,
    hidden: [],
    groups: [{ weightDecay: usualDecays[usual.optimizer] }],
    batchSize,
    epochs,
    patience: Infinity,
    seed,
  };
  for await (const event of trainHeads(training, signal)) {
    if (event.type === 'batch') yield { done: event.done, total: event.total };
    const weights = event.type === 'done' ? event.heads[0]?.weights : undefined;
    if (weights === undefined) continue;
    const probabilities = new Float32Array(features.rows * classes);
    for (let start = 0; start < features.rows; start += answered) {
      const length = Math.min(answered, features.rows - start);
      const some = matrixOf(
        features,
        Array.from({ length }, (_, i) => start + i),
        new Int32Array(features.rows),
      );
      standardize(some, standardization);
      probabilities.set(softmaxRows(headLogits(weights, some), classes), start * classes);
      yield { done: start + length, total: features.rows };
      signal?.throwIfAborted();
    }
    return probabilities;
  }
  throw new Error('No answers came of the head.');
}

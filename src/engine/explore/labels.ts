/** What photos with labels tell about labels: which are probably wrong, and where answers are unsure. */
import type { Task } from '../../contract/project.ts';
import { stratifiedGroupFolds } from '../data/folds.ts';
import { softmaxRows } from '../evaluate/calibration.ts';
import { sigmoids } from '../evaluate/logistic.ts';
import { likelyLabelErrors } from '../evaluate/suspects.ts';
import type { Suspicion } from '../evaluate/suspects.ts';
import { headLogits } from '../train/assemble-model.ts';
import { usualDecays } from '../train/choose-decay.ts';
import { standardizationOf, standardize } from '../train/feature-matrix.ts';
import type { FeatureMatrix } from '../train/feature-matrix.ts';
import { outOfFold } from '../train/out-of-fold.ts';
import { trainHeads } from '../train/train-heads.ts';
import { plainObjective, trustedAnswers } from '../train/trusted-answers.ts';
import type { Points } from './points.ts';

/** The usual training of a head on frozen features. */
const usual = { optimizer: 'adamw', learningRate: 2e-3, warmup: 0.05 } as const;
const foldCount = 4;
const steps = 600;

export type LabelEvent = { readonly done: number; readonly total: number };

/**
 * Features of some photos as heads take them; changes nothing of what it is given.
 *
 * @param labels class of each photo of `features`, or the kind that folds are balanced by
 * @param targets [features.rows, outputs], for several labels or (standardized) numbers
 */
export function matrixOf(
  features: Points,
  rows: readonly number[],
  labels: ArrayLike<number>,
  targets?: Float32Array,
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
    ...(targets === undefined ? {} : { targets: targetsOf(targets, rows, targets.length / features.rows) }),
  };
}

function targetsOf(targets: Float32Array, rows: readonly number[], outputs: number): Float32Array {
  const own = new Float32Array(rows.length * outputs);
  for (const [at, row] of rows.entries())
    own.set(targets.subarray(row * outputs, (row + 1) * outputs), at * outputs);
  return own;
}

/**
 * What heads answer for photos that they did not learn from.
 *
 * @param train the photos of which something is said; is standardized in place
 * @param outputs answers a photo: classes, labels, or 1
 * @param groups photos that belong together, one number a row
 * @returns probabilities [rows, outputs], or standardized numbers [rows]; undefined for too few photos to learn from
 * @throws the signal's reason, within a batch of its abort
 */
export async function* foldedAnswers(
  train: FeatureMatrix,
  task: Task,
  outputs: number,
  groups: Int32Array,
  seed: number,
  signal?: AbortSignal,
): AsyncGenerator<LabelEvent, Float32Array | undefined> {
  const folds = Math.min(foldCount, new Set(groups).size);
  if (folds < 2 || (task === 'single-label' && new Set(train.labels).size < 2)) return undefined;
  standardize(train, standardizationOf(train));
  const candidate = { weightDecay: usualDecays[usual.optimizer], columns: train.columns };
  const batchSize = Math.min(64, train.rows);
  const foldOf = stratifiedGroupFolds(train.labels, groups, folds, seed);
  for await (const event of outOfFold(
    { ...usual, batchSize, seed, train, classes: outputs, objective: plainObjective(task) },
    candidate,
    foldOf,
    signal,
  )) {
    if (event.type === 'batch') yield { done: event.done, total: event.total };
    else return trustedAnswers(event.logits, train, task, outputs);
  }
  return undefined;
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
  const answers = yield* foldedAnswers(train, 'single-label', classes, groups, seed, signal);
  return answers === undefined ? [] : likelyLabelErrors(answers, train.labels, classes);
}

/** Photos that are answered at a time. */
const answered = 512;

/**
 * What a head that learned from the labelled photos answers for all.
 *
 * @param train the photos that have a label; is standardized in place
 * @param task one class a photo, or several labels
 * @returns probabilities [features.rows, classes]
 * @throws the signal's reason, within a batch of its abort
 */
export async function* answersFor(
  features: Points,
  train: FeatureMatrix,
  classes: number,
  seed: number,
  signal?: AbortSignal,
  task: Exclude<Task, 'regression'> = 'single-label',
): AsyncGenerator<LabelEvent, Float32Array> {
  const standardization = standardizationOf(train);
  standardize(train, standardization);
  const batchSize = Math.min(64, train.rows);
  const epochs = Math.max(2, Math.min(60, Math.ceil(steps / Math.ceil(train.rows / batchSize))));
  const training = {
    ...usual,
    train,
    classes,
    objective: plainObjective(task),
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
      const logits = headLogits(weights, some);
      probabilities.set(
        task === 'multi-label' ? sigmoids(logits) : softmaxRows(logits, classes),
        start * classes,
      );
      yield { done: start + length, total: features.rows };
      signal?.throwIfAborted();
    }
    return probabilities;
  }
  throw new Error('No answers came of the head.');
}

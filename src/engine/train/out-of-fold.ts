import { headLogits } from './assemble-model.ts';
import type { Candidate } from './choose-decay.ts';
import type { HeadGroup } from './head-model.ts';
import { trainHeads } from './train-heads.ts';
import type { HeadTraining } from './head-training.ts';

export type OutOfFoldEvent =
  | { readonly type: 'batch'; readonly done: number; readonly total: number }
  /** Logits [rows, classes], or standardized numbers [rows]. */
  | { readonly type: 'done'; readonly logits: Float32Array };

/** Optimizer steps that are enough for answers worth having, and the fewest and most epochs. */
const enough = { steps: 400, fewest: 2, most: 30 };

/**
 * What linear heads that did not learn from a photo answer for it: one head a fold is trained on all the other folds,
 * all of them side by side.
 *
 * @param task its `train` holds one row a photo; `objective` absent: one class a photo
 * @param candidate how strongly the heads are regularized, and what they read
 * @param folds the fold of each photo, 0, 1, ...; photos of one group share a fold
 * @yields progress, then the answers
 * @throws the signal's reason, within a batch of its abort
 */
export async function* outOfFold(
  task: Pick<
    HeadTraining,
    'train' | 'classes' | 'objective' | 'optimizer' | 'learningRate' | 'warmup' | 'batchSize' | 'seed'
  >,
  candidate: Candidate,
  folds: ArrayLike<number>,
  signal?: AbortSignal,
): AsyncGenerator<OutOfFoldEvent, void> {
  const { train, classes } = task;
  const foldOf = Array.from(folds);
  const count = foldOf.reduce((a, b) => Math.max(a, b), 0) + 1;
  const groups = Array.from({ length: count }, (_, held): HeadGroup => ({
    ...candidate,
    mask: Uint8Array.from(foldOf, (fold) => (fold === held ? 0 : 1)),
  }));
  const wanted = Math.ceil(enough.steps / Math.ceil(train.rows / task.batchSize));
  const epochs = Math.min(enough.most, Math.max(enough.fewest, wanted));
  const training = { ...task, groups, epochs, hidden: [], patience: Infinity };
  for await (const event of trainHeads(training, signal)) {
    if (event.type === 'batch') yield { type: 'batch', done: event.done, total: event.total };
    if (event.type !== 'done') continue;
    const logits = new Float32Array(train.rows * classes);
    for (const [row, fold] of foldOf.entries()) {
      const head = event.heads[fold];
      if (head === undefined) continue;
      const data = train.data.subarray(row * train.columns, (row + 1) * train.columns);
      logits.set(headLogits(head.weights, { rows: 1, columns: train.columns, data }), row * classes);
    }
    yield { type: 'done', logits };
  }
}

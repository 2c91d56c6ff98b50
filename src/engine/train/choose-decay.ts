import type { OptimizerKind } from '../../contract/train.ts';
import type { HeadGroup } from './head-model.ts';
import { trainHeads } from './train-heads.ts';
import type { HeadTraining } from './head-training.ts';

/** One way to regularize a head. */
export interface Candidate {
  readonly weightDecay: number;
  /** The head reads only the first so many columns of the features. */
  readonly columns: number;
}

export interface Comparison {
  readonly candidate: Candidate;
  /** Mean loss in nats on photos the head did not learn from. */
  readonly loss: number;
  readonly accuracy: number;
}

export type ChooseEvent =
  | { readonly type: 'batch'; readonly done: number; readonly total: number }
  | { readonly type: 'done'; readonly comparisons: readonly Comparison[] };

/**
 * Weight decays worth comparing, for standardized features, from weak to strong. Where the decay goes through the
 * gradient it is another quantity, so the numbers are others. Measured on flowers and hymenoptera with MobileNetV2;
 * outside of these ranges validation loss got worse on both.
 */
export const weightDecays: Readonly<Record<OptimizerKind, readonly number[]>> = {
  adamw: [0.3, 1, 3, 10],
  adam: [0.01, 0.03, 0.1, 0.3],
  momentum: [0.01, 0.03, 0.1, 0.3],
  sgd: [0.01, 0.03, 0.1, 0.3],
  rmsprop: [0.01, 0.03, 0.1, 0.3],
};

/** What is taken when there are too few photos to compare anything. */
export const usualDecays: Readonly<Record<OptimizerKind, number>> = {
  adamw: 1,
  adam: 0.1,
  momentum: 0.1,
  sgd: 0.1,
  rmsprop: 0.1,
};

/** Every combination of weight decay and number of columns. */
export function candidatesFor(decays: readonly number[], columns: readonly number[]): Candidate[] {
  return columns.flatMap((count) => decays.map((weightDecay) => ({ weightDecay, columns: count })));
}

/** Epochs of the comparison: enough to rank candidates. */
const comparisonEpochs = 30;

/**
 * Compares candidates by k-fold cross-validation on the training photos alone, so that the validation photos
 * stay unseen. All candidates of all folds are trained side by side as one wide linear layer.
 *
 * @param task its `train` holds one row a photo: other views would only take time
 * @param folds the fold of each photo, 0, 1, ...; photos of one group share a fold
 * @yields progress, then the comparisons, best (lowest loss) first
 */
export async function* crossValidate(
  task: Omit<HeadTraining, 'groups' | 'val' | 'resume' | 'hidden' | 'patience'>,
  candidates: readonly Candidate[],
  folds: ArrayLike<number>,
  signal?: AbortSignal,
): AsyncGenerator<ChooseEvent, void> {
  const { train } = task;
  const foldOf = Array.from(folds);
  const foldCount = Math.max(...foldOf) + 1;
  const groups: HeadGroup[] = candidates.flatMap((candidate) =>
    Array.from({ length: foldCount }, (_, held) => ({
      ...candidate,
      mask: Uint8Array.from(foldOf, (fold) => (fold === held ? 0 : 1)),
      valMask: Uint8Array.from(foldOf, (fold) => (fold === held ? 1 : 0)),
    })),
  );
  const epochs = Math.min(task.epochs, comparisonEpochs);
  const training = {
    ...task,
    epochs,
    val: train,
    groups,
    hidden: [],
    patience: Infinity,
    // A rate that follows the validation needs to know of it.
    checkEvery: task.schedule === 'plateau' ? 1 : epochs,
  };
  for await (const event of trainHeads(training, signal)) {
    if (event.type === 'batch') yield { type: 'batch', done: event.done, total: event.total };
    if (event.type !== 'done') continue;
    const last = event.history.at(-1)?.groups ?? [];
    const comparisons = candidates.map((candidate, index) => {
      let loss = 0;
      let accuracy = 0;
      for (let held = 0; held < foldCount; held++) {
        const share = foldOf.filter((fold) => fold === held).length / foldOf.length;
        const progress = last[index * foldCount + held];
        loss += share * (progress?.valLoss ?? Number.NaN);
        accuracy += share * (progress?.valAccuracy ?? Number.NaN);
      }
      return { candidate, loss, accuracy };
    });
    // One that diverged has no loss, and comes last.
    const rank = ({ loss }: Comparison): number => (Number.isNaN(loss) ? Infinity : loss);
    yield {
      type: 'done',
      comparisons: comparisons.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0)),
    };
  }
}

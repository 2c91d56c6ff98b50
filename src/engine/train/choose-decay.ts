import type { FeatureMatrix } from './feature-matrix.ts';
import type { HeadGroup } from './head-model.ts';
import { trainHeads } from './train-heads.ts';
import type { HeadTraining } from './train-heads.ts';

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
 * Weight decays worth comparing, for standardized features: from hardly any to strong.
 * Measured on flowers and hymenoptera with AdamW; outside this range every one of them got worse.
 */
export const weightDecays = [0.3, 1, 3, 10] as const;

/** Every combination of weight decay and number of columns. */
export function candidatesFor(decays: readonly number[], columns: readonly number[]): Candidate[] {
  return columns.flatMap((count) => decays.map((weightDecay) => ({ weightDecay, columns: count })));
}

/**
 * Compares candidates by k-fold cross-validation on the training photos alone, so that the validation photos
 * stay unseen. All candidates of all folds are trained side by side as one wide linear layer.
 *
 * @param photos number of photos; the first `photos` rows of `train` are their plain views, the rest other views
 * @param photoOf the photo (0..photos-1) each row of `train` shows
 * @param folds the fold of each photo; photos of one group share a fold
 * @yields progress, then the comparisons, best (lowest loss) first
 */
export async function* crossValidate(
  task: Omit<HeadTraining, 'groups' | 'val' | 'resume' | 'hidden' | 'patience'>,
  candidates: readonly Candidate[],
  photos: number,
  photoOf: Int32Array,
  folds: ArrayLike<number>,
  signal?: AbortSignal,
): AsyncGenerator<ChooseEvent, void> {
  const { train } = task;
  const foldCount = Math.max(...Array.from(folds)) + 1;
  const groups: HeadGroup[] = candidates.flatMap((candidate) =>
    Array.from({ length: foldCount }, (_, fold) => ({
      ...candidate,
      mask: Uint8Array.from(photoOf, (photo) => (folds[photo] === fold ? 0 : 1)),
      valMask: Uint8Array.from({ length: photos }, (_unused, photo) => (folds[photo] === fold ? 1 : 0)),
    })),
  );
  const held = Array.from({ length: foldCount }, (_, fold) =>
    Array.from(folds).reduce((count, of) => count + (of === fold ? 1 : 0), 0),
  );
  const val: FeatureMatrix = {
    rows: photos,
    columns: train.columns,
    data: train.data.subarray(0, photos * train.columns),
    labels: train.labels.subarray(0, photos),
  };
  for await (const event of trainHeads({ ...task, val, groups, hidden: [], patience: Infinity }, signal)) {
    if (event.type === 'batch') yield { type: 'batch', done: event.done, total: event.total };
    if (event.type !== 'done') continue;
    const last = event.history.at(-1)?.groups ?? [];
    const comparisons = candidates.map((candidate, index) => {
      let loss = 0;
      let accuracy = 0;
      for (let fold = 0; fold < foldCount; fold++) {
        const share = (held[fold] ?? 0) / photos;
        const progress = last[index * foldCount + fold];
        loss += share * (progress?.valLoss ?? Number.NaN);
        accuracy += share * (progress?.valAccuracy ?? Number.NaN);
      }
      return { candidate, loss, accuracy };
    });
    yield { type: 'done', comparisons: comparisons.sort((a, b) => a.loss - b.loss) };
  }
}

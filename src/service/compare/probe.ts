import type { Photo } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { trainOptionsSchema } from '../../contract/train.ts';
import { standardizationOf, standardize, type FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { outOfFold } from '../../engine/train/out-of-fold.ts';
import { usualDecays } from '../../engine/train/choose-decay.ts';
import { plainObjective } from '../../engine/train/trusted-answers.ts';
import { knownOf, type Answering } from '../train/answering.ts';
import type { FeatureStore } from '../train/feature-store.ts';
import { headSettings } from '../train/settings.ts';
import { startTf } from '../train/start-tf.ts';

/** Photos to judge a backbone on; the same, in the same folds, for each. */
export interface ProbedPhotos {
  readonly photos: readonly Photo[];
  readonly answering: Answering;
  /** The fold of each photo. */
  readonly folds: Int32Array;
  readonly seed: number;
}

/**
 * What linear heads on a backbone's features answer for photos that they did not learn from.
 *
 * @param store holds the plain view of every photo
 * @yields steps of training done
 * @returns logits [photos, classes], or standardized numbers [photos]
 * @throws HolotypeError('storage') when features are gone from the cache meanwhile, the signal's reason
 */
export async function* probe(
  store: FeatureStore,
  columns: number,
  { photos, answering, folds, seed }: ProbedPhotos,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly done: number; readonly total: number }, Float32Array> {
  await startTf();
  const { task, outputs } = answering;
  const train = featuresOf(store, photos, columns, answering);
  const settings = headSettings(trainOptionsSchema.parse({ photos: '.', seed, task }), train.rows);
  const candidate = { weightDecay: usualDecays[settings.optimizer], columns };
  const training = { ...settings, train, classes: outputs, objective: plainObjective(task) };
  for await (const event of outOfFold(training, candidate, folds, signal)) {
    if (event.type === 'done') return event.logits;
    yield { done: event.done, total: event.total };
  }
  throw new HolotypeError('failed', 'No answers came of the heads.');
}

function featuresOf(
  store: FeatureStore,
  photos: readonly Photo[],
  columns: number,
  answering: Answering,
): FeatureMatrix {
  const data = new Float32Array(photos.length * columns);
  for (const [row, { id, path }] of photos.entries()) {
    const vector = store.get('plain', id);
    if (vector === undefined)
      throw new HolotypeError('storage', `The cached features of "${path}" are gone or damaged.`, {
        remedy: 'Compare again: they will be computed anew.',
      });
    data.set(vector, row * columns);
  }
  const matrix = { rows: photos.length, columns, data, ...knownOf(photos, answering) };
  standardize(matrix, standardizationOf(matrix));
  return matrix;
}

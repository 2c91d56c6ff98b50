import type { Photo } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { standardizationOf, standardize } from '../../engine/train/feature-matrix.ts';
import type { FeatureMatrix, Standardization } from '../../engine/train/feature-matrix.ts';
import { knownOf } from './answering.ts';
import type { Answering } from './answering.ts';
import type { FeatureStore, FeatureView } from './feature-store.ts';

/** Features as training takes them, standardized by what the training rows say. */
export interface Matrices {
  /** The plain views come first, one row a photo. */
  readonly train: FeatureMatrix;
  readonly val: FeatureMatrix | undefined;
  readonly test: FeatureMatrix | undefined;
  readonly standardization: Standardization;
  readonly answering: Answering;
}

/**
 * @param photos by split
 * @param trainViews views of every training photo, the plain one first
 * @param shared whether threads are to read the features, too: they then lie in memory that is handed on without a copy
 */
export function buildMatrices(
  store: FeatureStore,
  photos: {
    readonly train: readonly Photo[];
    readonly val: readonly Photo[];
    readonly test: readonly Photo[];
  },
  columns: number,
  trainViews: readonly FeatureView[],
  answering: Answering,
  shared = false,
): Matrices {
  const train = gather(store, photos.train, columns, trainViews, answering, shared);
  const standardization = standardizationOf(train);
  standardize(train, standardization);
  const [val, test] = [photos.val, photos.test].map((some) => {
    if (some.length === 0) return undefined;
    const matrix = gather(store, some, columns, ['plain'], answering, shared);
    standardize(matrix, standardization);
    return matrix;
  });
  return { train, val, test, standardization, answering };
}

function gather(
  store: FeatureStore,
  photos: readonly Photo[],
  columns: number,
  views: readonly FeatureView[],
  answering: Answering,
  shared: boolean,
): FeatureMatrix {
  const rows = photos.length * views.length;
  const bytes = rows * columns * Float32Array.BYTES_PER_ELEMENT;
  const data = new Float32Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  const known = knownOf(
    views.flatMap(() => photos),
    answering,
  );
  let row = 0;
  for (const view of views) {
    for (const photo of photos) {
      const vector = store.get(view, photo.id);
      if (vector === undefined)
        throw new HolotypeError('storage', `The cached features of "${photo.path}" are gone or damaged.`, {
          remedy: 'Train again: they will be computed anew.',
        });
      data.set(vector, row * columns);
      row += 1;
    }
  }
  return { rows, columns, data, ...known };
}

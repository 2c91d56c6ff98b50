import type { SavedModel } from '../../contract/saved-model.ts';
import { seededRandom, shuffled } from '../../engine/data/random.ts';
import { howUnlike, learnNovelty } from '../../engine/evaluate/unknown.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { featureTensor } from '../../engine/train/feature-tensor.ts';
import { encodeUnlike, unlikeFile, unlikeFormula } from '../unlike-photos.ts';
import type { Matrices } from './matrices.ts';
import type { Trained } from './train.ts';

/** With fewer photos to set the limit by it would be a guess. */
const fewest = 20;
/** So many tell it well enough; more would only take time. */
const most = 400;
/** Of photos like those it learned from this share is let pass. */
const share = 0.95;

/** What a saved model needs to tell photos that are unlike those it learned from. */
export interface LearnedUnlike {
  readonly about: NonNullable<SavedModel['unlike']>;
  /** The side file. */
  readonly file: Uint8Array;
}

/**
 * Learns which photos are like those of a training, and sets the limit by the validation photos: one in twenty of them
 * is beyond it. With several labels a photo, or a number, only the distance to the training photos counts.
 *
 * @yields between pieces of work
 * @returns undefined where there are too few validation photos to set a limit by
 * @throws the signal's reason
 */
export async function* learnUnlike(
  {
    divided,
    matrices,
    trunk,
    head,
    options,
  }: Pick<Trained, 'divided' | 'matrices' | 'trunk' | 'head' | 'options'>,
  signal?: AbortSignal,
): AsyncGenerator<void, LearnedUnlike | undefined> {
  const { val, train } = matrices;
  if (val === undefined || val.rows < fewest) return undefined;
  const { columns } = head.candidate;
  const { seed } = options;
  // Mirrored copies come behind the plain views, and would only take the place of other photos.
  const rows = divided.train.length;
  const features = plainFeatures({ ...train, rows }, columns, matrices);
  const single = options.task === 'single-label';
  const classes = single ? train.labels.subarray(0, rows).reduce((a, b) => Math.max(a, b), 0) + 1 : 1;
  const memberships = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++)
    memberships[row * classes + (single ? (train.labels[row] ?? 0) : 0)] = 1;
  const novelty = yield* learnNovelty({ rows, columns, data: features }, memberships, classes, seed, signal);

  const unlike = howUnlike(novelty);
  const asked = shuffled(Array(val.rows).keys(), seededRandom(seed)).slice(0, most);
  const known: number[] = [];
  for (const row of asked) {
    const one = {
      rows: 1,
      columns: val.columns,
      data: val.data.subarray(row * val.columns, (row + 1) * val.columns),
    };
    known.push(unlike(plainFeatures(one, columns, matrices)));
    if (known.length % 10 > 0) continue;
    yield;
    signal?.throwIfAborted();
  }
  known.sort((a, b) => a - b);
  const above = known[Math.min(known.length - 1, Math.ceil(known.length * share) - 1)] ?? 1;
  return {
    about: {
      version: 1,
      file: unlikeFile,
      features: featureTensor(trunk, columns),
      columns,
      gamma: novelty.gamma,
      above,
      share,
      how: unlikeFormula,
    },
    file: encodeUnlike(novelty),
  };
}

/** The first `columns` features of each row as the trunk gives them. @returns [rows, columns] */
function plainFeatures(
  { rows, columns: width, data }: Pick<FeatureMatrix, 'rows' | 'columns' | 'data'>,
  columns: number,
  { standardization: { mean, scale } }: Pick<Matrices, 'standardization'>,
): Float32Array {
  const plain = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++)
      plain[row * columns + c] = (data[row * width + c] as number) * scale + (mean[c] as number);
  return plain;
}

import type { SavedModel } from '../../contract/saved-model.ts';
import { plainView } from '../../engine/data/decode.ts';
import { seededRandom, shuffled } from '../../engine/data/random.ts';
import { drawKept, howUnlike, learnNovelty } from '../../engine/evaluate/unknown.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { featureTensor } from '../../engine/train/feature-tensor.ts';
import { encodeUnlike, unlikeFile, unlikeFormula } from '../unlike-photos.ts';
import type { Matrices } from './matrices.ts';
import { PhotoRunner } from './photo-runner.ts';
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

type Learning = Pick<
  Trained,
  'dataset' | 'divided' | 'matrices' | 'trunk' | 'policy' | 'head' | 'finetuned' | 'options'
>;

/**
 * Learns which photos are like those of a training, and sets the limit by the validation photos: one in twenty of them
 * is beyond it. With several labels a photo, or a number, only the distance to the training photos counts.
 *
 * @yields between pieces of work
 * @returns undefined where there are too few validation photos to set a limit by
 * @throws the signal's reason
 */
export async function* learnUnlike(
  trained: Learning,
  signal?: AbortSignal,
): AsyncGenerator<void, LearnedUnlike | undefined> {
  const { divided, matrices, trunk, head, options } = trained;
  const { val, train } = matrices;
  if (val === undefined || val.rows < fewest) return undefined;
  const { columns } = head.candidate;
  const { seed } = options;
  const kept = drawKept(divided.train.length, seed);
  const data = await trainingFeatures(trained, kept, signal);
  const single = options.task === 'single-label';
  const classes = single ? divided.train.reduce((most, { label }) => Math.max(most, label), 0) + 1 : 1;
  const memberships = new Float32Array(kept.length * classes);
  for (const [row, photo] of kept.entries())
    memberships[row * classes + (single ? (train.labels[photo] ?? 0) : 0)] = 1;
  const features = { rows: kept.length, columns, data };
  const novelty = yield* learnNovelty(features, memberships, classes, seed, signal);

  const unlike = howUnlike(novelty);
  const asked = shuffled(Array(val.rows).keys(), seededRandom(seed)).slice(0, most);
  const known: number[] = [];
  for (const row of asked) {
    known.push(unlike(plainFeatures(val, row, columns, matrices)));
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

/**
 * What the network that is saved makes of training photos in their plain view. After fine-tuning that is computed anew:
 * `matrices.train` is by the backbone as it was before.
 *
 * @param chosen places of the photos
 * @returns [chosen, columns]
 */
async function trainingFeatures(
  { dataset, divided, matrices, trunk, policy, head, finetuned }: Learning,
  chosen: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { columns } = head.candidate;
  const features = new Float32Array(chosen.length * columns);
  if (finetuned?.tuned === undefined) {
    for (const [row, photo] of chosen.entries())
      features.set(plainFeatures(matrices.train, photo, columns, matrices), row * columns);
    return features;
  }
  const photos = chosen.flatMap((place) => divided.train[place] ?? []);
  const runner = new PhotoRunner(trunk.graph, policy, dataset.roots);
  try {
    for await (const { place, vector } of runner.run(photos, () => plainView, signal))
      features.set(vector.subarray(0, columns), place * columns);
  } finally {
    await runner.close();
  }
  return features;
}

/** The first `columns` features of a row as the trunk gives them. */
function plainFeatures(
  { columns: width, data }: FeatureMatrix,
  row: number,
  columns: number,
  { standardization: { mean, scale } }: Matrices,
): Float32Array {
  const own = data.subarray(row * width, row * width + columns);
  return own.map((value, c) => value * scale + (mean[c] as number));
}

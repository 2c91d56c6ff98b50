import { displayPath, type Photo } from '../../contract/dataset.ts';
import { toErrorShape } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { Suspect } from '../../contract/suspects.ts';
import { stratifiedGroupFolds } from '../../engine/data/folds.ts';
import { likelyMistakes, type Said } from '../../engine/evaluate/mistakes.ts';
import { firstRows } from '../../engine/train/feature-matrix.ts';
import { outOfFold } from '../../engine/train/out-of-fold.ts';
import { plainObjective, trustedAnswers } from '../../engine/train/trusted-answers.ts';
import { writeSuspects } from '../../store/suspects.ts';
import { knownOf } from './answering.ts';
import { Progress } from './progress.ts';
import { startTf } from './start-tf.ts';
import type { Trained } from './train.ts';

/** Folds of the training photos. */
const foldCount = 4;

type Judged = Pick<
  Trained,
  'options' | 'dataset' | 'divided' | 'features' | 'matrices' | 'settings' | 'head' | 'run'
>;

/**
 * Finds photos whose labels or numbers are probably wrong and keeps them with the run. Every photo is judged by models
 * that did not learn from it: those of other splits by the trained model, training photos by linear heads on the
 * backbone's features, each trained on the other folds. Takes a tenth of the time that the head takes, or less.
 *
 * @param answers of the trained model: calibrated probabilities [photos of the split, classes], or numbers
 * @returns the list, the likeliest errors first
 * @throws the signal's reason; any other trouble costs the list, not the training
 */
export async function* findSuspects(
  judged: Judged,
  answers: { readonly val: Float32Array; readonly test: Float32Array },
  signal?: AbortSignal,
): AsyncGenerator<JobEventBody, readonly Suspect[]> {
  yield { type: 'stage', stage: 'report', message: 'Looking for labels that may be wrong' };
  try {
    const { dataset, divided, run } = judged;
    const train = yield* trainingAnswers(judged, signal);
    const photos = [...divided.train, ...divided.val, ...divided.test];
    const all = new Float32Array(train.length + answers.val.length + answers.test.length);
    all.set(train);
    all.set(answers.val, train.length);
    all.set(answers.test, train.length + answers.val.length);
    const suspects = likelyMistakes(all, saidOf(judged, photos)).flatMap(
      ({ index, ...mistake }): Suspect[] => {
        const photo = photos[index];
        return photo === undefined
          ? []
          : [{ photo: photo.id, path: displayPath(dataset.roots, photo), ...mistake }];
      },
    );
    await writeSuspects(run.folder, suspects);
    return suspects;
  } catch (error) {
    signal?.throwIfAborted();
    const message = `Labels could not be checked: ${toErrorShape(error).message}`;
    yield { type: 'warning', message };
    return [];
  }
}

/** What people said of photos. */
function saidOf(
  { options: { task }, dataset: { classes }, matrices }: Judged,
  photos: readonly Photo[],
): Said {
  const { labels, targets } = knownOf(photos, matrices.answering);
  const numbers = task === 'regression' ? photos.map(({ target = 0 }) => target) : targets;
  return { task, classes, labels, targets: numbers };
}

/** Calibrated probabilities, or numbers in their own units, of the training photos by heads that did not learn from them. */
async function* trainingAnswers(
  { divided, features, matrices, settings, head }: Judged,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Float32Array> {
  const { task, outputs, scale = { mean: 0, deviation: 1 } } = matrices.answering;
  // Mirrored copies come behind the plain views, and would only take time.
  const train = firstRows(features, divided.train.length, outputs);
  const groups = divided.trainGroups;
  const folds = stratifiedGroupFolds(
    train.labels,
    groups,
    Math.min(foldCount, new Set(groups).size),
    settings.seed,
  );
  await startTf();
  const progress = new Progress('report', 'steps');
  const training = { ...settings, train, classes: outputs, objective: plainObjective(task) };
  for await (const event of outOfFold(training, head.candidate, folds, signal)) {
    if (event.type === 'done') {
      const answers = trustedAnswers(event.logits, train, task, outputs);
      return task === 'regression' ? answers.map((value) => value * scale.deviation + scale.mean) : answers;
    }
    const body = progress.at(event.done, event.total);
    if (body !== undefined) yield body;
  }
  throw new Error('No answers came of the heads.');
}

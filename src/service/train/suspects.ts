import { displayPath } from '../../contract/dataset.ts';
import { toErrorShape } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { Suspect } from '../../contract/runs.ts';
import { stratifiedGroupFolds } from '../../engine/data/folds.ts';
import { fitTemperature, softmaxRows } from '../../engine/evaluate/calibration.ts';
import { likelyLabelErrors } from '../../engine/evaluate/suspects.ts';
import { outOfFold } from '../../engine/train/out-of-fold.ts';
import { writeSuspects } from '../../store/suspects.ts';
import { Progress } from './progress.ts';
import { startTf } from './start-tf.ts';
import type { Trained } from './train.ts';

/** Folds of the training photos. */
const foldCount = 4;

type Judged = Pick<Trained, 'dataset' | 'divided' | 'features' | 'settings' | 'head' | 'run'>;

/**
 * Finds photos whose labels are probably wrong and keeps them with the run. Every photo is judged by models that did not
 * learn from it: those of other splits by the trained model, training photos by linear heads on the backbone's features,
 * each trained on the other folds. Takes a tenth of the time that the head takes, or less.
 *
 * @param answers calibrated probabilities of the trained model, [photos of the split, classes]
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
    const { classes, roots } = dataset;
    const train = yield* trainingAnswers(judged, signal);
    const photos = [...divided.train, ...divided.val, ...divided.test];
    const probabilities = new Float32Array(photos.length * classes.length);
    let start = 0;
    for (const part of [train, answers.val, answers.test]) {
      probabilities.set(part, start);
      start += part.length;
    }
    const labels = photos.map(({ label }) => label);
    const suspects = likelyLabelErrors(probabilities, labels, classes.length).flatMap(
      ({ index, given, suggested, score }): Suspect[] => {
        const photo = photos[index];
        if (photo === undefined) return [];
        return [
          {
            photo: photo.id,
            path: displayPath(roots, photo),
            given: classes[given] ?? '',
            suggested: classes[suggested] ?? '',
            score,
          },
        ];
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

/** Calibrated probabilities of the training photos by heads that did not learn from them. */
async function* trainingAnswers(
  { dataset, divided, features, settings, head }: Judged,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Float32Array> {
  const classes = dataset.classes.length;
  const rows = divided.train.length;
  const { columns, data, labels: all } = features;
  // Mirrored copies come behind the plain views, and would only take time.
  const labels = all.subarray(0, rows);
  const train = { rows, columns, data: data.subarray(0, rows * columns), labels };
  const groups = divided.trainGroups;
  const folds = stratifiedGroupFolds(
    labels,
    groups,
    Math.min(foldCount, new Set(groups).size),
    settings.seed,
  );
  await startTf();
  const progress = new Progress('report', 'steps');
  for await (const event of outOfFold({ ...settings, train, classes }, head.candidate, folds, signal)) {
    if (event.type === 'done')
      return softmaxRows(event.logits, classes, fitTemperature(event.logits, labels, classes));
    const body = progress.at(event.done, event.total);
    if (body !== undefined) yield body;
  }
  throw new Error('No answers came of the heads.');
}

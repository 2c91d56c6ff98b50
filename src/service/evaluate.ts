import { classesOf, displayPath } from '../contract/dataset.ts';
import { HolotypeError } from '../contract/errors.ts';
import type { Metrics } from '../contract/metrics.ts';
import type { EvaluateResult } from '../contract/predict.ts';
import type { SavedModel } from '../contract/saved-model.ts';
import { evaluateClassifier } from '../engine/evaluate/metrics.ts';
import { evaluateLabels } from '../engine/evaluate/multi-label.ts';
import { evaluateNumbers } from '../engine/evaluate/numbers.ts';
import { openDataset } from './dataset.ts';
import { answerOf, classify } from './predict.ts';
import type { PhotoFile } from './predict.ts';
import type { OpenedModel } from './saved-model.ts';

/** Smaller probabilities count as this when they are turned back into logits. */
const smallest = 1e-12;

/**
 * Judges a saved model on labelled photos: those in test/ where there are any, else those in val/, else all.
 *
 * @throws HolotypeError('bad-input') when no photo is of a class the model knows
 */
export async function evaluate(
  model: OpenedModel,
  photos: string,
  options: { labels?: string; signal?: AbortSignal; onProgress?: (done: number, total: number) => void } = {},
): Promise<EvaluateResult> {
  const { about } = model;
  const dataset = await openDataset(photos, {
    minClasses: 1,
    task: about.task,
    ...(options.labels === undefined ? {} : { labelsCsv: options.labels }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const has = (split: string): boolean => dataset.photos.some((photo) => photo.split === split);
  const split = has('test') ? 'test' : has('val') ? 'val' : 'all';
  const warnings = dataset.warnings.map(({ message }) => message);
  const skipped = dataset.skipped.map(({ path, reason }) => ({ path, reason }));

  const labelOf = dataset.classes.map((name) => about.classes.indexOf(name));
  const strangers = dataset.classes.filter((_, index) => labelOf[index] === -1);
  if (strangers.length > 0)
    warnings.push(`The model does not know ${strangers.map((name) => `"${name}"`).join(', ')}: left out.`);
  const files = new Map<PhotoFile, Truth>();
  for (const photo of dataset.photos) {
    const labels = classesOf(photo).flatMap((label) => {
      const known = labelOf[label] ?? -1;
      return known === -1 ? [] : [known];
    });
    const strange = about.task === 'single-label' && labels.length === 0;
    if (strange || (split !== 'all' && photo.split !== split)) continue;
    const root = dataset.roots[photo.root] ?? '';
    const file = { path: displayPath(dataset.roots, photo), root, name: photo.path, bytes: photo.bytes };
    files.set(file, { labels, target: photo.target ?? 0 });
  }
  if (files.size === 0)
    throw new HolotypeError('bad-input', `No photo in "${photos}" is of a class this model knows.`, {
      remedy:
        about.task === 'regression'
          ? 'It predicts a number: give a table with --labels, with a column "target".'
          : `Its classes are ${about.classes.join(', ')}.`,
    });

  const answers: number[] = [];
  const truths: Truth[] = [];
  const unknown = { photos: 0, wrong: 0 };
  let done = 0;
  for await (const outcome of classify(model, [...files.keys()], options.signal)) {
    done += 1;
    options.onProgress?.(done, files.size);
    const truth = files.get(outcome.file);
    if ('reason' in outcome) skipped.push({ path: outcome.file.path, reason: outcome.reason });
    else if (truth !== undefined) {
      truths.push(truth);
      for (const value of outcome.answers.outputs) answers.push(value);
      const answer = answerOf(model, outcome.answers);
      if (answer.unknown) {
        unknown.photos += 1;
        if (answer.label !== about.classes[truth.labels[0] ?? 0]) unknown.wrong += 1;
      }
    }
  }
  if (truths.length === 0)
    throw new HolotypeError('bad-input', `No photo in "${photos}" could be read any more.`, {
      remedy: 'Check that the drive with the photos is connected.',
    });
  const metrics = metricsOf(about, answers, truths);
  const { task, classes } = about;
  const told = task === 'single-label' ? { unknown } : { task };
  return { model: model.folder, ...told, classes, split, metrics, skipped, warnings };
}

/** What is known of a photo: indices into the model's classes, or a number. */
interface Truth {
  readonly labels: readonly number[];
  readonly target: number;
}

/** @param answers of the model: [photos, classes] of probabilities, or one number a photo */
function metricsOf(about: SavedModel, answers: readonly number[], truths: readonly Truth[]): Metrics {
  const { task, classes, seed } = about;
  if (task === 'regression')
    return evaluateNumbers(
      answers,
      truths.map(({ target }) => target),
      seed,
    );
  if (task === 'multi-label') {
    const targets = new Float32Array(answers.length);
    for (const [row, { labels }] of truths.entries())
      for (const label of labels) targets[row * classes.length + label] = 1;
    const bounded = answers.map((p) => Math.min(1 - smallest, Math.max(smallest, p)));
    const logits = Float32Array.from(bounded, (p) => Math.log(p / (1 - p)));
    const { thresholds = classes.map(() => 0.5) } = about;
    return evaluateLabels({ logits, targets, classes, thresholds, seed });
  }
  return evaluateClassifier({
    logits: Float32Array.from(answers, (p) => Math.log(Math.max(smallest, p))),
    labels: Int32Array.from(truths, ({ labels }) => labels[0] ?? 0),
    classes,
    seed,
  });
}

import { displayPath } from '../contract/dataset.ts';
import { HolotypeError } from '../contract/errors.ts';
import type { EvaluateResult } from '../contract/predict.ts';
import { evaluateClassifier } from '../engine/evaluate/metrics.ts';
import { openDataset } from './dataset.ts';
import { classify } from './predict.ts';
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
  const files = new Map<PhotoFile, number>();
  for (const photo of dataset.photos) {
    const label = labelOf[photo.label] ?? -1;
    if (label === -1 || (split !== 'all' && photo.split !== split)) continue;
    const root = dataset.roots[photo.root] ?? '';
    files.set({ path: displayPath(dataset.roots, photo), root, name: photo.path, bytes: photo.bytes }, label);
  }
  if (files.size === 0)
    throw new HolotypeError('bad-input', `No photo in "${photos}" is of a class this model knows.`, {
      remedy: `Its classes are ${about.classes.join(', ')}.`,
    });

  const logits: number[] = [];
  const labels: number[] = [];
  let done = 0;
  for await (const outcome of classify(model, [...files.keys()], options.signal)) {
    done += 1;
    options.onProgress?.(done, files.size);
    if ('reason' in outcome) {
      skipped.push({ path: outcome.file.path, reason: outcome.reason });
      continue;
    }
    labels.push(files.get(outcome.file) ?? 0);
    for (const value of outcome.probabilities) logits.push(Math.log(Math.max(smallest, value)));
  }
  if (labels.length === 0)
    throw new HolotypeError('bad-input', `No photo in "${photos}" could be read any more.`, {
      remedy: 'Check that the drive with the photos is connected.',
    });
  const metrics = evaluateClassifier({
    logits: Float32Array.from(logits),
    labels: Int32Array.from(labels),
    classes: about.classes,
    seed: about.seed,
  });
  return { model: model.folder, classes: about.classes, split, metrics, skipped, warnings };
}

import { classesOf, displayPath } from '../../contract/dataset.ts';
import type { RunPhoto } from '../../contract/runs.ts';
import { answerIn } from '../../engine/evaluate/answer.ts';
import type { Trained } from './train.ts';

/**
 * What the trained model answers for the photos of a split.
 *
 * @param answers calibrated probabilities [photos of the split, classes], or numbers [photos]
 * @param thresholds with several labels a photo
 */
export function* answersFor(
  { dataset, divided, options }: Pick<Trained, 'dataset' | 'divided' | 'options'>,
  split: 'val' | 'test',
  answers: Float32Array,
  thresholds?: readonly number[],
): Generator<RunPhoto, void> {
  const { classes, roots } = dataset;
  const { task } = options;
  const outputs = task === 'regression' ? 1 : classes.length;
  for (const [row, photo] of divided[split].entries()) {
    const own = answers.subarray(row * outputs, (row + 1) * outputs);
    const { label, labels, value, confidence } = answerIn({ task, classes, thresholds }, own);
    const known = classesOf(photo).map((one) => classes[one] ?? '');
    const truth = photo.target ?? 0;
    yield {
      photo: photo.id,
      path: displayPath(roots, photo),
      split,
      truth: task === 'regression' ? `${truth}` : known.join('; '),
      predicted: label,
      ...(labels === undefined ? {} : { labels: { truth: known, predicted: labels } }),
      ...(value === undefined ? {} : { value: { truth, predicted: value } }),
      confidence,
      probabilities: task === 'regression' ? [] : [...own],
    };
  }
}

import { displayPath } from '../../contract/dataset.ts';
import type { RunPhoto } from '../../contract/runs.ts';
import { argmax } from '../../engine/evaluate/confusion.ts';
import type { Trained } from './train.ts';

/**
 * What the trained model answers for the photos of a split.
 *
 * @param probabilities calibrated, [photos of the split, classes]
 */
export function* answersFor(
  { dataset, divided }: Pick<Trained, 'dataset' | 'divided'>,
  split: 'val' | 'test',
  probabilities: Float32Array,
): Generator<RunPhoto, void> {
  const { classes, roots } = dataset;
  for (const [row, photo] of divided[split].entries()) {
    const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    const best = argmax(own);
    yield {
      photo: photo.id,
      path: displayPath(roots, photo),
      split,
      truth: classes[photo.label] ?? '',
      predicted: classes[best] ?? '',
      // A sum of rounded shares may be a hair above one.
      confidence: Math.min(1, own[best] ?? 0),
      probabilities: [...own],
    };
  }
}

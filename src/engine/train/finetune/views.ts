import { createHash } from 'node:crypto';
import { augmentations } from '../../../contract/augment.ts';
import type { Augmentation } from '../../../contract/augment.ts';
import { drawView } from '../../data/augment/draw-view.ts';
import type { View } from '../../data/decode.ts';
import { plainView } from '../../data/decode.ts';
import { seededRandom } from '../../data/random.ts';

/** Changes when the same seed, photo, view and augmentation would show something else. */
const version = 1;

/** Names a view in caches: equal names show the same of every photo. */
export function viewName(seed: number, view: number, augmentation = augmentations.standard): string {
  if (view === 0 || !changesAnything(augmentation)) return 'plain';
  const kind = nameOf(augmentation);
  return `${kind === nameOf(augmentations.standard) ? 'random' : kind} ${version} ${seed} ${view}`;
}

/**
 * The view of a photo that an epoch learns from: the first is the photo as it is, every other one is changed as the
 * augmentation says.
 *
 * It depends on nothing but these four, so that what was computed of it can be kept for other trainings.
 *
 * @param seed of the training
 * @param id content hash of the photo, in hex
 * @param view number of the view, from 0
 */
export function trainingView(
  seed: number,
  id: string,
  view: number,
  augmentation = augmentations.standard,
): View {
  if (view === 0) return plainView;
  const photo = Number.parseInt(id.slice(0, 8), 16);
  const random = seededRandom(
    Math.imul(seed, 0x9e3779b1) ^ Math.imul(photo, 0x85ebca6b) ^ Math.imul(view, 0xc2b2ae35),
  );
  return drawView(augmentation, random);
}

/** Whether any operation of an augmentation ever happens. */
export function changesAnything(augmentation: Augmentation): boolean {
  return operationsOf(augmentation).length > 0;
}

/** The operations that may happen, in a fixed order. */
function operationsOf({ headViews: _views, ...operations }: Augmentation): [string, unknown][] {
  return Object.entries(operations)
    .filter(([, operation]) => (operation?.probability ?? 0) > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function nameOf(augmentation: Augmentation): string {
  const sorted = operationsOf(augmentation).map(([name, operation]) => [
    name,
    Object.entries(operation as object).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return `augmented-${createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16)}`;
}

import type { Task } from '../../contract/project.ts';
import type { ExploreInput } from '../../engine/explore/explore.ts';

/** What is known of a photo that is looked through. */
export interface KnownPhoto {
  /** Its class, or the kind that folds are balanced by; absent or -1: nothing is said of it. */
  readonly label?: number | undefined;
  /** With several labels a photo: all of them. */
  readonly labels?: readonly number[] | undefined;
  /** With a number to predict. */
  readonly target?: number | undefined;
}

/** What people said of photos, as exploring takes it. */
export function saidOf(
  photos: readonly KnownPhoto[],
  task: Task,
  classes: readonly string[],
): Pick<ExploreInput, 'task' | 'classes' | 'labels' | 'targets'> {
  const labels = Int32Array.from(photos, ({ label = -1 }) => label);
  if (task === 'single-label') return { task, classes, labels };
  if (task === 'regression')
    return { task, classes: [], labels, targets: Float32Array.from(photos, ({ target = 0 }) => target) };
  const targets = new Float32Array(photos.length * classes.length);
  for (const [row, { labels: own = [] }] of photos.entries())
    for (const label of own) targets[row * classes.length + label] = 1;
  return { task, classes, labels, targets };
}

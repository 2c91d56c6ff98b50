/** What a model answers with, and what photos are to be answered with. */
import type { Photo } from '../../contract/dataset.ts';
import type { Task } from '../../contract/project.ts';

/** Where numbers to predict lie: a head answers in units of `deviation` around `mean`. */
export interface TargetScale {
  readonly mean: number;
  readonly deviation: number;
}

export interface Answering {
  readonly task: Task;
  /** Answers a photo: one a class or label, or one number. */
  readonly outputs: number;
  /** For numbers. */
  readonly scale?: TargetScale;
}

/** @param train the training photos, whose numbers set the scale */
export function answeringOf(task: Task, classes: number, train: readonly Photo[]): Answering {
  if (task !== 'regression') return { task, outputs: classes };
  const targets = train.map(({ target = 0 }) => target);
  const n = Math.max(1, targets.length);
  const mean = targets.reduce((sum, target) => sum + target, 0) / n;
  const variance = targets.reduce((sum, target) => sum + (target - mean) ** 2, 0) / n;
  return { task, outputs: 1, scale: { mean, deviation: Math.sqrt(variance) || 1 } };
}

/** Labels and targets of photos as training takes them, see `FeatureMatrix`. */
export function knownOf(
  photos: readonly Photo[],
  { task, outputs, scale }: Answering,
): { labels: Int32Array; targets?: Float32Array } {
  const labels = Int32Array.from(photos, ({ label }) => label);
  if (task === 'single-label') return { labels };
  const targets = new Float32Array(photos.length * outputs);
  photos.forEach(({ labels: own = [], target = 0 }, row) => {
    if (task === 'regression') targets[row] = (target - (scale?.mean ?? 0)) / (scale?.deviation ?? 1);
    else for (const label of own) targets[row * outputs + label] = 1;
  });
  return { labels, targets };
}

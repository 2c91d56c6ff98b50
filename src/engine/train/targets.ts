/** What rows of features are to be answered with, and how much each counts. */
import type { FeatureMatrix } from './feature-matrix.ts';
import type { Objective } from './losses.ts';

/** What is known of rows: [rows, outputs] of targets, or one class index a row. */
export interface Known {
  readonly labels: FeatureMatrix['labels'];
  readonly targets?: FeatureMatrix['targets'] | undefined;
}

export interface Wanted {
  /** [rows, outputs], smoothed. */
  readonly targets: Float32Array;
  /** One a row; absent: 1. */
  readonly rowWeights?: Float32Array;
  /** [rows, outputs]; absent: 1. */
  readonly labelWeights?: Float32Array;
}

/** The target of an output of a row, as it is, not smoothed. */
export function targetOf({ labels, targets }: Known, row: number, output: number, outputs: number): number {
  if (targets !== undefined) return targets[row * outputs + output] as number;
  return labels[row] === output ? 1 : 0;
}

/** How much a row counts, 1 where nothing else is said; a mixture of classes as the mean of theirs. */
export function weightOfRow({ task, weights }: Objective, { labels, targets }: Known, row: number): number {
  if (task !== 'single-label' || weights === undefined) return 1;
  const { present } = weights;
  if (targets === undefined) return present[labels[row] as number] ?? 1;
  return present.reduce((sum, weight, c) => sum + weight * (targets[row * present.length + c] ?? 0), 0);
}

/** How much a label of a photo counts. @param target whether the photo has it, 0 or 1 */
export function weightOfLabel({ task, weights }: Objective, output: number, target: number): number {
  if (task !== 'multi-label' || weights === undefined) return 1;
  return (target > 0.5 ? weights.present[output] : weights.absent?.[output]) ?? 1;
}

/** @param outputs answers of the head a row: classes, labels, or 1 */
export function wantedOf(
  objective: Objective,
  known: Known,
  rows: readonly number[],
  outputs: number,
): Wanted {
  const { task, labelSmoothing, weights } = objective;
  const smoothed = smoother(task, labelSmoothing, outputs);
  const targets = new Float32Array(rows.length * outputs);
  const labelWeights = task === 'multi-label' && weights !== undefined ? targets.slice() : undefined;
  rows.forEach((row, i) => {
    for (let output = 0; output < outputs; output++) {
      const target = targetOf(known, row, output, outputs);
      targets[i * outputs + output] = smoothed(target);
      if (labelWeights !== undefined)
        labelWeights[i * outputs + output] = weightOfLabel(objective, output, target);
    }
  });
  return {
    targets,
    ...(labelWeights === undefined ? {} : { labelWeights }),
    ...(task === 'single-label' && weights !== undefined
      ? { rowWeights: Float32Array.from(rows, (row) => weightOfRow(objective, known, row)) }
      : {}),
  };
}

/** Label smoothing (Szegedy et al. 2016): to all classes alike, or between a label's yes and no. */
function smoother(task: Objective['task'], smoothing: number, outputs: number): (target: number) => number {
  if (smoothing === 0 || task === 'regression') return (target) => target;
  const share = smoothing / (task === 'single-label' ? outputs : 2);
  return (target) => target * (1 - smoothing) + share;
}

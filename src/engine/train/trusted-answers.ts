import { lossesFor } from '../../contract/losses.ts';
import type { Task } from '../../contract/project.ts';
import { fitTemperature, softmaxRows } from '../evaluate/calibration.ts';
import { sigmoids } from '../evaluate/logistic.ts';
import { fitLabelTemperature } from '../evaluate/multi-label.ts';
import type { Objective } from './losses.ts';
import type { Known } from './targets.ts';

/**
 * What small heads learn by that are to judge photos, not to be kept. Of numbers the Huber loss, so that a wrong one does
 * not draw the others along.
 */
export function plainObjective(task: Task): Objective {
  return { task, loss: { kind: task === 'regression' ? 'huber' : lossesFor[task][0] }, labelSmoothing: 0 };
}

/**
 * Answers of heads that did not learn from a photo, as sure as they may be: probabilities with the temperature that fits
 * them best, or numbers as they are.
 *
 * @param outputs [rows, classes]: logits, or standardized numbers [rows]
 */
export function trustedAnswers(
  outputs: Float32Array,
  known: Known,
  task: Task,
  classes: number,
): Float32Array {
  if (task === 'regression') return outputs;
  if (task === 'multi-label')
    return sigmoids(outputs, fitLabelTemperature(outputs, known.targets ?? new Float32Array()));
  return softmaxRows(outputs, classes, fitTemperature(outputs, known.labels, classes));
}

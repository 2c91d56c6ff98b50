import { argmax } from '../evaluate/confusion.ts';
import { lossOfRow } from './losses.ts';
import type { Objective } from './losses.ts';
import { targetOf, weightOfLabel, weightOfRow } from './targets.ts';
import type { Known } from './targets.ts';

/**
 * Whether an answer is right: the likeliest class is the photo's, or all its labels are told apart from those it has
 * not. NaN for numbers, which are never quite right.
 */
export function isRight(
  { task }: Pick<Objective, 'task'>,
  answers: Float32Array,
  start: number,
  known: Known,
  row: number,
  outputs: number,
): number {
  if (task === 'regression') return Number.NaN;
  if (task === 'single-label') return argmax(answers, start, outputs) === known.labels[row] ? 1 : 0;
  for (let output = 0; output < outputs; output++) {
    if ((answers[start + output] as number) > 0 !== targetOf(known, row, output, outputs) > 0.5) return 0;
  }
  return 1;
}

/** The objective's loss of an answer without label smoothing, in float64. @param start of the row's answers */
export function judgedLoss(
  objective: Objective,
  answers: Float32Array,
  start: number,
  known: Known,
  row: number,
  outputs: number,
): number {
  const target = (output: number): number => targetOf(known, row, output, outputs);
  const loss = lossOfRow(answers, start, outputs, target, objective, (output) =>
    weightOfLabel(objective, output, target(output)),
  );
  return weightOfRow(objective, known, row) * loss;
}

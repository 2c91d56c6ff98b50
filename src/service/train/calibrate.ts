import { fitTemperature } from '../../engine/evaluate/calibration.ts';

/** Mistakes it takes to believe that a model is less sure than it should be. */
const mistakesToSharpen = 5;

/**
 * The temperature to divide logits by. Making a model surer (below 1) needs evidence: where validation has hardly a
 * mistake, any sharpening looks right, so it is left at 1.
 */
export function calibrate(logits: Float32Array, labels: Int32Array, classes: number): number {
  if (labels.length === 0) return 1;
  const temperature = fitTemperature(logits, labels, classes);
  if (temperature >= 1) return temperature;
  let mistakes = 0;
  for (const [row, label] of labels.entries()) if (top(logits, row, classes) !== label) mistakes += 1;
  return mistakes >= mistakesToSharpen ? temperature : 1;
}

/**
 * The confidence below which an answer is called unknown: the one that 98% of the right answers on validation reach.
 *
 * @returns 0..1; without a right answer 0, which calls nothing unknown
 */
export function unknownThreshold(probabilities: Float32Array, labels: Int32Array, classes: number): number {
  const confidences: number[] = [];
  for (const [row, label] of labels.entries()) {
    const best = top(probabilities, row, classes);
    if (best === label) confidences.push(probabilities[row * classes + best] as number);
  }
  confidences.sort((a, b) => a - b);
  return confidences[Math.floor(confidences.length * 0.02)] ?? 0;
}

function top(values: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) {
    if ((values[row * classes + c] as number) > (values[row * classes + best] as number)) best = c;
  }
  return best;
}

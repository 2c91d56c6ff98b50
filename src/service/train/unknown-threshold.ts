import { argmax } from '../../engine/evaluate/confusion.ts';

/**
 * The confidence below which an answer is called unknown: the one that 98% of the right answers on validation reach.
 *
 * @returns 0..1; without a right answer 0, which calls nothing unknown
 */
export function unknownThreshold(probabilities: Float32Array, labels: Int32Array, classes: number): number {
  const confidences: number[] = [];
  for (const [row, label] of labels.entries()) {
    const best = argmax(probabilities, row * classes, classes);
    if (best === label) confidences.push(probabilities[row * classes + best] as number);
  }
  confidences.sort((a, b) => a - b);
  return confidences[Math.floor(confidences.length * 0.02)] ?? 0;
}

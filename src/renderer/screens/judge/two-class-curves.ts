import type { RunPhoto } from '../../../contract/runs.ts';

/** What becomes of the answers of a model of two classes when "yes" is said from some probability on. */
export interface CurvePoint {
  /** "Yes" from this probability on; Infinity: never. */
  readonly threshold: number;
  /** Of the photos that are "yes", the part that is found (recall, true positive rate). */
  readonly found: number;
  /** Of the photos that are "no", the part called "yes" (false positive rate). */
  readonly falseAlarms: number;
  /** Of the photos called "yes", the part that is; null while none is. */
  readonly precision: number | null;
}

/**
 * The points of the ROC and precision-recall curves, the strictest threshold first; photos of the same probability
 * make one point. Empty when the photos are all of one class: then there is nothing to tell apart.
 * @param at which of the two classes is "yes"
 */
export function twoClassCurve(photos: readonly RunPhoto[], positive: string, at: number): CurvePoint[] {
  const scored = photos
    .map(({ probabilities, truth }) => ({ score: probabilities[at] ?? 0, yes: truth === positive }))
    .toSorted((a, b) => b.score - a.score);
  const yes = scored.filter((photo) => photo.yes).length;
  const no = scored.length - yes;
  if (yes === 0 || no === 0) return [];
  const points: CurvePoint[] = [{ threshold: Infinity, found: 0, falseAlarms: 0, precision: null }];
  let [hits, misses] = [0, 0];
  scored.forEach((photo, place) => {
    if (photo.yes) hits += 1;
    else misses += 1;
    if (scored[place + 1]?.score === photo.score) return;
    points.push({
      threshold: photo.score,
      found: hits / yes,
      falseAlarms: misses / no,
      precision: hits / (hits + misses),
    });
  });
  return points;
}

/** The point of a curve that holds at a threshold. */
export function pointAt(curve: readonly CurvePoint[], threshold: number): CurvePoint | undefined {
  return curve.findLast((point) => point.threshold >= threshold);
}

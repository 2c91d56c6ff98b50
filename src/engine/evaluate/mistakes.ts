/** What people probably said wrong of photos, whatever the task. */
import type { Task } from '../../contract/project.ts';
import type { Mistake } from '../../contract/suspects.ts';
import { quantile } from './intervals.ts';
import { likelyLabelErrors } from './suspects.ts';

/** What was said of photos. */
export interface Said {
  readonly task: Task;
  /** Names of classes or labels, in the order of the answers; none for numbers. */
  readonly classes: readonly string[];
  /** Class of each photo, for one class a photo. */
  readonly labels: ArrayLike<number>;
  /** [photos, classes] 0 or 1 for several labels, or [photos] numbers in their own units. */
  readonly targets?: ArrayLike<number> | undefined;
}

/** A mistake and the row of its photo. */
export type Found = Mistake & { readonly index: number };

/** Labels that so few photos have (or lack), and so few numbers, say too little about the others. */
const fewestPhotos = 5;
const fewestNumbers = 10;
/** So many times as many labels are listed as confident learning is sure of; see `likelyLabelErrors`. */
const listed = 3;
/** Numbers are listed whose error is so many robust standard deviations or more from the usual one. */
const limit = 3;
/** Standard deviations in a median absolute deviation of normally distributed values. */
const normal = 0.6745;

/**
 * What is probably wrong, the likeliest first.
 *
 * @param answers of models that did not learn from the photo: probabilities [photos, classes], or numbers [photos]
 */
export function likelyMistakes(answers: Float32Array, said: Said): Found[] {
  const { task, classes, labels, targets = [] } = said;
  if (task === 'regression') return wrongNumbers(answers, targets);
  if (task === 'multi-label') return wrongLabels(answers, targets, classes);
  return likelyLabelErrors(answers, labels, classes.length).map(({ index, given, suggested, score }) => ({
    index,
    given: classes[given] ?? '',
    suggested: classes[suggested] ?? '',
    score,
  }));
}

/**
 * Confident learning label by label (Northcutt, Jiang, Chuang 2021, see `likelyLabelErrors`; label by label as in
 * Thyagarajan et al., "Identifying Incorrect Annotations in Multi-Label Classification Data", 2022,
 * https://arxiv.org/abs/2211.13895): having a label and not having it are the two classes. The threshold of either is the
 * mean probability of it among the photos said to be so. It is surely wrong when the probability of the other reaches the
 * other's threshold while its own stays below its own. Ranked by the normalized margin of the two, each divided by its
 * threshold.
 *
 * @param probabilities [photos, classes], of models that did not learn from the photo
 * @param targets [photos, classes], 0 or 1
 */
export function wrongLabels(
  probabilities: Float32Array,
  targets: ArrayLike<number>,
  classes: readonly string[],
): Found[] {
  const width = classes.length;
  const photos = width === 0 ? 0 : probabilities.length / width;
  const found: Found[] = [];
  let sure = 0;
  for (const [label, name] of classes.entries()) {
    const has = (photo: number): boolean => (targets[photo * width + label] as number) > 0.5;
    const p = (photo: number): number => probabilities[photo * width + label] as number;
    let [present, ofPresent, ofAbsent] = [0, 0, 0];
    for (let photo = 0; photo < photos; photo++)
      if (has(photo)) {
        present += 1;
        ofPresent += p(photo);
      } else ofAbsent += 1 - p(photo);
    const absent = photos - present;
    if (present < fewestPhotos || absent < fewestPhotos) continue;
    const [yes, no] = [ofPresent / present, ofAbsent / absent];
    for (let index = 0; index < photos; index++) {
      const [asYes, asNo] = [p(index) / (yes || Infinity), (1 - p(index)) / (no || Infinity)];
      const extra = has(index);
      const [own, other] = extra ? [asYes, asNo] : [asNo, asYes];
      if (!(other > own)) continue;
      if (own < 1 && other >= 1) sure += 1;
      found.push({
        index,
        given: extra ? name : `not ${name}`,
        suggested: extra ? `not ${name}` : name,
        score: (other - own) / (other + own),
        label: {
          name,
          seems: extra ? 'extra' : 'missing',
          confidence: extra ? 1 - p(index) : p(index),
        },
      });
    }
  }
  return found.sort((a, b) => b.score - a.score || a.index - b.index).slice(0, listed * sure);
}

/**
 * Numbers far from what is predicted: outliers among the errors by the robust z-score 0.6745 (e - median) / MAD, where MAD
 * is the median absolute deviation of the errors (Iglewicz & Hoaglin, "How to Detect and Handle Outliers", 1993). The
 * score is 0 at a z-score of 3 and grows to 1.
 *
 * @param predicted by models that did not learn from the photo, in the numbers' own units
 * @param given what was said of each photo
 */
export function wrongNumbers(predicted: ArrayLike<number>, given: ArrayLike<number>): Found[] {
  const errors = Array.from(given, (value, photo) => value - (predicted[photo] as number));
  const middle = median(errors);
  const spread = median(errors.map((error) => Math.abs(error - middle)));
  // Where most errors are the same no other one can be called unusual.
  if (errors.length < fewestNumbers || !(spread > 0)) return [];
  return errors
    .flatMap((error, index): Found[] => {
      const deviations = (normal * (error - middle)) / spread;
      if (!(Math.abs(deviations) > limit)) return [];
      const own = given[index] as number;
      const said = predicted[index] as number;
      return [
        {
          index,
          given: inWords(own),
          suggested: inWords(said),
          score: 1 - limit / Math.abs(deviations),
          number: { given: own, predicted: Number(said.toPrecision(7)), deviations },
        },
      ];
    })
    .sort((a, b) => b.score - a.score || a.index - b.index);
}

const inWords = (value: number): string => `${Number(value.toPrecision(4))}`;

function median(values: readonly number[]): number {
  return (
    quantile(
      values.toSorted((a, b) => a - b),
      0.5,
    ) ?? 0
  );
}

import type { RunPhoto } from '../../../contract/runs.ts';

/**
 * Wrong answers, the worst first: what the model was surest of; with several labels those with the most wrong ones; of
 * numbers, of which hardly one is quite right, all, the farthest off first.
 */
export function worstMistakes(photos: readonly RunPhoto[]): RunPhoto[] {
  const wrong = new Map(photos.map((photo) => [photo, wrongness(photo)]));
  return photos
    .filter((photo) => (wrong.get(photo) ?? 0) > 0)
    .toSorted((a, b) => (wrong.get(b) ?? 0) - (wrong.get(a) ?? 0) || b.confidence - a.confidence);
}

/** How wrong an answer is: 0 for a right one. */
export function wrongness({ truth, predicted, labels, value }: RunPhoto): number {
  if (value !== undefined) return Math.abs(value.predicted - value.truth);
  if (labels === undefined) return truth === predicted ? 0 : 1;
  const missed = labels.truth.filter((name) => !labels.predicted.includes(name)).length;
  return missed + labels.predicted.filter((name) => !labels.truth.includes(name)).length;
}

/** All answers, the closest calls first: by how far the likeliest class is ahead of the next. */
export function mostUncertain(photos: readonly RunPhoto[]): RunPhoto[] {
  const margin = new Map(
    photos.map((photo) => [
      photo,
      photo.labels === undefined ? marginOf(photo.probabilities) : photo.confidence,
    ]),
  );
  return photos.toSorted((a, b) => (margin.get(a) ?? 0) - (margin.get(b) ?? 0));
}

function marginOf(probabilities: readonly number[]): number {
  const [first = 0, second = 0] = probabilities.toSorted((a, b) => b - a);
  return first - second;
}

/** The photos behind a cell of the confusion matrix of a split, the surest answers first. */
export function inCell(
  photos: readonly RunPhoto[],
  { truth, predicted, on }: { readonly truth: string; readonly predicted: string; readonly on: string },
): RunPhoto[] {
  return photos
    .filter((photo) => photo.split === on && photo.truth === truth && photo.predicted === predicted)
    .toSorted((a, b) => b.confidence - a.confidence);
}

/** What becomes of the answers when those less sure than a threshold are called unknown. */
export interface AtThreshold {
  /** Photos that get an answer, and how many of those are right. */
  readonly answered: number;
  readonly right: number;
  readonly unknown: number;
  /** Part of all photos that gets an answer; null without photos. */
  readonly coverage: number | null;
  /** Part of the answers that is right; null when there are none. */
  readonly precision: number | null;
}

export function atThreshold(photos: readonly RunPhoto[], threshold: number): AtThreshold {
  const answers = photos.filter(({ confidence }) => confidence >= threshold);
  const right = answers.filter(({ truth, predicted }) => truth === predicted).length;
  return {
    answered: answers.length,
    right,
    unknown: photos.length - answers.length,
    coverage: photos.length === 0 ? null : answers.length / photos.length,
    precision: answers.length === 0 ? null : right / answers.length,
  };
}

/** Denominators people say things in. */
const denominators = [2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

/**
 * A part of the whole as a count of tries: 0.95 is "19 times of 20". The smallest denominator that is off by no more
 * than a quarter of what is missing to "always" or "never"; never says "always" of what isn't.
 */
export function timesOf(part: number): string {
  if (part >= 1) return 'every time';
  if (part <= 0) return 'never';
  const allowed = Math.min(part, 1 - part) / 4;
  for (const of of denominators) {
    const times = Math.round(part * of);
    if (times > 0 && times < of && Math.abs(times / of - part) <= allowed)
      return `${times} ${times === 1 ? 'time' : 'times'} of ${of}`;
  }
  return part > 0.5 ? '999 times of 1000' : '1 time of 1000';
}

import type { Photo } from '../../contract/dataset.ts';
import type { Task } from '../../contract/project.ts';

/** What is said of a photo. */
export interface Said {
  readonly labelNames?: readonly string[] | undefined;
  readonly target?: number | undefined;
}

/** What a labelled photo is to be answered with, see `Photo`. */
export type PhotoAnswer = Pick<Photo, 'label' | 'labels'>;

/** Numbers are split into ranges of so many photos or more, and into so many ranges at most. */
const rangeSize = 10;
const mostRanges = 10;

/**
 * What each photo is to be answered with, and the kind it is of for splits to be balanced by.
 *
 * @param classes sorted names
 * @returns one a photo; undefined for those of which nothing is said
 */
export function answersOf(
  photos: readonly Said[],
  classes: readonly string[],
  task: Task,
): (PhotoAnswer | undefined)[] {
  if (task === 'regression') {
    const bounds = rangeBounds(photos.flatMap(({ target }) => target ?? []));
    return photos.map(({ target }) =>
      target === undefined ? undefined : { label: bounds.filter((bound) => target >= bound).length },
    );
  }
  const index = new Map(classes.map((name, place) => [name, place]));
  const indices = photos.map(({ labelNames }) => labelNames?.flatMap((name) => index.get(name) ?? []));
  if (task === 'single-label')
    return indices.map((own) => (own?.[0] === undefined ? undefined : { label: own[0] }));
  const counts = new Int32Array(classes.length);
  for (const label of indices.flatMap((own) => own ?? [])) counts[label] = (counts[label] ?? 0) + 1;
  return indices.map((own) => {
    if (own === undefined) return undefined;
    const labels = own.toSorted((a, b) => a - b);
    const rarest = labels.reduce(
      (best, label) => ((counts[label] ?? 0) < (counts[best] ?? Infinity) ? label : best),
      classes.length,
    );
    return { label: rarest, labels };
  });
}

/** Where the ranges of numbers begin, without the first: quantiles, so that they hold about as many photos each. */
function rangeBounds(targets: readonly number[]): number[] {
  const sorted = targets.toSorted((a, b) => a - b);
  const ranges = Math.max(1, Math.min(mostRanges, Math.floor(sorted.length / rangeSize)));
  const bounds = Array.from(
    { length: ranges - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / ranges)] ?? 0,
  );
  return [...new Set(bounds)].filter((bound) => bound > (sorted[0] ?? 0));
}

/** The kinds of photos that splits are balanced by, in words, in the order of `Photo.label`. */
export function kindNames(
  photos: readonly Pick<Photo, 'label' | 'target'>[],
  classes: readonly string[],
  task: Task,
): string[] {
  if (task !== 'regression') return task === 'multi-label' ? [...classes, 'no label'] : [...classes];
  const ranges = new Map<number, [low: number, high: number]>();
  for (const { label, target = 0 } of photos) {
    const [low, high] = ranges.get(label) ?? [target, target];
    ranges.set(label, [Math.min(low, target), Math.max(high, target)]);
  }
  return Array.from({ length: Math.max(0, ...ranges.keys()) + 1 }, (_, label) => {
    const [low, high] = ranges.get(label) ?? [0, 0];
    return low === high ? `${low}` : `${low} to ${high}`;
  });
}

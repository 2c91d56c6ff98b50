import type { BatchNovelty } from './predict.ts';

/** What is known of an answer that may deserve no trust. */
export interface AnswerInDoubt {
  readonly unknown: boolean;
  /** Unlike the photos the model learned from. */
  readonly unlike?: boolean | undefined;
  /** With several labels a photo. */
  readonly labels?: readonly string[] | undefined;
  /** With a number to predict. */
  readonly value?: number | undefined;
}

/** Why an answer is not to be trusted, as a phrase that goes wherever the answer goes; '' for one that may be. */
export function doubtOf({ unknown, unlike, labels, value }: AnswerInDoubt): string {
  if (!unknown) return '';
  if (unlike !== true) return 'not sure enough';
  const why = 'unlike the photos it learned from';
  if (value !== undefined) return `${why}: don't trust this number`;
  return labels === undefined ? why : `${why}: don't trust these labels`;
}

/** Where several labels or a number are said all the same, with the doubt beside; a class in doubt is just "unknown". */
export function isSaidInDoubt({ labels, value }: Pick<AnswerInDoubt, 'labels' | 'value'>): boolean {
  return labels !== undefined || value !== undefined;
}

/**
 * What comparing the photos that were answered for in one go has shown, in two sentences for person and command line.
 *
 * @returns undefined where nothing seems new
 */
export function sayNovelty({
  photos,
  share,
  atLeast,
  most,
  marked,
}: BatchNovelty): { readonly title: string; readonly detail: string } | undefined {
  const [least, perhaps] = [Math.floor(atLeast * photos), Math.round(share * photos)];
  if (least === 0) return undefined;
  if (most)
    return {
      title: 'These photos are unlike those the model learned from.',
      detail: `Some ${perhaps} of ${photos} show something it has not learned, or all were taken in another way: another camera, light or place. Look at some answers before you rely on them.`,
    };
  return {
    title: `At least ${least} of these ${photos} photos seem to show something the model has not learned, perhaps ${perhaps}.`,
    detail: `All were compared with each other and with the photos it learned from; the ${marked} least like those are answered with unknown. Photos taken in another way (camera, light, place) look new, too.`,
  };
}

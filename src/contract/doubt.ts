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

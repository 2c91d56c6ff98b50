import type { Answer } from '../../../contract/use.ts';
import { figure } from '../../components/format.ts';
import type { AnswerChoice, AnswerOrder } from '../../state/use.ts';

/** Without folders. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const natural = new Intl.Collator(undefined, { numeric: true });

/** The answers to be shown, in their order; the same list when all are shown as they came. */
export function listAnswers(
  rows: readonly Answer[],
  { choice, order, search }: { choice: AnswerChoice; order: AnswerOrder; search: string },
): readonly Answer[] {
  const wanted = search.trim().toLowerCase();
  const fits = ({ label, labels, unknown, path }: Answer): boolean =>
    (choice.kind === 'all' ||
      (choice.kind === 'unknown' && unknown) ||
      (choice.kind === 'class' && !unknown && (labels ?? [label]).includes(choice.name))) &&
    path.toLowerCase().includes(wanted);
  const shown = choice.kind === 'all' && wanted === '' ? rows : rows.filter(fits);
  switch (order) {
    case 'name':
      return shown.toSorted((a, b) => natural.compare(a.path, b.path));
    case 'least':
      return shown.toSorted((a, b) => rankOf(a) - rankOf(b));
    case 'most':
      return shown.toSorted((a, b) => rankOf(b) - rankOf(a));
    default:
      return shown;
  }
}

/** What answers are put in order by: the number, or how sure the model is. */
const rankOf = ({ value, confidence }: Answer): number => value ?? confidence;

/** What an answer says, in words. */
export function wordsOf({ label, labels, value }: Pick<Answer, 'label' | 'labels' | 'value'>): string {
  if (value !== undefined) return figure(value);
  return labels?.length === 0 ? 'no label' : label;
}

export interface AnswerCounts {
  readonly byClass: ReadonlyMap<string, number>;
  readonly unknown: number;
}

/** How many answers there are of each kind: an unknown one belongs to no class. */
export function countAnswers(rows: readonly Answer[]): AnswerCounts {
  const byClass = new Map<string, number>();
  let unknown = 0;
  for (const answer of rows) {
    if (answer.unknown) unknown += 1;
    else for (const name of answer.labels ?? [answer.label]) byClass.set(name, (byClass.get(name) ?? 0) + 1);
  }
  return { byClass, unknown };
}

/** A class and how likely it is, the likeliest first. */
export function likeliest(
  classes: readonly string[],
  probabilities: readonly number[],
): { readonly name: string; readonly probability: number }[] {
  return classes
    .map((name, at) => ({ name, probability: probabilities[at] ?? 0 }))
    .toSorted((a, b) => b.probability - a.probability);
}

const digits = 6;
const least = 10 ** -digits;

/** 0.0000017 as "0.000002": a difference of probabilities, rounded up; never "2e-6", and 0 only if it is. */
export function difference(value: number): string {
  if (value === 0) return '0';
  // Cut where floating point begins to say that 0.0001 is more than 0.0001.
  const steps = Math.max(1, Math.ceil(Number((value / least).toFixed(3))));
  return (steps * least).toFixed(digits).replace(/\.?0+$/, '');
}

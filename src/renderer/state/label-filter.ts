import type { PhotoRow } from '../../contract/photos.ts';
import type { RunPhoto } from '../../contract/runs.ts';
import type { PhotoTable } from './photo-table.ts';

/** Which photos the grid shows. */
export type LabelFilter =
  | { readonly kind: 'all' | 'unlabeled' | 'excluded' | 'missing' | 'disagrees' | 'unsure' }
  | { readonly kind: 'class'; readonly name: string };

/** What the last run answered, by photo: only for those it did not learn from. */
export type Answers = ReadonlyMap<string, RunPhoto>;
export const noAnswers: Answers = new Map();

/** Answers less sure than this are worth a second look. */
export const unsureBelow = 0.7;

export function sameFilter(a: LabelFilter, b: LabelFilter): boolean {
  return a.kind === b.kind && (a.kind !== 'class' || b.kind !== 'class' || a.name === b.name);
}

/** Whether a photo still needs a label: those that were left out don't. */
const isUnlabeled = (row: PhotoRow): boolean =>
  row.labels.length === 0 && row.target === undefined && row.excluded !== true;

/** Whether an answer is what is said of the photo now; of numbers none is quite that. */
export function agrees({ labels }: PhotoRow, { labels: several, predicted }: RunPhoto): boolean {
  if (several === undefined) return labels.includes(predicted);
  return (
    several.predicted.length === labels.length && several.predicted.every((name) => labels.includes(name))
  );
}

/** Whether the run said something else than the photo's label is now. */
const disagrees = (row: PhotoRow, answers: Answers): boolean => {
  const answer = answers.get(row.id);
  return answer !== undefined && answer.value === undefined && row.labels.length > 0 && !agrees(row, answer);
};

const isUnsure = (row: PhotoRow, answers: Answers): boolean => {
  const answer = answers.get(row.id);
  return answer !== undefined && answer.value === undefined && answer.confidence < unsureBelow;
};

/** What a filter asks of a photo; undefined: nothing. */
export function wanted(filter: LabelFilter, answers: Answers): ((row: PhotoRow) => boolean) | undefined {
  switch (filter.kind) {
    case 'all':
      return undefined;
    case 'unlabeled':
      return isUnlabeled;
    case 'excluded':
      return (row) => row.excluded === true;
    case 'missing':
      return (row) => row.missing === true;
    case 'disagrees':
      return (row) => disagrees(row, answers);
    case 'unsure':
      return (row) => isUnsure(row, answers);
    case 'class':
      return (row) => row.labels.includes(filter.name);
    default:
      return filter satisfies never;
  }
}

/** How many photos each filter would show. */
export interface PhotoCounts extends Readonly<Record<Exclude<LabelFilter['kind'], 'class'>, number>> {
  readonly classes: ReadonlyMap<string, number>;
}

/** Counts in one walk: the labels shown may be newer than what the engine has counted. */
export function countPhotos({ rows }: PhotoTable, answers: Answers): PhotoCounts {
  const counts = { all: rows.length, unlabeled: 0, excluded: 0, missing: 0, disagrees: 0, unsure: 0 };
  const classes = new Map<string, number>();
  for (const row of rows) {
    if (isUnlabeled(row)) counts.unlabeled += 1;
    if (row.excluded === true) counts.excluded += 1;
    if (row.missing === true) counts.missing += 1;
    if (answers.size > 0) {
      if (disagrees(row, answers)) counts.disagrees += 1;
      if (isUnsure(row, answers)) counts.unsure += 1;
    }
    for (const label of row.labels) classes.set(label, (classes.get(label) ?? 0) + 1);
  }
  return { ...counts, classes };
}

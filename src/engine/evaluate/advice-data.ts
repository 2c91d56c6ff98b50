/** Advice about the photos and their labels. */
import type { Advice } from '../../contract/metrics.ts';
import type { AdviceInput, ChosenOptions, Finding } from './advice-input.ts';
import { adviseOnSuspects } from './advice-suspects.ts';
import { count, integer, list, percent } from './plain-words.ts';
import type { ClassCounts } from './report-data.ts';

const unequalRatio = 3;
/** Training photos of a class below which it is called few, and below which it is a warning. */
const fewPhotos = 20;
const veryFewPhotos = 10;
const manySkipped = 0.05;
/** @returns in the order of their weight */
export function adviseOnData(input: AdviceInput): Advice[] {
  return [
    duplicates(input),
    conflicts(input),
    adviseOnSuspects(input),
    withoutPhotos(input),
    few(input),
    adviseOnBalance(input),
    skippedMany(input),
  ].filter((one) => one !== null);
}

/**
 * The largest class has over 3x the training photos of the smallest. Known before a training, too.
 *
 * @param options no fix is offered where they make up for it already
 */
export function adviseOnBalance({
  classCounts,
  options = {},
  photo = 'training photo',
}: Pick<AdviceInput, 'options'> & {
  readonly classCounts: readonly Pick<ClassCounts, 'class' | 'train'>[];
  /** What was counted. */
  readonly photo?: string;
}): Finding {
  const sorted = classCounts.filter(({ train }) => train > 0).sort((a, b) => a.train - b.train);
  const smallest = sorted[0];
  const largest = sorted.at(-1);
  if (smallest === undefined || largest === undefined || largest.train <= unequalRatio * smallest.train)
    return null;
  const times = Number((largest.train / smallest.train).toPrecision(2));
  return {
    code: 'classes-unequal',
    severity: 'note',
    message: `“${largest.class}” has ${times} times as many ${photo}s as “${smallest.class}”. The model leans towards what it saw most; look at each class by itself rather than at the overall figure.`,
    evidence: `${count(largest.train, photo)} of “${largest.class}”, ${integer(smallest.train)} of “${smallest.class}”.`,
    ...(isMadeUpFor(options)
      ? {
          action: `Add photos of “${smallest.class}”: training makes up for few of them, but that is no new photo.`,
        }
      : {
          action: `Add photos of “${smallest.class}”, or let training see every class equally often.`,
          fix: { label: 'Train with balanced classes', settings: { sampling: 'balanced' } },
        }),
  };
}

function isMadeUpFor({ sampling, classWeights = 'none' }: ChosenOptions): boolean {
  return sampling === 'balanced' || classWeights !== 'none';
}

function withoutPhotos({ classCounts }: AdviceInput): Finding {
  const noTrain = classCounts.filter(({ train }) => train === 0).map((one) => one.class);
  const noVal = classCounts.filter(({ val }) => val === 0).map((one) => one.class);
  const anyVal = classCounts.some(({ val }) => val > 0);
  const missing = new Set([...noTrain, ...(anyVal ? noVal : [])]);
  if (missing.size === 0) return null;
  const parts = [
    ...(noTrain.length > 0 ? [`no training photos of ${quoted(noTrain)}: it can't be recognized`] : []),
    ...(anyVal && noVal.length > 0
      ? [`no validation photos of ${quoted(noVal)}: nobody knows how well it is recognized`]
      : []),
  ];
  return {
    code: 'class-without-photos',
    severity: 'warning',
    message: `There are ${parts.join('; and ')}.`,
    evidence: `${count(missing.size, 'class', 'classes')} of ${classCounts.length}.`,
    action: 'Add photos of these classes, or leave the classes out.',
    fix: { label: 'Go to the labels', go: 'labels' },
  };
}

function few({ classCounts }: AdviceInput): Finding {
  const small = classCounts
    .filter(({ train }) => train > 0 && train < fewPhotos)
    .sort((a, b) => a.train - b.train);
  const smallest = small[0];
  if (smallest === undefined) return null;
  return {
    code: 'class-few-photos',
    severity: smallest.train < veryFewPhotos ? 'warning' : 'note',
    message: `There are few photos to learn ${quoted(small.map((one) => one.class))} from.`,
    evidence: `Training photos: ${list(small.map((one) => `${integer(one.train)} of “${one.class}”`))}.`,
    action: `Aim for ${fewPhotos} or more photos a class, from different days, places and individuals.`,
    fix: { label: 'Go to the photos', go: 'labels' },
  };
}

function duplicates({ duplicatesAcrossSplits = [] }: AdviceInput): Finding {
  const first = duplicatesAcrossSplits[0];
  if (first === undefined) return null;
  const photos = new Set(duplicatesAcrossSplits.map(({ other }) => other)).size;
  return {
    code: 'near-duplicates-across-splits',
    severity: 'warning',
    message: `${count(photos, 'photo')} used for checking ${photos === 1 ? 'looks' : 'look'} the same as a training photo. The model may have learned ${photos === 1 ? 'it' : 'them'} by heart, so the figures here may be too good.`,
    evidence: `For example “${first.other}” and “${first.train}”.`,
    action:
      'Keep photos of the same scene, individual or series on one side, or let Holotype make the split.',
  };
}

function skippedMany({ skipped = [], classCounts }: AdviceInput): Finding {
  const used = classCounts.reduce((sum, one) => sum + one.train + one.val + one.test, 0);
  const total = used + skipped.length;
  if (skipped.length < 3 || skipped.length / total <= manySkipped) return null;
  const reasons = new Map<string, number>();
  for (const { reason } of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const [commonest] = [...reasons].sort((a, b) => b[1] - a[1]);
  return {
    code: 'skipped-many',
    severity: 'note',
    message: `${count(skipped.length, 'file')} of ${integer(total)} could not be used (${percent(skipped.length / total)}).`,
    evidence:
      commonest === undefined ? '' : `Most common reason, ${integer(commonest[1])} times: ${commonest[0]}`,
    action: 'Look through the list of skipped files below; repair or convert those that matter.',
  };
}

function conflicts({ conflicts: found = [] }: AdviceInput): Finding {
  const first = found[0];
  if (first === undefined) return null;
  return {
    code: 'conflicts',
    severity: 'warning',
    message: `${count(found.length, 'photo')} ${found.length === 1 ? 'is' : 'are'} filed under more than one class, so at least one label is wrong.`,
    evidence: `For example “${first.paths[0] ?? ''}”: ${list(first.labels.map((label) => `“${label}”`))}.`,
    action: 'Decide which class is right, delete the other copy and train again.',
    fix: { label: 'Go to the labels', go: 'labels' },
  };
}

function quoted(names: readonly string[]): string {
  return list(names.map((name) => `“${name}”`));
}

import type { Advice, Metrics } from '../../contract/metrics.ts';
import { between, count, integer, list, percent } from './plain-words.ts';
import type { ClassCounts } from './report-data.ts';

/** What advice is drawn from. Leave out what isn't known: no advice is given without evidence. */
export interface AdviceInput {
  /** On the validation photos. */
  readonly metrics: Metrics;
  readonly classCounts: readonly ClassCounts[];
  readonly skipped?: readonly { readonly path: string; readonly reason: string }[];
  /** Photos under more than one class. */
  readonly conflicts?: readonly { readonly paths: readonly string[]; readonly labels: readonly string[] }[];
  /** Pairs of photos that look the same, one in training and one in validation (or test). */
  readonly duplicatesAcrossSplits?: readonly { readonly train: string; readonly other: string }[];
  /** A person ended the training before it was through. */
  readonly stoppedEarly?: boolean;
}

/** Intervals wider than this are worth a note, and than the second a warning. */
const wideInterval = 0.1;
const veryWideInterval = 0.2;
const unequalRatio = 3;
/** Training photos of a class below which it is called few, and below which it is a warning. */
const fewPhotos = 20;
const veryFewPhotos = 10;
/** Fewer photos of a class than this prove nothing about it. */
const enoughToJudge = 5;
const hardRecall = 0.5;
/** Gap between mean confidence and accuracy that is worth mentioning. */
const confidenceGap = 0.05;
/** "All right" on fewer photos than this is a reason to look for leaks. */
const smallForPerfect = 200;
const manySkipped = 0.05;

/**
 * What a careful colleague would say about these results, warnings first. Every piece names its numbers.
 */
export function adviseOn(input: AdviceInput): Advice[] {
  const advice = [
    nothingToCheck(input),
    guessing(input),
    duplicates(input),
    conflicts(input),
    withoutPhotos(input),
    validationSmall(input),
    ...hardClasses(input),
    few(input),
    unequal(input),
    overconfident(input),
    tooGood(input),
    skippedMany(input),
    stopped(input),
  ].filter((one) => one !== null);
  const rank = { warning: 0, note: 1 };
  return advice.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

type Finding = Advice | null;

function nothingToCheck({ metrics }: AdviceInput): Finding {
  if (metrics.count > 0) return null;
  return {
    code: 'nothing-to-check',
    severity: 'warning',
    message: 'There were no photos to check the model with, so nobody knows how good it is.',
    evidence: '0 validation photos.',
    action: 'Add photos, or keep some of them aside for checking, and train again.',
  };
}

function stopped({ stoppedEarly = false }: AdviceInput): Finding {
  if (!stoppedEarly) return null;
  return {
    code: 'stopped-early',
    severity: 'note',
    message: 'Training was stopped before it was through: this is the best model up to then.',
    evidence: 'Stopped by hand.',
    action: 'Train again and let it run to its end to see whether it gets better.',
  };
}

function validationSmall({ metrics }: AdviceInput): Finding {
  const { accuracyInterval, accuracy, count: n } = metrics;
  if (accuracyInterval === null) return null;
  const width = accuracyInterval[1] - accuracyInterval[0];
  if (width <= wideInterval) return null;
  return {
    code: 'validation-small',
    severity: width > veryWideInterval ? 'warning' : 'note',
    message: `${percent(accuracy)} of ${count(n, 'photo')} means ${between(accuracyInterval)} on new photos like these. With so few photos to check with, chance plays a large part.`,
    evidence: `${integer(metrics.correct)} of ${integer(n)} validation photos right.`,
    action: 'Add more labelled photos before you compare models or rely on the exact figure.',
  };
}

function guessing({ metrics }: AdviceInput): Finding {
  const { accuracyInterval, accuracy, count: n } = metrics;
  const largest = [...metrics.perClass].sort((a, b) => b.support - a.support)[0];
  if (accuracyInterval === null || largest === undefined || metrics.perClass.length < 2) return null;
  // A validation set of one class can't tell knowledge from guessing at all.
  if (largest.support === n || n < enoughToJudge || accuracyInterval[0] > largest.support / n) return null;
  return {
    code: 'no-better-than-guessing',
    severity: 'warning',
    message: `Always answering “${largest.class}” might do as well as this model.`,
    evidence: `Right in ${percent(accuracy)} (${between(accuracyInterval)} on new photos); always answering “${largest.class}” is right in ${percent(largest.support / n)}.`,
    action:
      'Check that the labels are right and that the classes can be told apart by eye; then add photos or try another backbone.',
  };
}

function unequal({ classCounts }: AdviceInput): Finding {
  const sorted = classCounts.filter(({ train }) => train > 0).sort((a, b) => a.train - b.train);
  const smallest = sorted[0];
  const largest = sorted.at(-1);
  if (smallest === undefined || largest === undefined || largest.train <= unequalRatio * smallest.train)
    return null;
  const times = Number((largest.train / smallest.train).toPrecision(2));
  return {
    code: 'classes-unequal',
    severity: 'note',
    message: `“${largest.class}” has ${times} times as many training photos as “${smallest.class}”. The model leans towards what it saw most; look at each class by itself rather than at the overall figure.`,
    evidence: `${count(largest.train, 'training photo')} of “${largest.class}”, ${integer(smallest.train)} of “${smallest.class}”.`,
    action: `Add photos of “${smallest.class}”, or train with balanced classes.`,
  };
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
  };
}

function hardClasses({ metrics }: AdviceInput): Advice[] {
  const hard = metrics.perClass
    .map((one, k) => ({ ...one, row: metrics.confusion.matrix[k] ?? [], k }))
    .filter((one) => one.support >= enoughToJudge && one.recall !== null && one.recall < hardRecall)
    .sort((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  // More than three would drown the rest; the class table has them all.
  return hard.slice(0, 3).map(({ class: name, row, k, support }) => {
    const right = row[k] ?? 0;
    const others = row
      .map((times, j) => ({ times: j === k ? 0 : times, j }))
      .sort((a, b) => b.times - a.times);
    const rival = others[0];
    const rivalName = rival === undefined ? undefined : metrics.perClass[rival.j]?.class;
    const taken =
      rival === undefined || rivalName === undefined || rival.times < 2
        ? ''
        : ` ${integer(rival.times)} were taken for “${rivalName}”.`;
    return {
      code: 'class-hard',
      severity: 'warning',
      message: `“${name}” is hardly recognized.${taken}`,
      evidence: `${integer(right)} of ${count(support, 'validation photo')} of “${name}” right.`,
      action:
        taken === ''
          ? `Look at the mistakes below: add photos of “${name}” like those, and check their labels.`
          : `Compare the two classes' photos: are the labels right, and can you tell them apart by eye? If so, add photos of both; if not, consider one class.`,
    };
  });
}

function overconfident({ metrics }: AdviceInput): Finding {
  const { accuracy, accuracyInterval, temperature, eceCalibrated } = metrics;
  if (accuracy === null || accuracyInterval === null || metrics.count < enoughToJudge) return null;
  const claimed = meanConfidence(metrics.reliability);
  // Beyond chance: the claim must lie outside of what the photos allow.
  if (claimed === null || claimed - accuracy < confidenceGap || claimed <= accuracyInterval[1]) return null;
  const after =
    temperature !== undefined && temperature > 1 ? meanConfidence(metrics.reliabilityCalibrated ?? []) : null;
  return {
    code: 'overconfident',
    severity: after === null ? 'warning' : 'note',
    message:
      after === null
        ? 'The model is surer than it should be: it claims more than it gets right.'
        : 'By itself the model was surer than it should be. The saved model corrects for this.',
    evidence:
      `On average it claimed to be ${percent(claimed)} sure and was right in ${percent(accuracy)}.` +
      (after === null
        ? ''
        : ` After correction it claims ${percent(after)}${eceCalibrated === null || eceCalibrated === undefined ? '' : `, typically ${percent(eceCalibrated)} off`}.`),
    action:
      after === null
        ? 'Do not read its confidence as a chance of being right; train again with calibration.'
        : 'Nothing to do: use the confidence that the saved model gives.',
  };
}

/** Mean confidence over the photos of all bins; null for none. */
function meanConfidence(bins: Metrics['reliability']): number | null {
  let sum = 0;
  let total = 0;
  for (const bin of bins) {
    sum += bin.count * (bin.confidence ?? 0);
    total += bin.count;
  }
  return total === 0 ? null : sum / total;
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

function tooGood({ metrics, duplicatesAcrossSplits = [] }: AdviceInput): Finding {
  const { count: n, correct, accuracyInterval } = metrics;
  if (n < enoughToJudge || correct !== n || n >= smallForPerfect || accuracyInterval === null) return null;
  if (duplicatesAcrossSplits.length > 0) return null; // said already, with better evidence
  return {
    code: 'too-good',
    severity: 'note',
    message: `Every photo right is possible, but also what it looks like when the answer can be seen in something other than the subject: the background, the camera, a date in the corner, or the same individual on both sides.`,
    evidence: `${integer(n)} of ${integer(n)} right; on new photos expect ${between(accuracyInterval)}.`,
    action: 'Try it on photos from another day, place or camera before you rely on it.',
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
  };
}

function quoted(names: readonly string[]): string {
  return list(names.map((name) => `“${name}”`));
}

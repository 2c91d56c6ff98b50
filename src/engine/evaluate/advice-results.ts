/** Advice from the figures on the validation photos. */
import type { Advice, AdviceFix, Metrics } from '../../contract/metrics.ts';
import type { AdviceInput, CurveInput, Finding } from './advice-input.ts';
import { between, count, decimal, integer, percent } from './plain-words.ts';

/** Intervals wider than this are worth a note, and than the second a warning. */
const wideInterval = 0.1;
const veryWideInterval = 0.2;
/** Fewer photos of a class than this prove nothing about it. */
const enoughToJudge = 5;
const hardRecall = 0.5;
/** Gap between mean confidence and accuracy that is worth mentioning. */
const confidenceGap = 0.05;
/** "All right" on fewer photos than this is a reason to look for leaks. */
const smallForPerfect = 200;
/** The share of the photos to check on that is enough, if the photos are. */
const largerShare = 0.3;
/** Accuracy that moves by more from one epoch to the next is mentioned where there are few photos to check on. */
const swing = 0.05;

/** @returns in the order of their weight */
export function adviseOnResults(input: AdviceInput): Advice[] {
  // With several labels a photo, confidence and the largest class say nothing about whole photos.
  const whole = input.metrics.multiLabel === undefined;
  return [
    nothingToCheck(input),
    whole ? guessing(input) : null,
    noBetterThanMean(input),
    validationSmall(input),
    ...hardClasses(input),
    whole ? overconfident(input) : null,
    tooGood(input),
    stopped(input),
  ].filter((one) => one !== null);
}

/** Where series of photos may be on both sides: keeps them together, unless the person has said what belongs together. */
export function keepTogether({ options, splitGiven }: CurveInput): { fix?: AdviceFix } {
  if (options === undefined || options.groupBy !== undefined) return {};
  if (splitGiven === true || options.val !== undefined) return {};
  return { fix: { label: 'Train with series of photos kept together', settings: { groupBy: 'burst' } } };
}

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

/** A larger share to check on, where that is the person's to choose and not large already. */
function moreToCheckOn({ options, splitGiven }: AdviceInput): { fix?: AdviceFix } {
  if (options === undefined || splitGiven === true || options.val !== undefined) return {};
  if ((options.valFraction ?? 0.2) >= largerShare) return {};
  return {
    fix: { label: `Check on ${percent(largerShare)} of the photos`, settings: { valFraction: largerShare } },
  };
}

/** The widest step of validation accuracy from one epoch to the next after the first few; in words, if it is wide. */
function swings(curves: AdviceInput['curves'] = []): string {
  let widest: [number, number] | undefined;
  for (let at = 3; at < curves.length; at++) {
    const [before, now] = [curves[at - 1], curves[at]];
    if (before?.stage !== now?.stage) continue;
    const [a, b] = [before?.valAccuracy ?? null, now?.valAccuracy ?? null];
    if (a === null || b === null || Math.abs(b - a) < swing) continue;
    if (widest === undefined || Math.abs(b - a) > Math.abs(widest[1] - widest[0])) widest = [a, b];
  }
  return widest === undefined
    ? ''
    : ` From one epoch to the next it went from ${percent(widest[0])} to ${percent(widest[1])}.`;
}

function validationSmall(input: AdviceInput): Finding {
  const { metrics, curves } = input;
  const { accuracyInterval, accuracy, count: n } = metrics;
  if (accuracyInterval === null) return null;
  const width = accuracyInterval[1] - accuracyInterval[0];
  if (width <= wideInterval) return null;
  return {
    code: 'validation-small',
    severity: width > veryWideInterval ? 'warning' : 'note',
    message: `${percent(accuracy)} of ${count(n, 'photo')} means ${between(accuracyInterval)} on new photos like these. With so few photos to check with, chance plays a large part.`,
    evidence: `${integer(metrics.correct)} of ${integer(n)} validation photos right.${swings(curves)}`,
    action: 'Add more labelled photos before you compare models or rely on the exact figure.',
    ...moreToCheckOn(input),
  };
}

function noBetterThanMean({ metrics: { regression, count: n } }: AdviceInput): Finding {
  if (regression === undefined || n < enoughToJudge) return null;
  const { r2, r2Interval, mae, maeOfMean } = regression;
  if (r2 === null || (r2Interval?.[0] ?? r2) > 0) return null;
  return {
    code: 'no-better-than-guessing',
    severity: 'warning',
    message: 'Always saying the mean number might do as well as this model.',
    evidence: `Off by ${decimal(mae)} on average; always saying the mean is off by ${decimal(maeOfMean)}. R² is ${decimal(r2)} on ${count(n, 'validation photo')}.`,
    action:
      'Check that the numbers are right and can be seen in the photos; then add photos or try another backbone.',
    fix: { label: 'Look at the mistakes', go: 'mistakes' },
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
    fix: { label: 'Look at the mistakes', go: 'mistakes' },
  };
}

function hardClasses({ metrics }: AdviceInput): Advice[] {
  const hard = metrics.perClass
    .map((one, k) => ({ ...one, row: metrics.confusion.matrix[k] ?? [], k }))
    .filter((one) => one.support >= enoughToJudge && one.recall !== null && one.recall < hardRecall)
    .sort((a, b) => (a.recall ?? 0) - (b.recall ?? 0));
  // More than three would drown the rest; the class table has them all.
  return hard.slice(0, 3).map(({ class: name, row, k, support, recall }) => {
    // Of several labels there is no matrix.
    const right = row[k] ?? Math.round((recall ?? 0) * support);
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
      fix: { label: 'Look at the mistakes', go: 'mistakes' },
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

function tooGood(input: AdviceInput): Finding {
  const { metrics, duplicatesAcrossSplits = [] } = input;
  const { count: n, correct, accuracyInterval } = metrics;
  if (n < enoughToJudge || correct !== n || n >= smallForPerfect || accuracyInterval === null) return null;
  if (duplicatesAcrossSplits.length > 0) return null; // said already, with better evidence
  return {
    code: 'too-good',
    severity: 'note',
    message: `Every photo right is possible, but also what it looks like when the answer can be seen in something other than the subject: the background, the camera, a date in the corner, or the same individual on both sides.`,
    evidence: `${integer(n)} of ${integer(n)} right; on new photos expect ${between(accuracyInterval)}.`,
    action: 'Try it on photos from another day, place or camera before you rely on it.',
    ...keepTogether(input),
  };
}

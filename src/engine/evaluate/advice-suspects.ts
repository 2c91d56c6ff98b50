/** Advice about labels and numbers that are probably wrong. */
import type { Metrics } from '../../contract/metrics.ts';
import type { Suspect } from '../../contract/suspects.ts';
import type { AdviceInput, Finding } from './advice-input.ts';
import { count, integer, percent } from './plain-words.ts';

/**
 * A label counts as probably wrong when another is so much surer. With 3% of the labels of flowers and hymenoptera
 * changed at random most of those above it are wrong; as the photos come, there are only a few above it. A number has it
 * at a robust z-score of 6.
 */
const suspectScore = 0.5;
/** So many of them, and such a part of all labels, are worth a look before anything else is tried. */
const manySuspects = { photos: 5, share: 0.02 };
/** A model that errs more often than this may as well be wrong itself, and one that explains less of the numbers. */
const trusted = { accuracy: 0.9, explained: 0.8 };

export function adviseOnSuspects(input: AdviceInput): Finding {
  const { suspects = [], classCounts, metrics } = input;
  const sure = suspects.filter(({ score }) => score >= suspectScore);
  const [first] = sure;
  if (first === undefined || sure.length < manySuspects.photos) return null;
  const labels = classCounts.reduce((sum, one) => sum + one.train + one.val + one.test, 0);
  const numbers = metrics.regression !== undefined;
  // Of numbers nobody counts them by class; five that are so far off are worth a look among however many.
  if (!numbers && sure.length < manySuspects.share * labels) return null;
  const what = numbers ? 'number' : 'label';
  const trustworthy = isTrusted(metrics);
  return {
    code: 'labels-suspect',
    severity: trustworthy ? 'warning' : 'note',
    message: trustworthy
      ? `${count(sure.length, what)} look wrong: ${reason(metrics)}. Wrong ${what}s teach the model mistakes and make its figures look worse than it is.`
      : `${count(sure.length, what)} may be wrong: ${reason(metrics)}. As the model is ${weakness(metrics)}, the mistakes may as well be its own.`,
    evidence: `${numbers ? '' : `${percent(sure.length / labels)} of ${integer(labels)} labels. `}The likeliest: ${example(first)}.`,
    action: 'Go through the list of likely label errors, the likeliest first, then train again.',
    fix: { label: `Review these ${what}s`, go: 'suspects' },
  };
}

function isTrusted({ regression, multiLabel, accuracy }: Metrics): boolean {
  if (regression !== undefined) return (regression.r2 ?? 0) >= trusted.explained;
  return rightOf(multiLabel, accuracy) >= trusted.accuracy;
}

function reason({ regression, multiLabel }: Metrics): string {
  const who = 'models that had not seen the photo';
  if (regression !== undefined) return `${who} predict quite another one`;
  return multiLabel === undefined ? `${who} are sure of another class` : `${who} are sure of the opposite`;
}

function weakness({ regression, multiLabel, accuracy }: Metrics): string {
  if (regression !== undefined) return `off by ${Number(regression.mae.toPrecision(3))} on average`;
  const right = percent(rightOf(multiLabel, accuracy));
  return multiLabel === undefined
    ? `right on ${right} of the photos only`
    : `right about ${right} of single labels only`;
}

function example({ path, given, suggested, label, number }: Omit<Suspect, 'photo'>): string {
  if (number !== undefined) return `“${path}” is given ${given}, and ${suggested} is predicted`;
  if (label === undefined) return `“${path}” is labelled “${given}” and looks like “${suggested}”`;
  return label.seems === 'missing'
    ? `“${path}” is not labelled “${label.name}” and looks it`
    : `“${path}” is labelled “${label.name}” and does not look it`;
}

/** Of single decisions where a photo has several labels: all of a photo's labels are right far less often. */
function rightOf(multiLabel: Metrics['multiLabel'], accuracy: Metrics['accuracy']): number {
  return multiLabel === undefined ? (accuracy ?? 0) : 1 - (multiLabel.hammingLoss ?? 1);
}

/**
 * Advice from the curves of a training. The thresholds were set on trainings of hymenoptera and flowers at learning
 * rates from 1e-6 to 10, with and without hidden layers, and are checked on made-up curves with known diagnoses.
 */
import type { Advice } from '../../contract/metrics.ts';
import type { EpochPoint } from '../../contract/runs.ts';
import type { CurveInput, Finding } from './advice-input.ts';
import { keepTogether } from './advice-results.ts';
import { fallOf, meanOf, shapeOf, type Shape } from './curve-shape.ts';
import { longer, lowerRate, moreRegularization, morePower, higherRate } from './advice-fixes.ts';
import { count, decimal, list, percent } from './plain-words.ts';

/** A loss so many times that of knowing nothing is on its way to infinity. */
const exploded = 20;
/** Jumps that make a learning rate too high: so many, and this part of all epochs. */
const manyJumps = { least: 3, share: 0.1 };
/** The last third of the way brings this part of what the first brought: it is nowhere near rest. */
const stillFalling = 0.25;
/** ... and this part of the loss at the start is still there. */
const muchLeft = 0.3;
/** Epochs without which nothing is said about a learning rate being too low. */
const epochsForLow = 8;
/** While it runs, more must be left to say so: the curve may yet bend. */
const muchLeftRunning = 0.75;
/** Validation loss this much above its best, in parts of the best and of the scale, is overfitting. */
const risen = { ofBest: 0.25, ofScale: 0.05 };
/** Accuracy on training photos so much above that on validation photos is learning by heart. */
const byHeart = { gap: 0.1, train: 0.98 };
/** Validation accuracy that falls by so much on the way is more than a matter of confidence. */
const accuracyLost = 0.03;
/** Not even the training photos are known: at most so often right, and at least such a loss left. */
const unknownPhotos = { accuracy: 0.8, ofScale: 0.35 };
/** At rest: the last third brings less than this part of what the first third of the way brought, or than noise. */
const atRest = 0.15;
/** So many standard errors are no noise any more. */
const surely = 3;
/** So good within so many epochs, and as good on photos that were not learned from. */
const tooGood = { accuracy: 0.99, epochs: 3, lossRatio: 1.5 };
/** What is less than this part of the loss of knowing nothing may halve and still be nothing. */
const littleLeft = 0.02;
/** Validation loss that fell by such a part over the last third of the epochs is not at its end. */
const unfinished = 0.1;

/** @returns in the order of their weight; nothing without curves */
export function adviseOnCurves(input: CurveInput): Advice[] {
  const { curves = [], options = {} } = input;
  const classes = (options.task ?? 'single-label') === 'single-label' ? input.classes : undefined;
  const shapes = (['head', 'finetune'] as const).flatMap(
    (stage) =>
      shapeOf(
        curves.filter((point) => point.stage === stage),
        classes,
      ) ?? [],
  );
  const last = shapes.at(-1);
  if (last === undefined) return [];
  // What went wrong in any part counts; what can still become better, in the last alone.
  const wrong = shapes.map((shape) => diverged(shape, input) ?? rateHigh(shape, input));
  const found = wrong.filter((one) => one !== null);
  const leak = leaked(shapes[0] ?? last, input);
  if (leak !== null) found.push(leak);
  if (wrong.at(-1) === null) {
    const low = rateLow(last, input);
    const open = low ?? overfitting(last, input) ?? underfitting(last, input) ?? tooShort(last, input);
    if (open !== null) found.push(open);
  }
  return found;
}

const nameOf = ({ stage }: Shape): string => (stage === 'finetune' ? 'fine-tuning' : 'training');

function diverged(shape: Shape, input: CurveInput): Finding {
  const { points, scale } = shape;
  const measured = points.some(({ valLoss }) => valLoss !== null);
  const lost = points.find(
    ({ trainLoss, valLoss }, at) =>
      trainLoss === null ||
      trainLoss > exploded * scale ||
      // Without validation photos there never was one.
      (measured && valLoss === null && points.slice(0, at).some((before) => before.valLoss !== null)),
  );
  if (lost === undefined) return null;
  const before = points[points.indexOf(lost) - 1]?.trainLoss ?? null;
  const start = before === null ? 'Of the training loss: in' : `Training loss ${decimal(before)}, and in`;
  return {
    code: 'diverged',
    severity: 'warning',
    message: `The loss of ${nameOf(shape)} grew without end: the steps were far too long, and nothing was learned from there on.`,
    evidence: `${start} epoch ${lost.epoch} ${lost.trainLoss === null ? 'it was no number any more' : `it was ${decimal(lost.trainLoss)}`}, at a learning rate of ${decimal(peakOf(shape))}.`,
    action: 'Train again with a lower learning rate.',
    ...lowerRate(shape.stage, peakOf(shape), 30, input),
  };
}

/**
 * Whether training figures are of mixtures of photos: how much of each was drawn anew in every step, so that their
 * loss neither falls to zero nor falls evenly. The figures of the validation photos mean what they always do.
 */
function isMixed({ stage }: Shape, { options: { mixup = 0, cutmix = 0 } = {} }: CurveInput): boolean {
  return stage === 'finetune' && mixup + cutmix > 0;
}

function rateHigh(shape: Shape, input: CurveInput): Finding {
  const { jumps, points } = shape;
  if (isMixed(shape, input)) return null;
  if (jumps.length < Math.max(manyJumps.least, manyJumps.share * points.length)) return null;
  const worst = jumps
    .map((epoch) => points.findIndex((point) => point.epoch === epoch))
    .map((at) => [points[at - 1]?.trainLoss ?? 0, points[at]?.trainLoss ?? 0] as const)
    .sort((a, b) => b[1] - b[0] - (a[1] - a[0]))[0];
  return {
    code: 'learning-rate-high',
    severity: 'warning',
    message: `The loss of ${nameOf(shape)} jumps up again and again: the learning rate is too high, and each step overshoots.`,
    evidence: `It jumped ${jumps.length} times in ${count(points.length, 'epoch')} (${list(jumps.map((epoch) => `${epoch}`))}), once from ${decimal(worst?.[0])} to ${decimal(worst?.[1])}, at a learning rate of up to ${decimal(peakOf(shape))}.`,
    action: 'Train again with a lower learning rate.',
    ...lowerRate(shape.stage, peakOf(shape), 10, input),
  };
}

function rateLow(shape: Shape, input: CurveInput): Finding {
  const { first, last, thirds, points, stage } = shape;
  if (input.stoppedEarly === true || thirds === null || points.length < epochsForLow) return null;
  if (isMixed(shape, input)) return null;
  // Fine-tuning starts from a trained head and has little to fall: only a rate that a person chose is doubted.
  if (stage === 'finetune' && input.options?.finetuneLearningRate === undefined) return null;
  const [from, to] = [first.trainLoss, last.trainLoss];
  if (from === null || to === null) return null;
  const left = input.running === true ? muchLeftRunning : muchLeft;
  const flat = Math.abs(from - to) < 0.02 * from;
  if (!flat && (to < left * from || thirds.last < stillFalling * thirds.first)) return null;
  const falls = fallOf(thirds.end, 'trainLoss');
  if (!flat && (falls === null || falls.fall < surely * falls.error)) return null;
  // A head that knew everything at once has nothing to fall either.
  if (flat && from < left * shape.scale) return null;
  return {
    code: 'learning-rate-low',
    severity: 'warning',
    message: `The loss of ${nameOf(shape)} ${flat ? 'hardly moved' : 'was still falling as fast as at the start'}: the learning rate is too low to get anywhere in this time.`,
    evidence: `Training loss ${decimal(from)} after the first epoch and ${decimal(to)} after ${points.length}, at a learning rate of up to ${decimal(peakOf(shape))}.`,
    action: 'Train again with a higher learning rate.',
    ...higherRate(stage, peakOf(shape), input),
  };
}

function overfitting(shape: Shape, input: CurveInput): Finding {
  const { best, points, scale } = shape;
  const after = points.filter(({ epoch }) => epoch > best.epoch);
  const [low, high] = [best.valLoss, meanOf(after.slice(-3), 'valLoss')];
  const [then, now] = [best.trainLoss, meanOf(after.slice(-3), 'trainLoss')];
  const rises =
    after.length >= 2 &&
    low !== null &&
    high !== null &&
    then !== null &&
    now !== null &&
    high - low > Math.max(risen.ofBest * low, risen.ofScale * scale) &&
    now < then;
  const fell = (best.valAccuracy ?? 0) - (meanOf(after.slice(-3), 'valAccuracy') ?? 0);
  const gap = (best.trainAccuracy ?? 0) - (best.valAccuracy ?? 1);
  const heart = gap > byHeart.gap && (meanOf(points.slice(-3), 'trainAccuracy') ?? 0) >= byHeart.train;
  if (!rises && !heart) return null;
  const lines = [
    ...(rises
      ? [
          `Validation loss was lowest in epoch ${best.epoch} (${decimal(low)}) and rose to ${decimal(high)}, while training loss fell from ${decimal(then)} to ${decimal(now)}.`,
        ]
      : []),
    ...(heart
      ? [
          `Right in ${percent(best.trainAccuracy)} of the photos it learned from, but in ${percent(best.valAccuracy)} of the others.`,
        ]
      : []),
  ];
  return {
    code: 'overfitting',
    severity: heart || fell > accuracyLost ? 'warning' : 'note',
    message: `It learns its photos by heart instead of what tells the classes apart.${rises ? ` The weights of epoch ${best.epoch} are kept, so the time after it ${input.running === true ? 'is' : 'was'} in vain.` : ''}`,
    evidence: lines.join(' '),
    action: heart
      ? 'More and more varied photos help most; a simpler head or stronger regularization helps, too.'
      : 'A simpler head or stronger regularization holds it back; more varied photos help most.',
    ...moreRegularization(shape.stage, input),
  };
}

function underfitting(shape: Shape, input: CurveInput): Finding {
  const { points, thirds, scale, first, last } = shape;
  if (input.running === true || thirds === null || isMixed(shape, input)) return null;
  const right = meanOf(points.slice(-3), 'trainAccuracy');
  const loss = meanOf(points.slice(-3), 'trainLoss');
  if (right === null || loss === null || right >= unknownPhotos.accuracy) return null;
  if (loss < unknownPhotos.ofScale * scale) return null;
  const falls = fallOf(lastThird(shape), 'trainLoss');
  if (falls === null || falls.fall > Math.max(atRest * thirds.first, surely * falls.error)) return null;
  return {
    code: 'underfitting',
    severity: 'warning',
    message: `It is not even right on the photos it learned from, and longer training does not help: the model is too simple for these classes${shape.stage === 'head' ? ', or what the backbone sees does not tell them apart' : ''}.`,
    evidence: `Right in ${percent(right)} of its training photos${last.valAccuracy === null ? '' : ` and ${percent(last.valAccuracy)} of the others`}; training loss ${decimal(first.trainLoss)} after the first epoch, ${decimal(loss)} at the end, where it rests.`,
    action:
      'Give it more to work with: fine-tune the backbone, or take a larger one. Check the labels as well.',
    ...morePower(shape.stage, input),
  };
}

function tooShort(shape: Shape, input: CurveInput): Finding {
  const { points, scale, thirds, best, last } = shape;
  if (input.running === true || input.stoppedEarly === true) return null;
  const end = lastThird(shape);
  // The best epoch is one of the last: what comes later would have been better still.
  if (last.epoch - best.epoch > end.length / 3) return null;
  const falls = fallOf(end, 'valLoss');
  const [from, to] = [end[0]?.valLoss ?? null, last.valLoss];
  if (falls === null || from === null || to === null) return null;
  if (falls.fall < Math.max(unfinished * from, littleLeft * scale, surely * falls.error)) return null;
  if (thirds !== null && thirds.last < unfinished * thirds.first) return null;
  return {
    code: 'too-short',
    severity: 'note',
    message: `It was still getting better when ${nameOf(shape)} ended.`,
    evidence: `Validation loss fell from ${decimal(from)} to ${decimal(to)} over the last ${end.length} of ${count(points.length, 'epoch')}.`,
    action: 'Train for more epochs.',
    ...longer(shape.stage, points.length),
  };
}

/** The last third of the epochs, two or more. */
function lastThird({ points }: Shape): readonly EpochPoint[] {
  return points.slice(-Math.max(2, Math.ceil(points.length / 3)));
}

function leaked(shape: Shape, input: CurveInput): Finding {
  const early = shape.points
    .slice(0, tooGood.epochs)
    .find(({ valAccuracy }) => valAccuracy !== null && valAccuracy >= tooGood.accuracy);
  if (early === undefined || shape.points.length < tooGood.epochs) return null;
  const { valLoss, trainLoss } = shape.last;
  // Honest photos are known a little less well than those that were learned from, in the end.
  if (valLoss === null || trainLoss === null || valLoss > tooGood.lossRatio * trainLoss) return null;
  return {
    code: 'leak-suspected',
    severity: 'note',
    message:
      'It is suspiciously good suspiciously fast, and knows the photos it is checked on as well as those it learns from. Either the classes are easy to tell apart, or photos on both sides are of the same scene, individual or series.',
    evidence: `Right in ${percent(early.valAccuracy)} of the validation photos after ${count(early.epoch, 'epoch')}; in the end a loss of ${decimal(valLoss)} on them and of ${decimal(trainLoss)} on training photos.`,
    action:
      'Try it on photos from another day, place or camera, and keep photos that belong together on one side.',
    ...keepTogether(input),
  };
}

function peakOf({ points }: Shape): number {
  return Math.max(...points.map(({ learningRate }) => learningRate));
}

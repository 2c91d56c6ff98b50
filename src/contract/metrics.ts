import { z } from 'zod';

/**
 * What is known about a classifier from photos whose answer is known. Everything is a plain number, so
 * it survives JSON: where a figure is not defined (recall of a class without photos, accuracy of no
 * photos at all) it is `null`, never NaN and never a made-up 0.
 */

/** Part of the whole, 0..1. */
const share = z.number().min(0).max(1);
/** The range that holds the true value 95 times of 100: [low, high], both 0..1. */
export const intervalSchema = z.tuple([share, share]);
export type Interval = z.infer<typeof intervalSchema>;

export const classMetricsSchema = z.object({
  class: z.string(),
  /** Of the photos called this class, the part that is. Null when no photo was called it. */
  precision: share.nullable(),
  /** Of the photos that are this class, the part that was found. Null when there are none. */
  recall: share.nullable(),
  /** 2 tp / (2 tp + fp + fn). Null when the class neither occurs nor is predicted. */
  f1: share.nullable(),
  /** Photos that are this class. */
  support: z.number().int().nonnegative(),
  /** Photos that were called this class. */
  predicted: z.number().int().nonnegative(),
  recallInterval: intervalSchema.nullable(),
  precisionInterval: intervalSchema.nullable(),
});
export type ClassMetrics = z.infer<typeof classMetricsSchema>;

/** One bar of a reliability diagram: photos whose confidence lies in (low, high]. */
export const reliabilityBinSchema = z.object({
  low: share,
  high: share,
  count: z.number().int().nonnegative(),
  /** Mean confidence and part that was right; null in an empty bin. */
  confidence: share.nullable(),
  accuracy: share.nullable(),
  accuracyInterval: intervalSchema.nullable(),
});
export type ReliabilityBin = z.infer<typeof reliabilityBinSchema>;

export const confusionSchema = z.object({
  classes: z.array(z.string()),
  /** Photos, counted: row = true class, column = predicted class, both in the order of `classes`. */
  matrix: z.array(z.array(z.number().int().nonnegative())),
});
export type Confusion = z.infer<typeof confusionSchema>;

export const binaryMetricsSchema = z.object({
  /** The class that counts as "yes": the second one. */
  positiveClass: z.string(),
  /** Null when only one of the two classes has photos. */
  rocAuc: share.nullable(),
  averagePrecision: share.nullable(),
});

/** What is known beside the usual figures where a photo can have several labels. */
export const labelFiguresSchema = z.object({
  /** Part of all single decisions (this photo, this label) that were wrong. */
  hammingLoss: share.nullable(),
  /** F1 over all decisions put together. */
  microF1: share.nullable(),
  /** Mean of the labels' average precision. */
  meanAveragePrecision: share.nullable(),
  perLabel: z.array(
    z.object({
      class: z.string(),
      /** Null when all photos have the label, or none has. */
      averagePrecision: share.nullable(),
      /** From this probability on the label is given. */
      threshold: share,
    }),
  ),
});
export type LabelFigures = z.infer<typeof labelFiguresSchema>;

/** Two numbers in the target's own units, low first. */
const rangeSchema = z.tuple([z.number(), z.number()]);

/** What is known where a number is predicted; everything in the target's own units. */
export const numberFiguresSchema = z.object({
  /** Mean distance from the truth. */
  mae: z.number().nonnegative(),
  /** Root of the mean squared distance: large mistakes count more. */
  rmse: z.number().nonnegative(),
  medianError: z.number().nonnegative(),
  /** Mean of predicted less true: above 0 it says too much. */
  bias: z.number(),
  /**
   * Part of the numbers' variance that is explained: 1 is all of it, 0 as good as always saying the mean, below 0 worse.
   * Null when all true numbers are the same.
   */
  r2: z.number().max(1).nullable(),
  maeInterval: rangeSchema.nullable(),
  rmseInterval: rangeSchema.nullable(),
  r2Interval: rangeSchema.nullable(),
  /** Mean distance if the mean of these photos were always said. */
  maeOfMean: z.number().nonnegative(),
  /** What the true numbers span. */
  range: rangeSchema,
});
export type NumberFigures = z.infer<typeof numberFiguresSchema>;

/**
 * With one class a photo all is as it says. With several labels, a photo is right when all its labels are; log loss,
 * calibration and reliability are those of single labels' probabilities; there is no confusion matrix. With a number
 * everything that counts right and wrong is null or empty, and `regression` holds the figures.
 */
export const metricsSchema = z.object({
  /** Photos these figures rest on. */
  count: z.number().int().nonnegative(),
  correct: z.number().int().nonnegative(),
  accuracy: share.nullable(),
  accuracyInterval: intervalSchema.nullable(),
  /** Mean of the F1 of the classes that occur or are predicted (scikit-learn's `average="macro"`). */
  macroF1: share.nullable(),
  /** Null when undefined, and when all resamples agree (all right or all wrong), which proves nothing. */
  macroF1Interval: intervalSchema.nullable(),
  /** Mean of the classes' F1 weighted by their photos. */
  weightedF1: share.nullable(),
  /** Mean negative log of the probability given to the right class, in nats, as the model answers by itself. */
  logLoss: z.number().nonnegative().nullable(),
  /** Expected calibration error, 15 equal-width bins, as the model answers by itself. */
  ece: share.nullable(),
  /** The same two with the logits divided by `temperature`; present when there is one. */
  logLossCalibrated: z.number().nonnegative().nullable().optional(),
  eceCalibrated: share.nullable().optional(),
  temperature: z.number().positive().optional(),
  perClass: z.array(classMetricsSchema),
  confusion: confusionSchema,
  /** With exactly two classes. */
  binary: binaryMetricsSchema.optional(),
  /** Part of the photos whose class is among the five likeliest; present with more than five classes. */
  top5: share.nullable().optional(),
  reliability: z.array(reliabilityBinSchema),
  /** The same with the calibrated confidence; present when there is a temperature. */
  reliabilityCalibrated: z.array(reliabilityBinSchema).optional(),
  /** With several labels a photo. */
  multiLabel: labelFiguresSchema.optional(),
  /** With a number to predict. */
  regression: numberFiguresSchema.optional(),
  /** How the intervals above were made. */
  intervals: z.object({
    level: z.literal(0.95),
    proportions: z.literal('wilson'),
    macroF1: z.literal('percentile-bootstrap'),
    resamples: z.number().int().positive(),
    seed: z.number().int(),
  }),
});
export type Metrics = z.infer<typeof metricsSchema>;

/** What the product advises after looking at the results; each code is one finding. */
export const adviceCodes = [
  'nothing-to-check', // no validation photos at all
  'validation-small', // the interval is wide
  'no-better-than-guessing', // always answering the largest class might do as well
  'classes-unequal', // the largest class has over 3x the training photos of the smallest
  'class-without-photos', // a class without training or without validation photos
  'class-few-photos', // too few training photos to learn a class
  'class-hard', // a class that is hardly recognized
  'overconfident', // surer than right
  'near-duplicates-across-splits', // the same scene in training and validation
  'too-good', // everything right on few photos
  'skipped-many',
  'conflicts', // the same photo under two labels
  'stopped-early', // a person ended the training before it was through
  'diverged', // the loss is not a number any more
  'learning-rate-high', // the loss jumps about or rises
  'learning-rate-low', // the loss falls, and has a long way to go
  'too-short', // still getting better at the end
  'overfitting', // right on what it learned from, ever worse on what it did not
  'underfitting', // not even right on what it learned from
  'leak-suspected', // too good too fast
  'units-dead', // hidden units of the head that are zero for every photo
  'units-alike', // hidden units of the head that are copies of each other
  'labels-suspect', // labels that models which had not seen the photo disagree with
] as const;

/** Where a person can do something about a finding that no setting changes. */
export const advicePlaces = [
  'labels', // the photos and their labels
  'suspects', // labels that are probably wrong
  'mistakes', // photos that were answered wrong
] as const;

/**
 * A way to act on advice at the press of a button. `settings` are changes to those of the next training, as
 * `trainSettingsSchema` has them (which can't be named here: it is made of reports); null: back to the default.
 */
export const adviceFixSchema = z.object({
  /** What the button says: "Train with learning rate 0.001". */
  label: z.string(),
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.number()), z.null()]))
    .optional(),
  go: z.enum(advicePlaces).optional(),
});
export type AdviceFix = z.infer<typeof adviceFixSchema>;

export const adviceSchema = z.object({
  code: z.enum(adviceCodes),
  /** warning: don't rely on the model before this is looked at; note: good to know. */
  severity: z.enum(['warning', 'note']),
  /** One or two plain sentences: what was found. */
  message: z.string(),
  /** The numbers behind it. */
  evidence: z.string(),
  /** What to do about it, as a full sentence. */
  action: z.string(),
  /** Absent in reports of older versions, and where nothing can be done at the press of a button. */
  fix: adviceFixSchema.optional(),
});
export type Advice = z.infer<typeof adviceSchema>;

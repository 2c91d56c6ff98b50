import { z } from 'zod';
import { metricsSchema } from './metrics.ts';
import { taskSchema } from './project.ts';
import { explanationSchema } from './runs.ts';

/** The answer for one photo. */
export const predictionSchema = z.object({
  /** As the person gave it: a file's path, or that of the folder joined with the photo's own. */
  path: z.string(),
  /** With several labels a photo: all of them with "; " between; with a number: that, as text. */
  label: z.string(),
  /** With several labels a photo. */
  labels: z.array(z.string()).optional(),
  /** With a number to predict. */
  value: z.number().optional(),
  /**
   * Calibrated probability of `label`, 0..1. With several labels a photo, that of the decision that was closest; null
   * for a number.
   */
  confidence: z.number().min(0).max(1).nullable(),
  /** Of every class, by name. */
  probabilities: z.record(z.string(), z.number()),
  /** Less sure than the model's threshold, or unlike the photos it learned from: better not to rely on it. */
  unknown: z.boolean(),
  /** Whether it is unlike the photos the model learned from; absent where the model can't tell. */
  unlike: z.boolean().optional(),
  /** Why the answer is not to be trusted; absent where it may be. */
  note: z.string().optional(),
});
export type Prediction = z.infer<typeof predictionSchema>;

export const failedPhotoSchema = z.object({ path: z.string(), reason: z.string() });

/** What shows only when many photos are compared with each other: some may show what the model has not learned. */
export const batchNoveltySchema = z.object({
  /** How many were compared. */
  photos: z.number().int().positive(),
  /** Estimated share of them that shows something new, 0..1. */
  share: z.number().min(0).max(1),
  /** The share is at least this, some 95 times of 100; 0 when it may be chance. */
  atLeast: z.number().min(0).max(1),
  /** So many seem new that all of them may only have been taken in another way: none is marked for it. */
  most: z.boolean(),
  /** So many were answered with unknown for it, those least like the training photos. */
  marked: z.number().int().nonnegative(),
});
export type BatchNovelty = z.infer<typeof batchNoveltySchema>;

/** What `predict --json` prints. */
export const predictResultSchema = z.object({
  results: z.array(predictionSchema),
  failed: z.array(failedPhotoSchema),
  /** Absent where photos were not compared: too few of them, or a model that can't. */
  novelty: batchNoveltySchema.optional(),
});
export type PredictResult = z.infer<typeof predictResultSchema>;

/** What `evaluate --json` prints. */
export const evaluateResultSchema = z.object({
  model: z.string(),
  /** Absent: single-label. */
  task: taskSchema.optional(),
  classes: z.array(z.string()),
  /** Which of the photos were used: those in test/, else in val/, else all. */
  split: z.enum(['test', 'val', 'all']),
  metrics: metricsSchema,
  /** Of these photos, how many are called unknown, and how many of those the model would have got wrong; single-label. */
  unknown: z
    .object({ photos: z.number().int().nonnegative(), wrong: z.number().int().nonnegative() })
    .optional(),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  warnings: z.array(z.string()),
});
export type EvaluateResult = z.infer<typeof evaluateResultSchema>;

/** What `explain --json` prints. */
export const explainResultSchema = z.object({
  /** `picture`: the file that shows it. */
  results: z.array(explanationSchema.extend({ path: z.string(), picture: z.string() })),
  failed: z.array(failedPhotoSchema),
});
export type ExplainResult = z.infer<typeof explainResultSchema>;

/** What `export --json` prints. */
export const exportResultSchema = z.object({
  format: z.string(),
  folder: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number() })),
});
export type ExportResult = z.infer<typeof exportResultSchema>;

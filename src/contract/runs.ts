import { z } from 'zod';
import { explainMethods } from './choices.ts';
import { splitSchema } from './dataset.ts';
import { errorSchema } from './error-schema.ts';
import { photoIdSchema, runIdSchema } from './ids.ts';
import { adviceSchema, intervalSchema } from './metrics.ts';
import { taskSchema } from './project.ts';
import { trainSettingsSchema } from './train-settings.ts';
import { trainResultSchema } from './train.ts';

/** One line of the list of runs. */
export const runSummarySchema = z.object({
  id: runIdSchema,
  /** 1, 2, 3, ... in the order they were made: "Run 3". */
  number: z.number().int().positive(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  state: z.enum(['running', 'finished', 'stopped', 'failed']),
  backbone: z.string().nullable(),
  recipe: z.string().nullable(),
  /** Absent: single-label. */
  task: taskSchema.optional(),
  /** On validation photos. With a number to predict all three are null, and `mae` and `r2` say how good it is. */
  accuracy: z.number().nullable(),
  accuracyInterval: intervalSchema.nullable(),
  macroF1: z.number().nullable(),
  mae: z.number().nullable().optional(),
  r2: z.number().nullable().optional(),
  seconds: z.number().nullable(),
  /** Training photos. */
  photos: z.number().int().nonnegative().nullable(),
  error: errorSchema.nullable(),
});
export type RunSummary = z.infer<typeof runSummarySchema>;

/** One epoch's figures, for the curves. */
export const epochPointSchema = z.object({
  stage: z.enum(['head', 'finetune']),
  epoch: z.number().int().positive(),
  trainLoss: z.number().nullable(),
  valLoss: z.number().nullable(),
  trainAccuracy: z.number().nullable(),
  valAccuracy: z.number().nullable(),
  learningRate: z.number(),
});
export type EpochPoint = z.infer<typeof epochPointSchema>;

/** All there is to know of a run but its photos. */
export const runDetailSchema = z.object({
  summary: runSummarySchema,
  settings: trainSettingsSchema,
  /** Null until it is finished. */
  result: trainResultSchema.nullable(),
  advice: z.array(adviceSchema),
  curves: z.array(epochPointSchema),
  /** Answers less sure than this are called unknown. */
  unknownBelow: z.number().min(0).max(1).nullable(),
});
export type RunDetail = z.infer<typeof runDetailSchema>;

/** What a run's model answers for one photo it did not learn from. */
export const runPhotoSchema = z.object({
  photo: photoIdSchema,
  path: z.string(),
  split: splitSchema,
  /** The label the photo had when the run was made; several with "; " between them; a number as text. */
  truth: z.string(),
  predicted: z.string(),
  /** With several labels a photo: those it had, and those the model gives it. */
  labels: z.object({ truth: z.array(z.string()), predicted: z.array(z.string()) }).optional(),
  /** With a number to predict. */
  value: z.object({ truth: z.number(), predicted: z.number() }).optional(),
  /** Calibrated probability of `predicted`; of several labels, that of the closest decision; 0 for a number. */
  confidence: z.number().min(0).max(1),
  /** In the order of the run's classes; none for a number. */
  probabilities: z.array(z.number()),
});
export type RunPhoto = z.infer<typeof runPhotoSchema>;

/** Where in a photo the model looked. */
export const explanationSchema = z.object({
  /** Of the class that is explained. */
  class: z.string(),
  probability: z.number().min(0).max(1),
  method: z.enum(explainMethods),
  /** Importance 0..1, row by row over what the model sees. */
  rows: z.number().int().positive(),
  columns: z.number().int().positive(),
  values: z.array(z.number().min(0).max(1)),
  /**
   * The part of the photo that the model sees, as shares of its width and height. Where the model's input is padded it
   * reaches beyond the photo: x or y below 0, width or height above 1.
   */
  window: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
});
export type Explanation = z.infer<typeof explanationSchema>;

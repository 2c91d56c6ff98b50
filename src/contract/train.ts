import { z } from 'zod';
import { skippedSchema } from './dataset.ts';
import { metricsSchema } from './metrics.ts';
import { resizeModes } from './input-policy.ts';

export const optimizerKinds = ['adamw', 'adam', 'sgd'] as const;
export const optimizerKindSchema = z.enum(optimizerKinds);
export type OptimizerKind = z.infer<typeof optimizerKindSchema>;

export const recipes = ['auto', 'head', 'finetune'] as const;

/** What `train` can be told; everything has a default but the photos. */
export const trainOptionsSchema = z.object({
  /** Folder of photos. */
  photos: z.string().min(1),
  /** Folder the saved model is written to. */
  out: z.string().min(1).optional(),
  /** Id of a pretrained model or a model file; absent: the best one installed. */
  backbone: z.string().min(1).optional(),
  recipe: z.enum(recipes).default('auto'),
  /** Passes over the training photos; absent: enough for some 1,500 optimizer steps. */
  epochs: z.number().int().min(1).max(10_000).optional(),
  batchSize: z.number().int().min(1).max(4096).default(64),
  optimizer: optimizerKindSchema.default('adamw'),
  /** Peak learning rate; absent: what suits the optimizer. */
  learningRate: z.number().positive().max(10).optional(),
  /** Absent: a few strengths are compared and the best is taken. */
  weightDecay: z.number().nonnegative().optional(),
  /** Widths of hidden layers; empty: a linear head. */
  hidden: z.array(z.number().int().min(1).max(8192)).default([]),
  /** Mirrored copies of the training photos as extra features; `auto`: unless there are very many. */
  flips: z.enum(['auto', 'on', 'off']).default('auto'),
  /** How a photo is fitted to the model's input; absent: as the backbone asks. */
  resize: z.enum(resizeModes).optional(),
  val: z.string().min(1).optional(),
  valFraction: z.number().gt(0).lt(1).default(0.2),
  testFraction: z.number().min(0).lt(1).default(0),
  groupBy: z.string().min(1).optional(),
  /** CSV with filename,label[,split][,group]. */
  labels: z.string().min(1).optional(),
  seed: z.number().int().default(0),
  device: z.string().min(1).default('auto'),
  resume: z.boolean().default(false),
});
export type TrainOptions = z.infer<typeof trainOptionsSchema>;
export type TrainOptionsInput = z.input<typeof trainOptionsSchema>;

/** What `train --json` prints and a run's report.json holds. */
export const trainResultSchema = z.object({
  /** The saved model's folder. */
  model: z.string(),
  run: z.string(),
  report: z.string(),
  classes: z.array(z.string()),
  counts: z.object({
    train: z.number().int().nonnegative(),
    val: z.number().int().nonnegative(),
    test: z.number().int().nonnegative(),
    skipped: z.number().int().nonnegative(),
  }),
  skipped: z.array(skippedSchema),
  metrics: z.object({ val: metricsSchema, test: metricsSchema.optional() }),
  device: z.string(),
  backbone: z.string(),
  recipe: z.enum(recipes),
  /** What was settled by comparison, and on what evidence. */
  chosen: z.object({
    weightDecay: z.number(),
    features: z.string(),
    comparedBy: z.enum(['cross-validation', 'validation', 'given', 'default']),
    candidates: z.number().int().nonnegative(),
  }),
  seconds: z.object({
    total: z.number(),
    /** Reading, hashing and checking the photos. */
    scan: z.number(),
    /** Decoding, as part of the feature pass it overlaps with. */
    decode: z.number(),
    features: z.number(),
    head: z.number(),
    finetune: z.number(),
    /** Writing and checking the saved model. */
    export: z.number(),
  }),
  /** Photos (views) per second through the backbone; 0 when every feature was cached. */
  imagesPerSecond: z.number(),
  peakRssBytes: z.number(),
  parity: z.object({
    photos: z.number().int(),
    tfjsPhotos: z.number().int(),
    onnx: z.number(),
    tfjs: z.number(),
  }),
  advice: z.array(z.object({ code: z.string(), message: z.string(), action: z.string() })),
  warnings: z.array(z.string()),
  seed: z.number().int(),
});
export type TrainResult = z.infer<typeof trainResultSchema>;

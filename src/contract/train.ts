import { z } from 'zod';
import {
  headActivations,
  initializers,
  optimizerKinds,
  recipes,
  samplings,
  scheduleKinds,
} from './choices.ts';
import { skippedSchema } from './dataset.ts';
import { lostDeviceSchema } from './job-events.ts';
import { adviceSchema, metricsSchema } from './metrics.ts';
import { resizeModes } from './input-policy.ts';
import { taskSchema } from './project.ts';

export const optimizerKindSchema = z.enum(optimizerKinds);
export type OptimizerKind = z.infer<typeof optimizerKindSchema>;

export type ScheduleKind = (typeof scheduleKinds)[number];
export type HeadActivation = (typeof headActivations)[number];
export type Initializer = (typeof initializers)[number];

/** What early stopping watches on the validation photos. */
export const stopMetrics = ['loss', 'accuracy'] as const;
export type StopMetric = (typeof stopMetrics)[number];

const switchSchema = z.enum(['on', 'off']);

export const samplingSchema = z.enum(samplings);
export type Sampling = z.infer<typeof samplingSchema>;

/** What `train` can be told; everything has a default but the photos. */
export const trainOptionsSchema = z.object({
  /** Folder of photos. */
  photos: z.string().min(1),
  /** What is said of a photo: one class, any number of labels, or a number. */
  task: taskSchema.default('single-label'),
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
  /** Tries rising learning rates for the head first and takes the best of them. */
  findLearningRate: switchSchema.default('off'),
  schedule: z.enum(scheduleKinds).default('cosine'),
  /** Absent: a few strengths are compared and the best is taken. */
  weightDecay: z.number().nonnegative().optional(),
  /** Adds so many times the sum of the head's |weights| to its loss. */
  l1: z.number().nonnegative().default(0),
  /** Adds so many times the sum of the head's squared weights to its loss. */
  l2: z.number().nonnegative().default(0),
  /** Share of what the head's layers read that is left out in each step. */
  dropout: z.number().min(0).lt(1).default(0),
  /** Batch normalization in the head. */
  batchNorm: switchSchema.default('off'),
  /** `metric:patience`, or `off`; absent: the loss, and a patience that suits the epochs. */
  earlyStop: z.string().min(1).optional(),
  /** What training makes small, as `parseLoss` reads it; absent: what is usual for the task. */
  loss: z.string().min(1).optional(),
  /** How much each class counts: all the same, rare ones more, or as a file says (CSV or JSON of class and weight). */
  classWeights: z.string().min(1).default('none'),
  sampling: samplingSchema.default('shuffle'),
  /** Widths of hidden layers; empty: a linear head. */
  hidden: z.array(z.number().int().min(1).max(8192)).default([]),
  /** Between hidden layers. */
  activation: z.enum(headActivations).default('relu'),
  /** Where the head's weights start; absent: what suits the activation. */
  init: z.enum(initializers).optional(),
  /** Mirrored copies of the training photos; `auto`: as `augment` says, and unless there are very many. */
  flips: z.enum(['auto', 'on', 'off']).default('auto'),
  /** How photos are changed while they are learned from: a preset, or a JSON file (see contract/augment). */
  augment: z.string().min(1).default('standard'),
  /** Fine-tuning learns from mixtures of two photos, in shares drawn from Beta(alpha, alpha); 0: none. */
  mixup: z.number().min(0).max(100).default(0),
  /** The same, with a rectangle of one photo pasted into the other. */
  cutmix: z.number().min(0).max(100).default(0),
  /** How a photo is fitted to the model's input; absent: as the backbone asks. */
  resize: z.enum(resizeModes).optional(),
  /** Fine-tuning leaves the backbone as it is up to this block; `none` trains all of it; absent: about two thirds. */
  freezeUntil: z.string().min(1).optional(),
  /** Passes of fine-tuning over the training photos; absent: enough for some 700 optimizer steps. */
  finetuneEpochs: z.number().int().min(1).max(10_000).optional(),
  /** Peak learning rate of the backbone's last block while it is fine-tuned; absent: what suits the optimizer. */
  finetuneLearningRate: z.number().positive().max(10).optional(),
  /** Tries rising learning rates for fine-tuning first and takes the best of them. */
  findFinetuneLearningRate: switchSchema.default('off'),
  /** Photos a step of fine-tuning learns from; absent: 32. */
  finetuneBatchSize: z.number().int().min(1).max(4096).optional(),
  /** While fine-tuning, each block learns at this share of the next one's rate; absent: 0.9. */
  layerDecay: z.number().gt(0).max(1).optional(),
  /** Batch norms of the backbone's trained blocks follow the photos while fine-tuning. */
  updateBn: switchSchema.default('off'),
  /** Longer gradients are scaled down to this length; absent: 1 in fine-tuning, never for the head alone. */
  clip: z.number().positive().optional(),
  /**
   * Keeps a running average of the weights, of which this share stays at each step; 0: none; absent: 0.99 in
   * fine-tuning, none for the head alone.
   */
  ema: z.number().min(0).lt(1).optional(),
  /** Share of the steps in which the learning rate rises to its peak; absent: 0.1 in fine-tuning, 0.05 for the head. */
  warmup: z.number().min(0).lt(1).optional(),
  /** Share of each target that is spread over all classes; absent: 0. */
  labelSmoothing: z.number().min(0).lt(1).optional(),
  /** Different cuts of each photo that fine-tuning's epochs take turns with; absent: a new one for every epoch. */
  views: z.number().int().min(1).max(10_000).optional(),
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

const judgementSchema = z.object({
  /** Null for numbers. */
  accuracy: z.number().nullable(),
  /** Mean log loss in nats after calibration; with another loss or weights the mean of that. */
  logLoss: z.number(),
});

/** What trying rising learning rates showed. */
export const rateSearchSchema = z.object({
  /** The smoothed training loss when each rate had its turn, from the lowest rate on. */
  points: z.array(z.object({ rate: z.number().positive(), loss: z.number() })),
  /** The rate that was trained with. */
  chosen: z.number().positive(),
  /** Whether it was found; otherwise it is the usual one, for no rate made the loss fall. */
  found: z.boolean(),
});
export type RateSearchResult = z.infer<typeof rateSearchSchema>;

/** Whether fine-tuning was tried and kept, on what evidence. */
export const finetuneChoiceSchema = z.object({
  tried: z.boolean(),
  kept: z.boolean(),
  /** One sentence for people. */
  why: z.string(),
  /** On validation photos: the head on the backbone as it was, and the best of fine-tuning. */
  head: judgementSchema.optional(),
  finetuned: judgementSchema.optional(),
  /** The block up to which the backbone stayed as it was, or `none`. */
  frozenUntil: z.string().optional(),
  epochs: z.number().int().nonnegative().optional(),
  bestEpoch: z.number().int().nonnegative().optional(),
  /** Present where its learning rate was looked for: the backbone's last block's. */
  rateSearch: rateSearchSchema.optional(),
});
export type FinetuneChoice = z.infer<typeof finetuneChoiceSchema>;

/** What the trained head's weights and units look like. */
export const headHealthSchema = z.object({
  /** Weights of its layers, without biases. */
  weights: z.number().int().nonnegative(),
  /** Of them exactly zero. */
  zeros: z.number().int().nonnegative(),
  /** Hidden layers in order. */
  layers: z.array(
    z.object({
      units: z.number().int().positive(),
      /** Units that are zero for every training photo. */
      dead: z.number().int().nonnegative(),
      /** Units with the same weights as another one before them. */
      copies: z.number().int().nonnegative(),
    }),
  ),
  /** Training photos that dead units were looked for with. */
  photos: z.number().int().nonnegative(),
});
export type HeadHealth = z.infer<typeof headHealthSchema>;

/** What `train --json` prints and a run's report.json holds. */
export const trainResultSchema = z.object({
  /** The saved model's folder. */
  model: z.string(),
  run: z.string(),
  report: z.string(),
  /** Absent: single-label. */
  task: taskSchema.optional(),
  classes: z.array(z.string()),
  counts: z.object({
    train: z.number().int().nonnegative(),
    val: z.number().int().nonnegative(),
    test: z.number().int().nonnegative(),
    skipped: z.number().int().nonnegative(),
  }),
  skipped: z.array(skippedSchema),
  metrics: z.object({ val: metricsSchema, test: metricsSchema.optional() }),
  /** What finished the training. */
  device: z.string(),
  /** The device it began on, if that was lost on the way. */
  deviceLost: lostDeviceSchema.optional(),
  backbone: z.string(),
  recipe: z.enum(recipes),
  /** What was settled by comparison, and on what evidence. */
  chosen: z.object({
    weightDecay: z.number(),
    features: z.string(),
    comparedBy: z.enum(['cross-validation', 'validation', 'given', 'default']),
    candidates: z.number().int().nonnegative(),
    /** Present where a learning rate was looked for. */
    rateSearch: rateSearchSchema.optional(),
    /** What became of fine-tuning; absent for the recipe `head`. */
    finetune: finetuneChoiceSchema.optional(),
  }),
  /** Absent in reports of older versions. */
  head: headHealthSchema.optional(),
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
  /** Reports of older versions lack severity and evidence. */
  advice: z.array(
    adviceSchema.extend({
      severity: adviceSchema.shape.severity.default('note'),
      evidence: z.string().default(''),
    }),
  ),
  /** A person ended it before it was through. */
  stoppedEarly: z.boolean().optional(),
  warnings: z.array(z.string()),
  seed: z.number().int(),
});
export type TrainResult = z.infer<typeof trainResultSchema>;

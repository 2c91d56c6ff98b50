import { z } from 'zod';
import { augmentationSchema } from './augment.ts';
import { inputPolicySchema } from './input-policy.ts';
import { metricsSchema } from './metrics.ts';
import { taskSchema } from './project.ts';
import { samplingSchema } from './train.ts';

/** Version of the saved model's layout; older ones are migrated on load. */
export const savedModelVersion = 1;

const fileSchema = z.object({ path: z.string(), bytes: z.number().int().nonnegative(), sha256: z.string() });

/** holotype.json beside a saved model: what it is, how it was made, and how good it is. */
export const savedModelSchema = z.object({
  formatVersion: z.literal(savedModelVersion),
  kind: z.literal('model'),
  name: z.string(),
  createdAt: z.string(),
  task: taskSchema,
  /** In the order of the model's answers; none for a number. */
  classes: z.array(z.string()),
  /** With several labels a photo: each is given from this probability on, in the order of the classes. */
  thresholds: z.array(z.number().min(0).max(1)).optional(),
  /** With a number: what the training photos' numbers span. */
  target: z.object({ low: z.number(), high: z.number() }).optional(),
  /**
   * How a photo becomes the model's input. `mean` and `std` are applied inside the model: it takes RGB 0..255.
   */
  input: inputPolicySchema,
  backbone: z.object({
    id: z.string(),
    name: z.string(),
    sha256: z.string(),
    licence: z.string().optional(),
  }),
  recipe: z.object({
    name: z.string(),
    hidden: z.array(z.number()),
    /** Feature maps of the backbone the head reads, averaged over the photo. */
    features: z.array(z.string()),
    optimizer: z.string(),
    learningRate: z.number(),
    weightDecay: z.number(),
    batchSize: z.number(),
    epochs: z.number(),
    bestEpoch: z.number(),
    flips: z.boolean(),
    /** How photos were changed for training; absent in models of older versions. */
    augment: augmentationSchema.optional(),
    /** Absent in models of older versions: cosine, nothing of the rest, and their `sgd` is `momentum` today. */
    schedule: z.string().optional(),
    warmup: z.number().optional(),
    ema: z.number().optional(),
    l1: z.number().optional(),
    l2: z.number().optional(),
    dropout: z.number().optional(),
    batchNorm: z.boolean().optional(),
    /** With hidden layers. */
    activation: z.string().optional(),
    /** Where a person chose it. */
    init: z.string().optional(),
    /** Absent: gradients are not limited. */
    clip: z.number().optional(),
    /** What was made small, and how classes were weighed against each other; absent in models of older versions. */
    loss: z.string().optional(),
    labelSmoothing: z.number().optional(),
    classWeights: z.array(z.object({ class: z.string(), weight: z.number() })).optional(),
    sampling: samplingSchema.optional(),
    /** How the backbone's tail was trained, for the recipe `finetune`. */
    finetune: z
      .object({
        frozenUntil: z.string(),
        blocks: z.array(z.string()),
        optimizer: z.string(),
        learningRate: z.number(),
        headLearningRate: z.number(),
        layerDecay: z.number(),
        weightDecay: z.number(),
        clip: z.number(),
        ema: z.number(),
        warmup: z.number(),
        schedule: z.string().optional(),
        updateBn: z.boolean().optional(),
        labelSmoothing: z.number(),
        batchSize: z.number(),
        views: z.number(),
        mixup: z.number().optional(),
        cutmix: z.number().optional(),
        epochs: z.number(),
        bestEpoch: z.number(),
      })
      .optional(),
  }),
  seed: z.number(),
  /** sha256 over the ids, labels and splits of all photos. */
  datasetHash: z.string(),
  counts: z.object({ train: z.number(), val: z.number(), test: z.number(), skipped: z.number() }),
  metrics: z.object({ val: metricsSchema, test: metricsSchema.optional() }),
  calibration: z.object({
    /** Fitted on the validation photos. */
    temperature: z.number().positive(),
    /** The last layer's weights are already divided by it: probabilities come out calibrated. 1 for a number. */
    applied: z.literal(true),
  }),
  /** Answers less sure than this are called unknown: 98% of the right answers on validation are surer. 0: none is. */
  unknownBelow: z.number().min(0).max(1),
  /**
   * What tells photos that are unlike those the model learned from: they are called unknown, too, however sure the
   * model is. Absent in models of older versions, and where too few validation photos were there to set a limit by.
   */
  unlike: z
    .object({
      version: z.literal(1),
      /** One of `files`. */
      file: z.string(),
      /** The tensor of model.onnx that is looked at: what the head reads. */
      features: z.string(),
      /** How many numbers that is. */
      columns: z.number().int().positive(),
      /** Of the kernel, see `how`. */
      gamma: z.number().positive(),
      /** A photo is unlike above this novelty (0 as one it learned from, 1 like none): of the photos on validation this share is not. */
      above: z.number().min(0).max(1),
      share: z.number().min(0).max(1),
      /** How a program computes a photo's novelty. */
      how: z.string(),
    })
    .optional(),
  /** Largest difference of any probability (or of the number) between the trained model and each export, on real photos. */
  parity: z.object({
    /** Photos the ONNX export was tried on; the first `tfjsPhotos` of them for the slower TF.js. */
    photos: z.number().int(),
    tfjsPhotos: z.number().int(),
    onnx: z.number(),
    tfjs: z.number(),
    tolerance: z.number(),
  }),
  /** Layers of the TF.js model that plain TF.js doesn't know; usually none. */
  customLayers: z.array(z.string()),
  files: z.array(fileSchema),
  versions: z.record(z.string(), z.string()),
});
export type SavedModel = z.infer<typeof savedModelSchema>;

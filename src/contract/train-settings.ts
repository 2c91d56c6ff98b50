import { z } from 'zod';
import { parseLoss } from './losses.ts';
import { augmentPresets } from './choices.ts';
import { adviceSchema } from './metrics.ts';
import { trainOptionsSchema } from './train.ts';

/** The simple choice: how long training may take for how good a result. */
export const qualities = ['quick', 'balanced', 'best'] as const;
export const qualitySchema = z.enum(qualities);
export type Quality = z.infer<typeof qualitySchema>;

const options = trainOptionsSchema.shape;

/**
 * What a person can choose in the window: all that `train` can be told but where things are. What nobody chose stays
 * left out, so that `quality` may decide it.
 */
export const trainSettingsSchema = trainOptionsSchema
  .omit({ photos: true, out: true, val: true, labels: true, resume: true, task: true })
  .extend({
    recipe: options.recipe.removeDefault(),
    batchSize: options.batchSize.removeDefault(),
    optimizer: options.optimizer.removeDefault(),
    findLearningRate: options.findLearningRate.removeDefault(),
    findFinetuneLearningRate: options.findFinetuneLearningRate.removeDefault(),
    schedule: options.schedule.removeDefault(),
    l1: options.l1.removeDefault(),
    l2: options.l2.removeDefault(),
    dropout: options.dropout.removeDefault(),
    batchNorm: options.batchNorm.removeDefault(),
    activation: options.activation.removeDefault(),
    updateBn: options.updateBn.removeDefault(),
    // A file of weights is the command line's: the window names no paths.
    classWeights: z.enum(['none', 'balanced']),
    loss: z.string().refine((text) => parseLoss(text) !== undefined, 'There is no such loss.'),
    sampling: options.sampling.removeDefault(),
    hidden: options.hidden.removeDefault(),
    flips: options.flips.removeDefault(),
    // As with weights: a file is the command line's.
    augment: z.enum(augmentPresets),
    mixup: options.mixup.removeDefault(),
    cutmix: options.cutmix.removeDefault(),
    valFraction: options.valFraction.removeDefault(),
    testFraction: options.testFraction.removeDefault(),
    seed: options.seed.removeDefault(),
    device: options.device.removeDefault(),
    quality: qualitySchema,
  })
  .partial();
export type TrainSettings = z.infer<typeof trainSettingsSchema>;

/** Where what takes an obstacle away is found. */
export const obstacleRemedySchema = z.enum([
  'labels', // photos are to be labelled
  'take-over', // the project is open for writing elsewhere
  'download', // the backbone is not on this machine yet
  'backbone', // another backbone
  'device', // another device
  'defaults', // settings that don't fit
  'look-again', // outside of the app: a drive to be connected
]);
export type ObstacleRemedy = z.infer<typeof obstacleRemedySchema>;

/** What a training would do, before it is started. */
export const trainPlanSchema = z.object({
  /** Why it can't be started yet, each with what to do; empty when it can. */
  obstacles: z.array(
    z.object({ message: z.string(), action: z.string(), remedy: obstacleRemedySchema.optional() }),
  ),
  /** Good to know, for example few photos of a class. */
  warnings: z.array(z.string()),
  /** What can be done better before it begins, at the press of a button. */
  advice: z.array(adviceSchema),
  /** What will happen, a sentence a step. */
  steps: z.array(z.string()),
  device: z.object({ id: z.string(), name: z.string() }),
  backbone: z.object({ id: z.string(), name: z.string(), installed: z.boolean(), downloadBytes: z.number() }),
  counts: z.object({
    train: z.number().int().nonnegative(),
    val: z.number().int().nonnegative(),
    test: z.number().int().nonnegative(),
  }),
  /** Seconds it will take on this machine: between, from measured speed; null while nothing was measured. */
  seconds: z.object({ low: z.number(), high: z.number(), basis: z.string() }).nullable(),
  /** The settings as they will be used: what was chosen with the defaults filled in. */
  settings: trainSettingsSchema,
});
export type TrainPlan = z.infer<typeof trainPlanSchema>;

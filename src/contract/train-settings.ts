import { z } from 'zod';
import { trainOptionsSchema } from './train.ts';

/** The simple choice: how long training may take for how good a result. */
export const qualities = ['quick', 'balanced', 'best'] as const;
export const qualitySchema = z.enum(qualities);
export type Quality = z.infer<typeof qualitySchema>;

/** What a person can choose in the window: all that `train` can be told but where things are. */
export const trainSettingsSchema = trainOptionsSchema
  .omit({ photos: true, out: true, val: true, labels: true, resume: true })
  .partial()
  .extend({ quality: qualitySchema.optional() });
export type TrainSettings = z.infer<typeof trainSettingsSchema>;

/** What a training would do, before it is started. */
export const trainPlanSchema = z.object({
  /** Why it can't be started yet, each with what to do; empty when it can. */
  obstacles: z.array(z.object({ message: z.string(), action: z.string() })),
  /** Good to know, for example few photos of a class. */
  warnings: z.array(z.string()),
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

import { z } from 'zod';
import { deviceIdSchema } from './devices.ts';
import { errorSchema } from './error-schema.ts';
import { adviceSchema } from './metrics.ts';

/** Parts of a training job, in the order they happen. */
export const stages = [
  'scan',
  'backbone',
  'features',
  'choose',
  'head',
  'finetune',
  'export',
  'report',
] as const;
export type Stage = (typeof stages)[number];

const number = z.number().nullable();

/** A moment that training can go on from. */
export const resumePointSchema = z.object({
  /** Epochs of its stage that were finished. */
  epoch: z.number().int().nonnegative(),
  /** Names the checkpoint in the run's folder. */
  step: z.number().int().nonnegative(),
});

/** A device that gave up during a training, which the processor then finished. */
export const lostDeviceSchema = z.object({
  device: deviceIdSchema,
  stage: z.enum(stages),
  /** How far the stage was when it last told; absent: it had told nothing yet. */
  progress: z.object({ done: z.number(), total: z.number().optional(), unit: z.string() }).optional(),
  /** The checkpoint the processor went on from; absent: it began the stage again. */
  checkpoint: resumePointSchema.optional(),
  /** What the device or its driver said. */
  reason: z.string(),
});
export type LostDevice = z.infer<typeof lostDeviceSchema>;

/**
 * What a long job tells about itself: one flat union, each event with the job's id and a number that counts up,
 * so that a window that lost the connection can ask for what it missed.
 */
const bodies = [
  z.object({ type: z.literal('started'), run: z.string().optional() }),
  z.object({
    type: z.literal('stage'),
    stage: z.enum(stages),
    /** One line for people: what is being done now. */
    message: z.string(),
    /** The checkpoint it goes on from, where it does. */
    from: resumePointSchema.optional(),
  }),
  z.object({
    type: z.literal('batch'),
    stage: z.enum(stages),
    done: z.number().nonnegative(),
    /** Absent while nobody knows how much there is. */
    total: z.number().nonnegative().optional(),
    unit: z.string(),
    /** Units a second, over the last few seconds. */
    rate: number,
    /** Seconds to go in this stage. */
    eta: number,
  }),
  z.object({
    type: z.literal('epoch'),
    epoch: z.number().int().positive(),
    epochs: z.number().int().positive(),
    trainLoss: number,
    trainAccuracy: number,
    valLoss: number,
    valAccuracy: number,
    learningRate: z.number(),
  }),
  z.object({
    type: z.literal('checkpoint'),
    step: resumePointSchema.shape.step,
    /** Absent in logs of older versions. */
    epoch: resumePointSchema.shape.epoch.optional(),
  }),
  z.object({
    type: z.literal('warning'),
    message: z.string(),
    /** The warning is that this device was lost. */
    deviceLost: lostDeviceSchema.optional(),
  }),
  /** What the curves say so far; takes the place of what was advised before, none included. */
  z.object({ type: z.literal('advice'), advice: z.array(adviceSchema) }),
  z.object({ type: z.literal('done'), model: z.string() }),
  z.object({ type: z.literal('failed'), error: errorSchema }),
  z.object({ type: z.literal('cancelled') }),
] as const;

export const jobEventBodySchema = z.discriminatedUnion('type', bodies);
export type JobEventBody = z.infer<typeof jobEventBodySchema>;

export const jobEventSchema = z.intersection(
  jobEventBodySchema,
  z.object({ jobId: z.string(), seq: z.number().int().positive() }),
);
export type JobEvent = z.infer<typeof jobEventSchema>;

import { z } from 'zod';

/** Everything that could train on this or another machine; `cuda` can be had in two ways. */
export const deviceIds = ['cpu', 'webgpu', 'dml', 'coreml', 'cuda', 'cuda-tfjs'] as const;
export const deviceIdSchema = z.enum(deviceIds);
export type DeviceId = z.infer<typeof deviceIdSchema>;

/** What `--device` takes: `auto`, or a device; `cuda` is the faster of its two ways that works. */
export const deviceChoices = ['auto', ...deviceIds] as const;
export const deviceChoiceSchema = z.enum(deviceChoices);
export type DeviceChoice = z.infer<typeof deviceChoiceSchema>;

export const deviceStates = [
  'ready', // there, and its answers are right
  'absent', // not on this machine, or something it needs is missing
  'wrong', // there, but it computes wrongly: never used
  'failed', // there, but it gave up in the self-test or in a real step
  'crashed', // trying it ended the process that tried
  'hung', // trying it took longer than it may
] as const;

/** One part of the self-test: the device's answer beside the one of plain JavaScript. */
export const selfTestSchema = z.object({
  kind: z.enum(['inference', 'training-step']),
  passed: z.boolean(),
  /** The largest difference, as a part of the largest number of the right answer; null: not even a number. */
  difference: z.number().nonnegative().nullable(),
  /** The largest difference that passes. */
  tolerance: z.number().positive(),
  /** Which numbers differ most. */
  where: z.string(),
});
export type SelfTest = z.infer<typeof selfTestSchema>;

/** A timed step of a network of MobileNetV2's shape (224 pixels) with random weights. */
export const deviceSpeedSchema = z.object({
  workload: z.enum(['inference', 'training-step']),
  batch: z.number().int().positive(),
  /** Steps that were timed; the median counts. */
  steps: z.number().int().positive(),
  millisecondsPerStep: z.number().positive(),
  imagesPerSecond: z.number().positive(),
});
export type DeviceSpeed = z.infer<typeof deviceSpeedSchema>;

export const deviceInfoSchema = z.object({
  id: deviceIdSchema,
  /** In plain words: "Graphics card (WebGPU)". */
  name: z.string(),
  runtime: z.enum(['onnxruntime', 'tfjs-node-gpu']),
  state: z.enum(deviceStates),
  /** Why it can't be used; absent when ready. */
  reason: z.string().optional(),
  /** How to get it, where a person can do anything about it. */
  remedy: z.string().optional(),
  selfTests: z.array(selfTestSchema),
  /** Inference and a training step, as far as they were timed. */
  speeds: z.array(deviceSpeedSchema),
});
export type DeviceInfo = z.infer<typeof deviceInfoSchema>;

/** What `devices` prints. */
export const deviceListSchema = z.object({
  devices: z.array(deviceInfoSchema),
  /** What `--device auto` takes; absent while more than one is ready and they have not been timed. */
  auto: deviceIdSchema.optional(),
});
export type DeviceList = z.infer<typeof deviceListSchema>;

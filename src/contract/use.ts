import { z } from 'zod';
import { jobIdSchema } from './ids.ts';
import { batchNoveltySchema } from './predict.ts';
import { taskSchema } from './project.ts';

/** One answer of a prediction job. Its picture is at {@link answerPath}. */
export const answerSchema = z.object({
  index: z.number().int().nonnegative(),
  path: z.string(),
  /** Several labels with "; " between them; a number as text. */
  label: z.string(),
  /** With several labels a photo. */
  labels: z.array(z.string()).optional(),
  /** With a number to predict. */
  value: z.number().optional(),
  /** 0 for a number. */
  confidence: z.number().min(0).max(1),
  /** In the order of the model's classes; none for a number. */
  probabilities: z.array(z.number()),
  unknown: z.boolean(),
  /** Unknown because it is unlike the photos the model learned from, however sure it is. */
  unlike: z.boolean().optional(),
});
export type Answer = z.infer<typeof answerSchema>;

export const answersSchema = z.object({
  job: jobIdSchema,
  /** Absent: single-label. */
  task: taskSchema.optional(),
  classes: z.array(z.string()),
  unknownBelow: z.number().min(0).max(1),
  /** How many there are so far. */
  total: z.number().int().nonnegative(),
  answers: z.array(answerSchema),
  failed: z.array(z.object({ path: z.string(), reason: z.string() })),
  /** Once all are answered and were compared: answers read before may have become unknown since. */
  novelty: batchNoveltySchema.optional(),
});
export type Answers = z.infer<typeof answersSchema>;

/** What the window shows of one format, before it is made. */
export const exportFormatSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** One sentence: what it is for. */
  purpose: z.string(),
});
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** One exported format: what was written, how it compares with the trained model, and how to use it. */
export const exportedSchema = z.object({
  format: exportFormatSchema,
  /** For people to read. */
  folder: z.string(),
  files: z.array(z.object({ path: z.string(), bytes: z.number() })),
  bytes: z.number(),
  /** Largest difference of any probability from the trained model, on so many of the person's photos. */
  parity: z.object({ difference: z.number(), tolerance: z.number(), photos: z.number().int() }).nullable(),
  snippets: z.array(z.object({ language: z.string(), name: z.string(), code: z.string() })),
  /** As one archive: {@link downloadPath} of this. */
  download: z.string(),
});
export type Exported = z.infer<typeof exportedSchema>;

/** What a run's model takes one picture of the camera for. */
export const cameraAnswerSchema = z.object({
  label: z.string(),
  labels: z.array(z.string()).optional(),
  value: z.number().optional(),
  confidence: z.number().min(0).max(1),
  /** In the order of the model's classes. */
  probabilities: z.array(z.number()),
  classes: z.array(z.string()),
  unknown: z.boolean(),
  unlike: z.boolean().optional(),
});
export type CameraAnswer = z.infer<typeof cameraAnswerSchema>;

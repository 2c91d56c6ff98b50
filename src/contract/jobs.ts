import { z } from 'zod';
import { errorSchema } from './error-schema.ts';
import { jobIdSchema, projectIdSchema, runIdSchema } from './ids.ts';
import { jobEventSchema, stages } from './job-events.ts';

export const jobKinds = [
  'scan', // looking through a project's folder
  'train',
  'landscape', // the loss around a run's model
  'predict', // a folder of photos
  'sort', // copies of predicted photos into a folder per answer
  'export',
  'fetch-model',
  'share', // a project as one archive
  'explore', // groups, a map and odd photos of a project
  'compare', // backbones on a project's photos
  'search', // better settings for a project's training
] as const;
export const jobKindSchema = z.enum(jobKinds);
export type JobKind = z.infer<typeof jobKindSchema>;

export const jobStates = [
  'queued', // waits for the one before it
  'running',
  'paused',
  'done',
  'failed',
  'cancelled',
  'interrupted', // the engine ended in the middle; a training can be gone on with
] as const;
export const jobStateSchema = z.enum(jobStates);
export type JobState = z.infer<typeof jobStateSchema>;

/** How far a job is. */
export const jobProgressSchema = z.object({
  stage: z.enum(stages).nullable(),
  /** One line for people: what is being done now. */
  message: z.string(),
  done: z.number().nonnegative(),
  total: z.number().nonnegative().nullable(),
  unit: z.string(),
  /** Units a second over the last few seconds. */
  rate: z.number().nullable(),
  /** Seconds to go: of the whole job where that is known, else of its stage. */
  eta: z.number().nullable(),
});
export type JobProgress = z.infer<typeof jobProgressSchema>;

export const jobSummarySchema = z.object({
  id: jobIdSchema,
  kind: jobKindSchema,
  /** What it works on; null for what belongs to no project. */
  project: projectIdSchema.nullable(),
  /** For people: "Training of Leaves". */
  title: z.string(),
  state: jobStateSchema,
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  progress: jobProgressSchema.nullable(),
  /** The run that is trained or measured. */
  run: runIdSchema.nullable(),
  /** Of a model's download: the model's id. */
  model: z.string().optional(),
  /** Why it failed. */
  error: errorSchema.nullable(),
  /** Can be paused; stopped so that what is done so far is kept; gone on with after an interruption. */
  canPause: z.boolean(),
  canStop: z.boolean(),
  canResume: z.boolean(),
  /** The number of its newest event. */
  seq: z.number().int().nonnegative(),
});
export type JobSummary = z.infer<typeof jobSummarySchema>;

/** What a window that lost the connection has missed. */
export const jobReplaySchema = z.object({ job: jobSummarySchema, events: z.array(jobEventSchema) });
export type JobReplay = z.infer<typeof jobReplaySchema>;

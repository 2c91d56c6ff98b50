import { z } from 'zod';
import { photoIdSchema, projectIdSchema, runIdSchema } from './ids.ts';
import { taskSchema, type Task } from './project.ts';

export { projectIdSchema } from './ids.ts';

export const projectSummarySchema = z.object({
  id: projectIdSchema,
  name: z.string().min(1),
  /** For people to read, not to open: where the photos lie. */
  folder: z.string().min(1),
  /** ISO 8601, UTC. */
  openedAt: z.iso.datetime(),
  /** Validation accuracy, 0..1, of the last finished run; null before the first, and where there is none. */
  lastAccuracy: z.number().min(0).max(1).nullable(),
  /** What that run taught; absent before the first run, and in entries of older versions. */
  lastTask: taskSchema.optional(),
  /** With a number to predict: how far off it is on average, in the target's own units. */
  lastMae: z.number().nonnegative().nullable().optional(),
  /** The folder is not where it was: moved, deleted, or on a drive that isn't connected. */
  missing: z.boolean(),
  /** Photos in it when it was last open; absent in entries of older versions. */
  photos: z.number().int().nonnegative().optional(),
  /** A few of them to show on the card; their pictures are at {@link thumbPath}. */
  samples: z.array(photoIdSchema).max(6).optional(),
});
export type ProjectSummary = z.infer<typeof projectSummarySchema>;

/** What the list of projects keeps of a finished run. */
export interface LastResult {
  readonly task: Task;
  readonly accuracy: number | null;
  readonly mae: number | null;
}

/** A class as the window shows it. */
export const classStateSchema = z.object({
  name: z.string().min(1),
  /** Index into the palette of twelve colours; each has a symbol of its own, for those who don't see colours. */
  color: z.number().int().min(0).max(11),
  /** Photos with this label, those left out of training included. */
  count: z.number().int().nonnegative(),
});
export type ClassState = z.infer<typeof classStateSchema>;

/** An open project but for its photos, which are listed apart. */
export const projectStateSchema = z.object({
  id: projectIdSchema,
  name: z.string().min(1),
  /** Where the photos lie, for people to read. */
  photoFolders: z.array(z.string()),
  /** Where labels, runs and models are kept, for people to read. */
  folder: z.string(),
  task: taskSchema,
  classes: z.array(classStateSchema),
  counts: z.object({
    photos: z.number().int().nonnegative(),
    labeled: z.number().int().nonnegative(),
    unlabeled: z.number().int().nonnegative(),
    /** Left out of training by a person. */
    excluded: z.number().int().nonnegative(),
    /** Not where they were. */
    missing: z.number().int().nonnegative(),
    /** Files that can't be used; `projects.skipped` says why. */
    skipped: z.number().int().nonnegative(),
  }),
  /** What was wrong with the project's own files when it was opened. */
  problems: z.array(z.string()),
  /** Somebody else has it open for writing: everything can be looked at, nothing changed. Null when it is ours. */
  readOnly: z.object({ holder: z.string() }).nullable(),
  /** What undo and redo would take back or do again; null when there is nothing. */
  undo: z.string().nullable(),
  redo: z.string().nullable(),
  /** Rises with every change of photos or labels. */
  revision: z.number().int().nonnegative(),
  /** The photos are still being looked through: a job with this id says how far. */
  scan: z.string().nullable(),
  /** The newest finished run. */
  lastRun: runIdSchema.nullable(),
  /** Answers remembered for next time: see train-settings. */
  settings: z.record(z.string(), z.unknown()),
});
export type ProjectState = z.infer<typeof projectStateSchema>;

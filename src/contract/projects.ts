import { z } from 'zod';

/** Made from the folder's path: the window names projects by it, never by a path. */
export const projectIdSchema = z.string().regex(/^[0-9a-f]{16}$/);

export const projectSummarySchema = z.object({
  id: projectIdSchema,
  name: z.string().min(1),
  /** For people to read, not to open. */
  folder: z.string().min(1),
  /** ISO 8601, UTC. */
  openedAt: z.iso.datetime(),
  /** Validation accuracy, 0..1, of the last finished run; null before the first. */
  lastAccuracy: z.number().min(0).max(1).nullable(),
  /** The folder is not where it was: moved, deleted, or on a drive that isn't connected. */
  missing: z.boolean(),
});
export type ProjectSummary = z.infer<typeof projectSummarySchema>;

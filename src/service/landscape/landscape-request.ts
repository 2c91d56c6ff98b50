import { z } from 'zod';
import { gridSchema } from '../../contract/landscape.ts';
import { runIdSchema } from '../../contract/ids.ts';

/** Whose landscape a worker is to measure. */
export const landscapeRequestSchema = z.object({
  /** Absolute: the project's folder. */
  project: z.string(),
  run: runIdSchema,
  to: runIdSchema.optional(),
  grid: gridSchema,
  /** Absolute: where the project's photos are now. */
  photos: z.string(),
});
export type LandscapeRequest = z.infer<typeof landscapeRequestSchema>;

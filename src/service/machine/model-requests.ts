import { z } from 'zod';

/** A model whose blocks are wanted. */
export const detailsRequestSchema = z.object({ id: z.string() });

/** A model file that a person brings. */
export const importRequestSchema = z.object({
  /** Absolute. */
  path: z.string(),
  name: z.string().optional(),
});
export type ImportRequest = z.infer<typeof importRequestSchema>;

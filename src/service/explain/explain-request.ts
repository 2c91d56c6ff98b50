import { z } from 'zod';

/** Which photo is to be explained by which model. */
export const explainRequestSchema = z.object({
  /** The saved model's folder. */
  model: z.string(),
  /** Where the photo lies: relative to the folder, any of these. */
  folder: z.string(),
  paths: z.array(z.string()).min(1),
  bytes: z.number(),
  /** Index of the class; absent: the one that is answered. */
  class: z.number().int().nonnegative().optional(),
});
export type ExplainRequest = z.infer<typeof explainRequestSchema>;

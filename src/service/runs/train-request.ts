import { z } from 'zod';
import { trainOptionsSchema } from '../../contract/train.ts';

/** What the worker is told to train. */
export const trainRequestSchema = z.object({
  options: trainOptionsSchema,
  place: z.object({ folder: z.string(), run: z.string(), out: z.string(), name: z.string() }),
});
export type TrainRequest = z.infer<typeof trainRequestSchema>;

import { z } from 'zod';
import { taskSchema } from '../../contract/project.ts';

/** What a worker is asked: which backbones suit these photos. */
export const compareRequestSchema = z.object({
  /** Absolute. */
  folder: z.string(),
  /** The labels file that lists the photos: filename,label,split,group. */
  labels: z.string(),
  task: taskSchema,
  /** Ids; absent: all that are installed. */
  models: z.array(z.string()).optional(),
  /** As `--device` takes it. */
  device: z.string(),
  seed: z.number().int(),
});
export type CompareRequest = z.infer<typeof compareRequestSchema>;

import { z } from 'zod';
import { deviceChoiceSchema } from '../../contract/devices.ts';
import { explorationSchema, exploreSettingsSchema } from '../../contract/explore.ts';
import { resizeModes } from '../../contract/input-policy.ts';
import { taskSchema } from '../../contract/project.ts';

/** What a worker is told to look through. */
export const exploreRequestSchema = z.object({
  /** Absolute: what the photos' paths are relative to. */
  folder: z.string(),
  photos: z.array(
    z.object({
      id: z.string(),
      path: z.string(),
      bytes: z.number(),
      /** Pixels, as a person sees the photo; absent where not known. */
      width: z.number().optional(),
      height: z.number().optional(),
      /** Index into `classes`, or the kind that folds are balanced by; -1: nothing is said of it. */
      label: z.number().int(),
      labels: z.array(z.number().int()).optional(),
      target: z.number().optional(),
    }),
  ),
  task: taskSchema,
  classes: z.array(z.string()),
  settings: exploreSettingsSchema,
  /** Absent: the best one installed. */
  backbone: z.string().optional(),
  resize: z.enum(resizeModes).optional(),
  device: deviceChoiceSchema,
  /** Absolute. */
  cacheFolder: z.string(),
});
export type ExploreRequest = z.infer<typeof exploreRequestSchema>;

/** What a worker has found out: first in part, at its end in whole. */
export const foundSchema = explorationSchema.omit({ job: true, madeAt: true });
export type Found = z.infer<typeof foundSchema>;

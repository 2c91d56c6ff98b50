import { z } from 'zod';
import { deviceIdSchema } from '../../contract/devices.ts';
import { resizeModes } from '../../contract/input-policy.ts';

/** What a worker is asked to find out: how fast a backbone is with these photos. */
export const measureRequestSchema = z.object({
  backbone: z.string(),
  device: deviceIdSchema,
  resize: z.enum(resizeModes).optional(),
  /** Absolute; the photos' paths are relative to it. */
  folder: z.string(),
  photos: z.array(z.object({ path: z.string(), bytes: z.number() })).min(1),
});
export type MeasureRequest = z.infer<typeof measureRequestSchema>;

export const measuredSchema = z.object({ secondsPerView: z.number().positive() });

import { z } from 'zod';
import { deviceIdSchema } from '../../contract/devices.ts';
import { resizeModes } from '../../contract/input-policy.ts';

/** What features may have been computed with. */
export const featureSourceSchema = z.object({
  backbone: z.string(),
  resize: z.enum(resizeModes).optional(),
  device: deviceIdSchema,
});
export type FeatureSource = z.infer<typeof featureSourceSchema>;

/** Bytes of a photo's id. */
export const idBytes = 32;

/** Which photo the others are to be compared with. */
export const similarRequestSchema = z.object({
  /** Ids of all photos behind each other, {@link idBytes} each: text would be twice as much for every window's question. */
  ids: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  /** The number of the photo among them. */
  photo: z.number().int().nonnegative(),
  limit: z.number().int().positive(),
  /** In this order; the first that has features of the photo and of most others is taken. */
  sources: z.array(featureSourceSchema),
  /** Changes when there may be more features than before. */
  stamp: z.string(),
  /** Absolute: where what is known about photos is kept. */
  cacheFolder: z.string(),
});
export type SimilarRequest = z.infer<typeof similarRequestSchema>;

export const similarReplySchema = z.object({
  basis: z.enum(['features', 'looks']),
  /** Numbers of photos, the likest first, and how alike they are. */
  photos: z.custom<Uint32Array>((value) => value instanceof Uint32Array),
  similarities: z.custom<Float32Array>((value) => value instanceof Float32Array),
});

import { z } from 'zod';

const picture = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** One picture of a camera and the saved model's folder. */
export const cameraRequestSchema = z.object({ model: z.string(), picture });
export type CameraRequest = z.infer<typeof cameraRequestSchema>;

/** As {@link cameraAnswerSchema}, but for the classes, which the engine knows. */
export const cameraReplySchema = z.object({
  label: z.string(),
  labels: z.array(z.string()).optional(),
  value: z.number().optional(),
  confidence: z.number(),
  unknown: z.boolean(),
  unlike: z.boolean().optional(),
  probabilities: z.array(z.number()),
});

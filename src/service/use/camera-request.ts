import { z } from 'zod';

/** One picture of a camera and the saved model's folder. */
export const cameraRequestSchema = z.object({ model: z.string(), picture: z.instanceof(Uint8Array) });
export type CameraRequest = z.infer<typeof cameraRequestSchema>;

/** As {@link cameraAnswerSchema}, but for the classes, which the engine knows. */
export const cameraReplySchema = z.object({
  label: z.string(),
  confidence: z.number(),
  unknown: z.boolean(),
  probabilities: z.array(z.number()),
});

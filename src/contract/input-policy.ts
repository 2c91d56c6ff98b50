import { z } from 'zod';

/** How a photo of any size becomes the square (or rectangle) a model sees. */
export const resizeModes = [
  'squash', // scale each axis to fit: everything is seen, proportions are lost
  'crop', // scale the short side to size / cropFraction, then cut out the centre
  'pad', // scale the long side to fit, fill the rest with grey: everything is seen, in proportion
] as const;

export const inputPolicySchema = z.object({
  /** Pixels the model takes. */
  height: z.number().int().positive(),
  width: z.number().int().positive(),
  resize: z.enum(resizeModes),
  /** For `crop`: the part of the short side that is kept (0.875 = resize 256, keep 224). */
  cropFraction: z.number().positive().max(1).default(1),
  /** Normalization, per channel in RGB order, of pixel values 0..255: (x - mean) / std. */
  mean: z.tuple([z.number(), z.number(), z.number()]),
  std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
});
export type InputPolicy = z.infer<typeof inputPolicySchema>;

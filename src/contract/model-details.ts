import { z } from 'zod';
import { inputPolicySchema } from './input-policy.ts';
import { modelFormatSchema, sha256Schema } from './model-manifest.ts';

/** What becomes of a block when the backbone is fine-tuned from its default freeze point. */
export const blockRoles = ['frozen', 'trained', 'replaced'] as const;

/** A piece of a backbone that can be frozen as a whole; `--freeze-until` takes its name. */
export const modelBlockSchema = z.object({
  name: z.string().min(1),
  /** Of its output for one photo, without the batch axis: [height, width, channels] or [channels]. */
  outputShape: z.array(z.number().int().positive()),
  /** Operations in it. */
  nodes: z.number().int().positive(),
  parameters: z.number().int().nonnegative(),
  /** Multiplications with addition for one photo. */
  multiplyAdds: z.number().nonnegative(),
  /** Of the whole model's multiply-adds, 0 to 1. */
  share: z.number().min(0).max(1),
  /** Of this block and all before it. */
  cumulativeShare: z.number().min(0).max(1),
  role: z.enum(blockRoles),
});
export type ModelBlock = z.infer<typeof modelBlockSchema>;

/** What `models show` prints. */
/** What the network as it comes takes a photo for, likeliest first. */
export const namedPhotoSchema = z.object({
  path: z.string(),
  answers: z.array(z.object({ name: z.string(), probability: z.number().min(0).max(1.001) })),
});
export type NamedPhoto = z.infer<typeof namedPhotoSchema>;

export const modelDetailsSchema = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  path: z.string(),
  format: modelFormatSchema,
  sha256: sha256Schema,
  licence: z.string().optional(),
  input: inputPolicySchema,
  /** What was assumed about the input; absent where it is known. */
  inputGuess: z.string().optional(),
  parameters: z.number().int().nonnegative(),
  multiplyAdds: z.number().nonnegative(),
  /** The last frozen block when nobody says otherwise; `none`: all of it is trained. */
  freezeUntil: z.string(),
  /** In the order photos pass through them. */
  blocks: z.array(modelBlockSchema),
});
export type ModelDetails = z.infer<typeof modelDetailsSchema>;

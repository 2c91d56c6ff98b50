import { z } from 'zod';
import { inputPolicySchema } from './input-policy.ts';
import { modelCardSchema, modelFormatSchema, sha256Schema } from './model-manifest.ts';

/** Where a listed model comes from. */
export const modelOrigins = [
  'manifest', // Holotype knows it and can fetch it
  'imported', // a person imported the file; a copy lies in the data folder
  'folder', // a file in the folder HOLOTYPE_MODELS names
] as const;

/** One line of `models list`, one card of the model chooser. */
export const modelInfoSchema = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  origin: z.enum(modelOrigins),
  /** Whether it can be used now, offline. */
  installed: z.boolean(),
  /** The file (or TF.js model.json) when installed. */
  path: z.string().optional(),
  format: modelFormatSchema,
  /** Bytes on disk, or to download. */
  size: z.number().int().nonnegative(),
  /** Whether fetching it asks a person first, because nobody publishes a hash for it. */
  asksForTrust: z.boolean(),
  sha256: sha256Schema.optional(),
  /** SPDX identifier of the weights' licence, where known. */
  licence: z.string().optional(),
  family: z.string().optional(),
  input: inputPolicySchema.optional(),
  features: z.number().int().positive().optional(),
  parameters: z.number().int().positive().optional(),
  multiplyAdds: z.number().int().positive().optional(),
  batchNorm: z.enum(['kept', 'folded', 'none']).optional(),
  imagenetTop1: z.number().optional(),
  card: modelCardSchema.optional(),
});
export type ModelInfo = z.infer<typeof modelInfoSchema>;

export const modelListSchema = z.array(modelInfoSchema);

/** Progress of a fetch; `total` is absent while nobody has said how much there is. */
export const fetchProgressSchema = z.object({
  id: z.string(),
  received: z.number().int().nonnegative(),
  total: z.number().int().positive().optional(),
});
export type FetchProgress = z.infer<typeof fetchProgressSchema>;

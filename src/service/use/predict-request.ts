import { z } from 'zod';
import { batchNoveltySchema, failedPhotoSchema } from '../../contract/predict.ts';

/** What a worker is told to answer for. */
export const predictRequestSchema = z.object({
  /** The saved model's folder. */
  model: z.string(),
  /** A folder of photos, or a photo. */
  source: z.string(),
  /** Where the answers go, one a line: see {@link answerLineSchema}. */
  answers: z.string(),
});
export type PredictRequest = z.infer<typeof predictRequestSchema>;

export const answerLineSchema = z.object({
  /** Relative to the folder, with `/`. */
  path: z.string(),
  label: z.string(),
  labels: z.array(z.string()).optional(),
  value: z.number().optional(),
  confidence: z.number(),
  unknown: z.boolean(),
  unlike: z.boolean().optional(),
  probabilities: z.array(z.number()),
});
export type AnswerLine = z.infer<typeof answerLineSchema>;

/**
 * What a worker tells while it answers: photos that could not be read; at the end, which photos show something new when
 * all are compared, by their lines.
 */
export const predictNewsSchema = z.union([
  z.object({ failed: z.array(failedPhotoSchema) }),
  z.object({ novelty: batchNoveltySchema, marked: z.array(z.number().int().nonnegative()) }),
]);
export type PredictNews = z.infer<typeof predictNewsSchema>;

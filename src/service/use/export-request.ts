import { z } from 'zod';

/** What a worker is told to export. */
export const exportRequestSchema = z.object({
  /** The saved model's folder. */
  model: z.string(),
  formats: z.array(
    z.object({
      id: z.string(),
      /** Absolute: where its files go. */
      folder: z.string(),
      /** Absolute: the same as one archive, with everything in a folder of the name `top`. */
      archive: z.string(),
      top: z.string(),
    }),
  ),
  /** Photos the model did not learn from, and what the trained model answers for them. */
  photos: z.array(
    z.object({
      id: z.string(),
      folder: z.string(),
      path: z.string(),
      /** In the order of the model's classes. */
      probabilities: z.array(z.number()),
    }),
  ),
});
export type ExportRequest = z.infer<typeof exportRequestSchema>;

/** What came of one format. */
export const exportReplySchema = z.array(
  z.object({
    id: z.string(),
    files: z.array(z.object({ path: z.string(), bytes: z.number() })),
    parity: z.object({ difference: z.number(), tolerance: z.number(), photos: z.number().int() }).nullable(),
    archiveBytes: z.number(),
  }),
);
export type ExportReply = z.infer<typeof exportReplySchema>;

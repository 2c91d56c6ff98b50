import { z } from 'zod';
import { splitSchema } from './dataset.ts';
import { photoIdSchema, runIdSchema } from './ids.ts';

/** A photo as the grid needs it: small, for there may be 50,000. */
export const photoRowSchema = z.object({
  id: photoIdSchema,
  /** Relative to the photos' folder, with `/` on every system. */
  path: z.string(),
  labels: z.array(z.string()),
  /** The number to predict, for regression. */
  target: z.number().optional(),
  split: splitSchema.optional(),
  /** Left out of training by a person. */
  excluded: z.boolean().optional(),
  /** Not where it was when the folder was last looked through. */
  missing: z.boolean().optional(),
  /** Pixels, as a person sees the photo. */
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  /** ISO 8601 local time, as the camera says. */
  takenAt: z.string().optional(),
});
export type PhotoRow = z.infer<typeof photoRowSchema>;

/** Photos in one answer of `photos.list`. */
export const photoPage = 5_000;

/** All that is known of one photo. */
export const photoDetailsSchema = photoRowSchema.extend({
  bytes: z.number().int().nonnegative(),
  /** Where else the very same photo lies. */
  otherPaths: z.array(z.string()),
  group: z.string().optional(),
  /** Camera, lens, place and so on as the file says, in words. */
  facts: z.array(z.object({ name: z.string(), value: z.string() })),
  /** What runs said of it, newest first. */
  answers: z.array(
    z.object({
      run: runIdSchema,
      predicted: z.string(),
      confidence: z.number().min(0).max(1),
    }),
  ),
});
export type PhotoDetails = z.infer<typeof photoDetailsSchema>;

/** Why a labels file could be used only in part. */
export const labelImportSchema = z.object({
  /** Photos whose labels were set. */
  matched: z.number().int().nonnegative(),
  /** Photos that had the same labels already. */
  unchanged: z.number().int().nonnegative(),
  newClasses: z.array(z.string()),
  /** Lines that name no photo of the project, or several; the first hundred. */
  unmatched: z.array(z.object({ line: z.number().int().positive(), name: z.string(), reason: z.string() })),
  unmatchedCount: z.number().int().nonnegative(),
});
export type LabelImport = z.infer<typeof labelImportSchema>;

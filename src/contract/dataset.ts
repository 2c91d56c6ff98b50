import { z } from 'zod';

/** The parts a photo can belong to; `val` is what training watches, `test` what nothing ever looks at. */
export const splits = ['train', 'val', 'test'] as const;
export const splitSchema = z.enum(splits);
export type Split = z.infer<typeof splitSchema>;

/** Why a file is not used; the words for people are in {@link Skipped}'s `reason`. */
export const skipCodes = [
  'empty', // zero bytes
  'not-a-photo', // text, video, archive, document: recognized by content
  'truncated', // the file ends before the picture does
  'damaged', // the decoder refuses it
  'unsupported-format', // a picture, but not one this build can decode (HEIC, SVG, camera raw, ...)
  'too-large', // more pixels or bytes than is safe to decode
  'unreadable', // the operating system refuses: permissions, drive gone
  'missing-file', // listed in the CSV, but there is no such file
  'ambiguous-name', // listed in the CSV by a name that several files have
  'outside-splits', // beside train/ and val/ rather than inside
  'conflict', // the same photo carries two labels
] as const;
export const skipCodeSchema = z.enum(skipCodes);
export type SkipCode = z.infer<typeof skipCodeSchema>;

const fields = {
  /** sha256 of the file's bytes, hex: the same photo has the same id wherever it lies. */
  id: z.string().regex(/^[0-9a-f]{64}$/),
  /** Relative to its root, with `/` on every system, spelled as on disk. */
  path: z.string(),
  /** Index into `Dataset.roots`. */
  root: z.number().int().nonnegative(),
  /** Given by the folder (train/, val/, test/), the CSV, or --val; absent: ours to choose. */
  split: splitSchema.optional(),
  /** Photos of one group (one specimen, one visit) never straddle a split. */
  group: z.string().optional(),
  /** The CSV's number to predict, for regression. */
  target: z.number().optional(),
  /** Size of the file. */
  bytes: z.number().int().nonnegative(),
  /** Pixels, as a person sees the photo: after EXIF orientation. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /** When the camera says it was taken: ISO 8601 local time without zone, since cameras rarely know theirs. */
  takenAt: z.string().optional(),
  /** 64 bits as 16 hex digits, see engine/data/perceptual-hash; all zero: too plain to compare. */
  perceptualHash: z.string().regex(/^[0-9a-f]{16}$/),
};

export const unlabeledPhotoSchema = z.object(fields);
export type UnlabeledPhoto = z.infer<typeof unlabeledPhotoSchema>;

export const photoSchema = z.object({
  ...fields,
  /**
   * Index into `Dataset.classes`. With several labels a photo, the rarest of them (with none: the number of classes);
   * with a number to predict, the range it lies in: splits are balanced by it.
   */
  label: z.number().int().nonnegative(),
  /** With several labels a photo: all of them, ascending indices into `Dataset.classes`. */
  labels: z.array(z.number().int().nonnegative()).optional(),
});
export type Photo = z.infer<typeof photoSchema>;

export const skippedSchema = z.object({
  /** As {@link displayPath} spells it. */
  path: z.string(),
  /** One phrase for people. */
  reason: z.string(),
  code: skipCodeSchema,
});
export type Skipped = z.infer<typeof skippedSchema>;

/** One photo (by content) that lies under two labels; `labels[i]` is what `paths[i]` says. */
export const conflictSchema = z.object({
  id: z.string(),
  paths: z.array(z.string()),
  /** Class names, for one of the classes may have no other photo. */
  labels: z.array(z.string()),
});
export type Conflict = z.infer<typeof conflictSchema>;

export const warningSchema = z.object({ code: z.string(), message: z.string() });
export type Warning = z.infer<typeof warningSchema>;

export const datasetSchema = z.object({
  /** Absolute folders; the first is the one that was opened, then those given as --val and --test. */
  roots: z.array(z.string()),
  /** Sorted; `Photo.label` counts in this list. */
  classes: z.array(z.string()),
  photos: z.array(photoSchema),
  skipped: z.array(skippedSchema),
  conflicts: z.array(conflictSchema),
  /** Paths of files with the same content, two or more each; every one of them is also in `photos`. */
  exactDuplicates: z.array(z.array(z.string())),
  warnings: z.array(warningSchema),
  /** Readable photos that nobody labelled (or gave a number). */
  unlabeled: z.array(unlabeledPhotoSchema),
});
export type Dataset = z.infer<typeof datasetSchema>;

/** The classes that a photo shows, as indices into `Dataset.classes`; none where a number is to be predicted. */
export function classesOf({
  label,
  labels,
}: {
  readonly label: number;
  readonly labels?: readonly number[] | undefined;
}): readonly number[] {
  return labels ?? [label];
}

/** How a photo is called in messages: relative in the main folder, with its root elsewhere. */
export function displayPath(roots: readonly string[], file: { root: number; path: string }): string {
  return file.root === 0 ? file.path : `${roots[file.root] ?? ''}/${file.path}`;
}

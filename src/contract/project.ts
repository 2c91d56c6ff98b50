import { z } from 'zod';
import { tasks } from './choices.ts';
import { splitSchema } from './dataset.ts';

/** Version of everything in a project's folder: holotype.json, dataset.jsonl, labels.journal.jsonl. */
export const projectFormatVersion = 1;
export const projectFormat = 'holotype-project';

export const taskSchema = z.enum(tasks);
export type Task = z.infer<typeof taskSchema>;

const idSchema = z.string().regex(/^[0-9a-f]{64}$/, 'not a content hash (sha256 as 64 hex digits)');

/** How many colours classes have; each comes with a symbol, for those who don't see colours. */
export const paletteSize = 12;
const colorsSchema = z.record(
  z.string(),
  z
    .number()
    .int()
    .min(0)
    .max(paletteSize - 1),
);
const classNamesSchema = z
  .array(z.string().min(1))
  .refine((names) => new Set(names).size === names.length, 'named twice');
const foldersSchema = z.record(z.string(), z.string());

/** holotype.json of a project. Fields this version doesn't know are kept. */
export const projectManifestSchema = z.looseObject({
  format: z.literal(projectFormat),
  formatVersion: z.literal(projectFormatVersion),
  name: z.string().min(1),
  task: taskSchema,
  /** In the order in which people want to see them. */
  classes: classNamesSchema,
  /** Answers to be remembered: backbone, recipe, split fractions, ... */
  settings: z.record(z.string(), z.unknown()),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /**
   * Where the photos lie: absolute, or relative to the project's folder with `/` (so that a shared project can carry
   * them). Absent: in the project's folder itself.
   */
  photoFolder: z.string().min(1).optional(),
  /** Palette index of classes; those without one get what is left, see the service. */
  colors: colorsSchema.optional(),
  /**
   * What became of the classes that folders (or a table among the photos) name: the class of today, or '' for one
   * that was removed. A photo that is found later gets its label by this.
   */
  folders: foldersSchema.optional(),
  /** `seq` of the newest journal entry whose classes are in this file; newer ones count more than the file. */
  classesAt: z.number().int().nonnegative().optional(),
  /** When the folder of photos was first looked through to its end; ISO 8601, UTC. */
  scannedAt: z.string().optional(),
});
export type ProjectManifest = z.infer<typeof projectManifestSchema>;

/** A line of dataset.jsonl: one photo, by content. Fields this version doesn't know are kept. */
export const assetSchema = z.looseObject({
  /** sha256 of the file's bytes. */
  id: idSchema,
  /** Relative to the photos' folder, with `/` on every system. */
  path: z.string().min(1),
  /** Where else the very same photo lies. */
  otherPaths: z.array(z.string().min(1)).optional(),
  /** Size of the file. */
  bytes: z.number().int().nonnegative(),
  /** Names of classes: none or one for single-label, any number for multi-label. */
  labels: z.array(z.string().min(1)),
  /** The number to predict, for regression. */
  target: z.number().optional(),
  split: splitSchema.optional(),
  group: z.string().optional(),
  /** Left out of training by a person. */
  excluded: z.boolean().optional(),
  /** Not where it was when the folder was last looked through. */
  missing: z.boolean().optional(),
  /** Pixels, as a person sees the photo. */
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  /** ISO 8601 local time, as the camera says. */
  takenAt: z.string().optional(),
  /** Its file was edited and is this photo now, which has taken over the label. Shown no more, but never forgotten. */
  replacedBy: idSchema.optional(),
});
export type Asset = z.infer<typeof assetSchema>;

/** The fields of an asset that a person changes; null takes a field away. */
export const assetPatchSchema = z.strictObject({
  path: z.string().min(1).optional(),
  otherPaths: z.array(z.string().min(1)).nullable().optional(),
  bytes: z.number().int().nonnegative().optional(),
  labels: z.array(z.string().min(1)).optional(),
  target: z.number().nullable().optional(),
  split: splitSchema.nullable().optional(),
  group: z.string().nullable().optional(),
  excluded: z.boolean().nullable().optional(),
  missing: z.boolean().nullable().optional(),
  width: z.number().int().positive().nullable().optional(),
  height: z.number().int().positive().nullable().optional(),
  takenAt: z.string().nullable().optional(),
  replacedBy: idSchema.nullable().optional(),
});
export type AssetPatch = z.infer<typeof assetPatchSchema>;

/**
 * What an operation does to one asset. A whole asset (it has an id) appears, null disappears, a patch sets the
 * fields it names. Both sides are absolute values, so applying an operation twice is applying it once, and
 * undoing it is swapping the sides.
 */
const sideSchema = z.union([assetPatchSchema, assetSchema]).nullable(); // patches are by far the most
export const assetChangeSchema = z.object({ id: idSchema, before: sideSchema, after: sideSchema });
export type AssetChange = z.infer<typeof assetChangeSchema>;

/** All that the manifest says of classes. */
export const classTableSchema = z.object({
  names: classNamesSchema,
  colors: colorsSchema,
  folders: foldersSchema,
});
export type ClassTable = z.infer<typeof classTableSchema>;

const journalFields = {
  /** 1, 2, 3, ... over the whole life of the project. */
  seq: z.number().int().positive(),
  /** ISO 8601, UTC. */
  time: z.string(),
};

/**
 * One step of labelling as the person sees it: all of its changes happen, or none. A `scan` is what looking through
 * the folder has found: no step of a person's, and not to be undone.
 */
export const labelOperationSchema = z.object({
  ...journalFields,
  action: z.enum(['change', 'undo', 'redo', 'scan']),
  who: z.string(),
  /** For the history: `Label 12 photos "rust"`. */
  description: z.string(),
  /** The `seq` of the change that is undone or redone. */
  of: z.number().int().positive().optional(),
  changes: z.array(assetChangeSchema),
  /** The classes before and after, where the step changes them. The journal counts; holotype.json follows. */
  classes: z.object({ before: classTableSchema, after: classTableSchema }).optional(),
});
export type LabelOperation = z.infer<typeof labelOperationSchema>;

/** A line of labels.journal.jsonl: an operation, or the note that all before it is in dataset.jsonl by now. */
export const journalEntrySchema = z.discriminatedUnion('action', [
  labelOperationSchema,
  z.object({ ...journalFields, action: z.literal('compacted') }),
]);
export type JournalEntry = z.infer<typeof journalEntrySchema>;

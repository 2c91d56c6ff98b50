import { z } from 'zod';
import { placeIdSchema } from './ids.ts';

export const folderEntrySchema = z.object({
  id: placeIdSchema,
  name: z.string(),
  /** Pictures directly in it, counted by their names; absent when there are too many files to count. */
  pictures: z.number().int().nonnegative().optional(),
  /** It holds a project of Holotype. */
  project: z.boolean(),
});

/** A folder's folders, for the web host's own picker; the desktop has the system's dialog. */
export const folderListSchema = z.object({
  id: placeIdSchema,
  /** As a person would type it. */
  path: z.string(),
  /** The folder it is in; null at the top of what may be looked at. */
  parent: placeIdSchema.nullable(),
  entries: z.array(folderEntrySchema),
  /** Files that can be chosen where a file is asked for (archives, models). */
  files: z.array(z.object({ id: placeIdSchema, name: z.string(), bytes: z.number() })),
});
export type FolderList = z.infer<typeof folderListSchema>;

import { z } from 'zod';

/**
 * How the window names things. It never sees or sends a path that the engine would open: folders and files outside
 * a project are named by tokens that the engine (or the desktop's own dialog) gave out.
 */

/** Of a project: made from its folder's path, so it stays the same. */
export const projectIdSchema = z.string().regex(/^[0-9a-f]{16}$/);
/** Of a photo: sha256 of its bytes. */
export const photoIdSchema = z.string().regex(/^[0-9a-f]{64}$/);
/** Of a run: the name of its folder in runs/, sortable by time. */
export const runIdSchema = z.string().regex(/^[0-9TZ-]{20,30}-[0-9a-f]{8}$/);
/** Of a job: unique while the engine runs. */
export const jobIdSchema = z.string().regex(/^[A-Za-z0-9-]{8,64}$/);
/** Of a folder or file that a person may use: given out by `folders.*` or by the desktop's dialog. */
export const placeIdSchema = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/);
/** Of a set of files that the window sends: given out by `uploads.begin`. */
export const uploadIdSchema = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/);

/** Where photos come from: a folder on the engine's machine, or files that were dropped on the page. */
export const sourceSchema = z.union([
  z.strictObject({ place: placeIdSchema }),
  z.strictObject({ upload: uploadIdSchema }),
]);
export type Source = z.infer<typeof sourceSchema>;

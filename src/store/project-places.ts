import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { projectFormat } from '../contract/project.ts';
import { readJson } from './atomic.ts';
import { folderName } from './copies.ts';
import { exists, listFolder } from './folders.ts';
import { manifestName } from './project-manifest.ts';

/** What the holotype.json in a folder is one of, if there is one. */
export type FolderKind = 'project' | 'model' | 'other';

const projectSchema = z.object({ format: z.literal(projectFormat) });
const modelSchema = z.object({ kind: z.literal('model') });

/**
 * Whether a folder is a project, a saved model, or neither.
 *
 * @throws HolotypeError 'bad-input' when there is a holotype.json that can't be read as JSON, 'storage'
 */
export async function folderKind(folder: string): Promise<FolderKind> {
  const path = join(folder, manifestName);
  if (!(await exists(path))) return 'other';
  const about = await readJson(path, z.unknown());
  if (projectSchema.safeParse(about).success) return 'project';
  return modelSchema.safeParse(about).success ? 'model' : 'other';
}

/**
 * Where the project of a folder of photos is, or would be: the photos' own folder is left as it is. The name ends
 * with a hash of the photos' path, by which it is found again whatever the project is called.
 *
 * @param projects the folder of all such projects
 * @param photos absolute or relative; links are followed, so that every way to the folder leads to one project
 * @param name of a project that is yet to be made (default: the folder's)
 */
export async function placeOfProject(
  projects: string,
  photos: string,
  name?: string,
): Promise<{ folder: string; photoFolder: string; exists: boolean }> {
  const photoFolder = await realpath(resolve(photos)).catch(() => resolve(photos));
  const hash = createHash('sha256').update(photoFolder).digest('hex').slice(0, 10);
  const names = (await listFolder(projects)).filter((other) => other.endsWith(`-${hash}`));
  for (const known of names) {
    const folder = join(projects, known);
    if ((await folderKind(folder)) === 'project') return { folder, photoFolder, exists: true };
  }
  return {
    folder: join(projects, placeName(name ?? basename(photoFolder), hash)),
    photoFolder,
    exists: false,
  };
}

/** A folder's name that begins with a project's, as far as that can be one. */
export function placeName(name: string, hash: string): string {
  const start = folderName(name).slice(0, 60).trim();
  return `${start === '' || start.startsWith('.') ? `project${start}` : start}-${hash}`;
}

import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { projectFormat } from '../contract/project.ts';
import type { Asset } from '../contract/project.ts';
import { readJson } from './atomic.ts';
import { folderName } from './copies.ts';
import { exists, listFolder } from './folders.ts';
import { manifestName } from './project-manifest.ts';
import { openProject } from './project.ts';

/** What the holotype.json in a folder is one of, if there is one. */
export type FolderKind = 'project' | 'model' | 'other';

const projectSchema = z.object({ format: z.literal(projectFormat), photoFolder: z.string().optional() });
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
 * with a hash of the photos' path, by which it is found first, whatever the project is called.
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
  const names = await listFolder(projects);
  const likely = names.filter((other) => other.endsWith(`-${hash}`));
  // Any other may have been told that its photos have moved here.
  for (const known of new Set([...likely, ...names])) {
    const folder = join(projects, known);
    if ((await photosOf(folder)) === photoFolder) return { folder, photoFolder, exists: true };
  }
  const wanted = placeName(name ?? basename(photoFolder), hash);
  let folder = join(projects, wanted);
  for (let n = 2; await exists(folder); n += 1) folder = join(projects, `${wanted}-${n}`);
  return { folder, photoFolder, exists: false };
}

/** A photo's place and size: what is known of a file without reading it. */
export type FileSign = Pick<Asset, 'path' | 'bytes'>;

/**
 * The project whose photos seem to have been moved or renamed as a folder: they are not where they were, and most of
 * them are here, under the same paths with the same sizes.
 *
 * @param files all there are in the folder that may be theirs; asked for only when there is such a project
 * @returns the project's folder and where its photos were
 */
export async function findMovedProject(
  projects: string,
  files: () => Promise<readonly FileSign[]>,
): Promise<{ folder: string; before: string } | undefined> {
  let here: ReadonlySet<string> | undefined;
  let best: { folder: string; before: string; share: number } | undefined;
  for (const name of await listFolder(projects)) {
    const folder = join(projects, name);
    const before = await photosOf(folder);
    if (before === undefined || !isAbsolute(before) || (await exists(before))) continue;
    const project = await openProject(folder, { readOnly: true }).catch(() => undefined);
    const known = [...(project?.assets.values() ?? [])].filter(({ missing }) => missing !== true);
    here ??= new Set((await files()).map(signOf));
    const found = known.filter((asset) => here?.has(signOf(asset)) === true).length;
    const share = found / Math.max(1, known.length);
    if (share >= mostOf && share > (best?.share ?? 0)) best = { folder, before, share };
  }
  return best;
}

/** As much of a project's photos have to be found for a folder to be theirs. */
const mostOf = 0.8;

const signOf = ({ path, bytes }: FileSign): string => `${bytes} ${path}`;

/** Where a project in this folder has its photos; undefined when it is none, or can't be read. */
async function photosOf(folder: string): Promise<string | undefined> {
  const path = join(folder, manifestName);
  if (!(await exists(path))) return undefined;
  const about = await readJson(path, projectSchema).catch(() => undefined);
  return about?.photoFolder;
}

/** A folder's name that begins with a project's, as far as that can be one. */
export function placeName(name: string, hash: string): string {
  const start = folderName(name).slice(0, 60).trim();
  return `${start === '' || start.startsWith('.') ? `project${start}` : start}-${hash}`;
}

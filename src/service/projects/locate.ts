import { basename, dirname, join } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import { isPhotoLike } from '../../engine/data/layout.ts';
import { exists, isFolder, listFolder } from '../../store/folders.ts';
import { isHidden, listFiles } from '../../store/photos.ts';
import type { FoundFile } from '../../store/photos.ts';
import { createProject, openProject } from '../../store/project.ts';
import { findMovedProject, folderKind, placeOfProject } from '../../store/project-places.ts';
import { shortPath } from '../short-path.ts';

/** The folder below the data folder where projects are kept whose photos lie elsewhere. */
export const projectsFolder = (dataFolder: string): string => join(dataFolder, 'projects');

/**
 * The project that a folder is, or is the photos of, also when the photos were moved or renamed as a folder since; it
 * is made if there is none. Nothing is written into a folder of photos.
 *
 * @param name of a new project (default: the folder's)
 * @returns the project's own folder
 * @throws HolotypeError 'not-found' when there is no such folder, 'bad-input' when it holds neither photos nor a
 *   project, 'storage'
 */
export async function locateProject(folder: string, dataFolder: string, name?: string): Promise<string> {
  await mustBeFolder(folder);
  const kind = await folderKind(folder);
  if (kind === 'project') return folder;
  if (kind === 'model')
    throw new HolotypeError(
      'bad-input',
      `"${shortPath(folder)}" is a trained model, not a folder of photos.`,
      {
        remedy: 'Choose the folder of the photos it was trained on.',
      },
    );
  const place = await placeOfProject(projectsFolder(dataFolder), folder, name);
  if (place.exists) return place.folder;
  await mustHoldPhotos(folder);
  const moved = await findMovedProject(projectsFolder(dataFolder), () => filesIn(folder));
  if (moved !== undefined && (await tellMoved(moved.folder, place.photoFolder))) return moved.folder;
  const project = await createProject(place.folder, {
    name: name ?? (basename(place.photoFolder) || 'Photos'),
    photoFolder: place.photoFolder,
  });
  await project.close();
  return place.folder;
}

/** @returns whether the project could be told; not while somebody else has it */
async function tellMoved(folder: string, photoFolder: string): Promise<boolean> {
  const project = await openProject(folder).catch(() => undefined);
  if (project === undefined) return false;
  try {
    await project.updateManifest({ photoFolder });
    return true;
  } finally {
    await project.close();
  }
}

async function filesIn(folder: string): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  for await (const file of listFiles(folder)) files.push(file);
  return files;
}

/** What a set of dropped files should be called: by the one folder that was dropped, if it was one. */
export async function nameOfUpload(folder: string): Promise<string> {
  const names = (await listFolder(folder)).filter((name) => !isHidden(name));
  const [only, ...more] = names;
  return only !== undefined && more.length === 0 && (await isFolder(join(folder, only)))
    ? only
    : 'Dropped photos';
}

async function mustBeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  if (!(await exists(path)))
    throw new HolotypeError('not-found', `There is no folder "${shortPath(path)}" (any more).`, {
      remedy: 'Connect its drive, or choose another folder.',
    });
  throw new HolotypeError('bad-input', `"${shortPath(path)}" is a file, not a folder of photos.`, {
    remedy: path.toLowerCase().endsWith('.zip')
      ? 'Use "Open a shared project" for an archive.'
      : `Choose the folder it is in: "${shortPath(dirname(path))}".`,
  });
}

/** Looks no further than the first file that may be a photo. */
async function mustHoldPhotos(folder: string): Promise<void> {
  let others = 0;
  for await (const { path } of listFiles(folder)) {
    if (isPhotoLike(path)) return;
    others += 1;
  }
  const what =
    others === 0
      ? 'is empty'
      : `holds no photos, only ${others === 1 ? 'another file' : `${others} other files`}`;
  throw new HolotypeError('bad-input', `The folder "${shortPath(folder)}" ${what}.`, {
    remedy: 'Choose the folder that holds your photos, in folders named after classes or all together.',
  });
}

import { join } from 'node:path';
import { demoClasses } from '../../engine/demo/index.ts';
import { ensureFolder } from '../../store/atomic.ts';
import { listFolder } from '../../store/folders.ts';
import { createProject } from '../../store/project.ts';
import { placeOfProject } from '../../store/project-places.ts';
import { writeDemoPhotos } from '../demo.ts';
import { projectsFolder } from './locate.ts';
import type { Preparation } from './project-registry.ts';

/** Leaves of each class: enough to learn from, drawn in seconds. */
const perClass = 40;

/**
 * The project of the demo photos, made if need be.
 *
 * @returns its folder, and what has to be done before it is looked through: drawing photos that are not there yet
 * @throws HolotypeError('storage')
 */
export async function demoProject(dataFolder: string): Promise<{ folder: string; prepare: Preparation }> {
  const photos = join(dataFolder, 'demo', 'photos');
  await ensureFolder(photos);
  const { folder, exists, photoFolder } = await placeOfProject(projectsFolder(dataFolder), photos, 'Demo');
  const about = { name: 'Demo: leaves', classes: demoClasses, photoFolder };
  if (!exists) await (await createProject(folder, about)).close();
  const prepare: Preparation = async ({ signal, progress }) => {
    if (await isComplete(photos)) return;
    await writeDemoPhotos(photos, { seed: 1, perClass, signal }, (done, total) =>
      progress({ stage: 'scan', message: 'Drawing photos of leaves', done, total, unit: 'photos' }),
    );
  };
  return { folder, prepare };
}

/** Whether all were drawn; where it was broken off, all are drawn again, which makes the same photos. */
async function isComplete(photos: string): Promise<boolean> {
  for (const name of demoClasses)
    if ((await listFolder(join(photos, name))).filter((file) => file.endsWith('.jpg')).length < perClass)
      return false;
  return true;
}

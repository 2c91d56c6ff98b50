import { join } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import { ensureFolder } from '../../store/atomic.ts';
import { folderName } from '../../store/copies.ts';
import { isFolder, listFolder, removeFile } from '../../store/folders.ts';
import { listFiles } from '../../store/photos.ts';
import { manifestName } from '../../store/project-manifest.ts';
import { openStream } from '../../store/streams.ts';
import { createZip } from '../../store/zip-writer.ts';
import type { ZipWriter } from '../../store/zip-writer.ts';
import type { Downloadable } from '../downloads.ts';
import type { JobTools } from '../jobs/jobs.ts';
import type { OpenedProject } from './opened-project.ts';
import { isShown } from './photo-rows.ts';
import { sharedPhotos } from './scan.ts';

/**
 * Writes a project as one archive: its labels and their history, the newest finished run with its model, and the
 * photos as they are. Photos that can't be read are left out, and marked missing where the archive is opened.
 *
 * @param photos without them the archive is small, and of use to whoever has the photos
 * @param folder of caches; an archive made there earlier for this project is replaced
 * @throws HolotypeError 'storage', 'cancelled'
 */
export async function shareProject(
  open: OpenedProject,
  { photos, folder }: { photos: boolean; folder: string },
  { signal, progress }: Pick<JobTools, 'signal' | 'progress'>,
): Promise<Downloadable> {
  const place = join(folder, 'shared', open.id);
  await ensureFolder(place);
  for (const old of await listFolder(place)) await removeFile(join(place, old));
  const name = `${folderName(open.name)}.zip`;
  const path = join(place, name);
  const zip = await createZip(path);
  try {
    await addLabels(zip, open);
    await addRun(zip, open, signal);
    const left = photos ? await addPhotos(zip, open, { signal, progress }) : 0;
    progress({ message: 'Finishing the archive', done: 1, total: 1, unit: 'archive' });
    const bytes = await zip.finish();
    if (left > 0)
      progress({
        message: `${countPhotos(left)} could not be read and stayed behind`,
        done: 1,
        total: 1,
        unit: 'archive',
      });
    return { name, type: 'application/zip', content: { path, bytes } };
  } finally {
    await zip.abandon();
  }
}

/** The project's own files, as they are at this moment: labelling goes on while the photos are packed. */
async function addLabels(zip: ZipWriter, open: OpenedProject): Promise<void> {
  const { manifest, dataset, journal } = open.project.files();
  const shared = `${JSON.stringify({ ...manifest, photoFolder: sharedPhotos }, null, 2)}\n`;
  await zip.add(manifestName, [new TextEncoder().encode(shared)], { deflate: true });
  await zip.add('dataset.jsonl', dataset, { deflate: true });
  await zip.add('labels.journal.jsonl', journal, { deflate: true });
}

async function addRun(
  zip: ZipWriter,
  { folder, lastRun }: OpenedProject,
  signal: AbortSignal,
): Promise<void> {
  if (lastRun === undefined) return;
  for (const part of [`runs/${lastRun}`, `models/${lastRun}`]) {
    if (!(await isFolder(join(folder, part)))) continue;
    for await (const { path } of listFiles(join(folder, part), signal)) {
      // Checkpoints are for going on with a training, which is finished.
      if (path.startsWith('checkpoints/') || path === 'lock') continue;
      const { chunks } = await openStream(join(folder, part, path));
      await zip.add(`${part}/${path}`, chunks, { deflate: /\.(json|jsonl|html|txt|csv)$/.test(path) });
    }
  }
}

/** @returns how many could not be read */
async function addPhotos(
  zip: ZipWriter,
  open: OpenedProject,
  { signal, progress }: Pick<JobTools, 'signal' | 'progress'>,
): Promise<number> {
  const assets = [...open.project.assets.values()].filter(isShown);
  const added = new Set<string>();
  let done = 0;
  let left = 0;
  for (const { path, missing } of assets) {
    signal.throwIfAborted();
    progress({ message: 'Packing photos', done, total: assets.length, unit: 'photos' });
    done += 1;
    if (missing === true || added.has(path) || path.split('/').includes('..')) continue;
    added.add(path);
    const file = await openStream(join(open.photoFolder, path)).catch((error: unknown) => {
      if (error instanceof HolotypeError && error.code === 'storage') return undefined;
      throw error;
    });
    if (file === undefined) left += 1;
    else await zip.add(`${sharedPhotos}/${path}`, file.chunks);
  }
  return left;
}

const countPhotos = (count: number): string =>
  `${count.toLocaleString('en')} ${count === 1 ? 'photo' : 'photos'}`;

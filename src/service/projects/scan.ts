import { HolotypeError } from '../../contract/errors.ts';
import type { AssetChange } from '../../contract/project.ts';
import { isFolder } from '../../store/folders.ts';
import type { Step } from '../../store/project.ts';
import type { JobTools } from '../jobs/jobs.ts';
import { listPhotos } from '../list-photos.ts';
import type { ListedPhotos } from '../list-photos.ts';
import { readFiles } from '../read-files.ts';
import { Progress } from '../train/progress.ts';
import { shortPath } from '../short-path.ts';
import type { OpenedProject } from './opened-project.ts';
import { Reconciler } from './reconcile.ts';

/** Photos become visible in portions: after so many, or so long. */
const portion = { photos: 1_000, ms: 250 };
/** After a scan that has changed more photos than this, the journal is not left to carry them. */
const compactAfter = 2_000;

/**
 * Looks through a project's folder of photos and brings the project in line with it, in portions: windows hear of
 * photos as they are read. What was found before an interruption is kept.
 *
 * @param cache folder of caches
 * @throws HolotypeError 'cancelled', 'storage', 'busy' when somebody takes the project over meanwhile
 */
export async function scanPhotos(
  open: OpenedProject,
  cache: string,
  { signal, progress }: Pick<JobTools, 'signal' | 'progress'>,
): Promise<void> {
  const { photoFolder } = open;
  progress({ stage: 'scan', message: 'Looking for photos', done: 0, unit: 'files' });
  const listed = await list(open, { signal, progress });
  if (listed === undefined) return;
  await chooseTask(open, listed);

  const reconciler = new Reconciler(open.project, listed);
  let changed = 0;
  const take = async (make: () => Step | undefined): Promise<void> => {
    let changes: readonly AssetChange[] = [];
    await open.edit(async (project) => {
      const operation = await project.step(make);
      changes = operation?.changes ?? [];
      return operation;
    });
    changed += changes.length;
  };
  await take(() => reconciler.begin());

  // Portions are written one at a time; what is read meanwhile makes up the next.
  const stop = new AbortController();
  let failure: unknown;
  let writing: Promise<void> | undefined;
  let last = 0; // the first photo is shown at once
  const write = (): void => {
    last = Date.now();
    writing = take(() => reconciler.batch())
      .catch((error: unknown) => {
        failure ??= error;
        stop.abort();
      })
      .finally(() => (writing = undefined));
  };
  const told = new Progress('scan', 'photos');
  const read = (): ReturnType<typeof readFiles> =>
    readFiles([listed], {
      cache,
      signal: AbortSignal.any([signal, stop.signal]),
      onRead: (_, file) => {
        reconciler.add(file);
        const due = reconciler.waiting >= portion.photos || Date.now() - last >= portion.ms;
        if (due && writing === undefined) write();
      },
      onProgress: ({ done, total }) => {
        const event = told.at(done, total);
        if (event?.type === 'batch') progress({ message: 'Reading photos', ...event });
      },
    });
  let facts: Awaited<ReturnType<typeof readFiles>>;
  try {
    facts = await read();
  } catch (error) {
    throw failure ?? error;
  } finally {
    await writing;
    // Also when it was cancelled: what has been read is not read again for nothing.
    if (failure === undefined) await take(() => reconciler.batch());
  }
  if (failure !== undefined) throw failure;

  if (!(await isFolder(photoFolder))) return open.scanned({ gone: goneMessage(open) });
  await take(() => reconciler.finish(facts));
  const { project } = open;
  const first = project.manifest.scannedAt === undefined;
  if (first) await open.edit((own) => own.updateManifest({ scannedAt: new Date().toISOString() }));
  if (first || changed > compactAfter) await open.edit((own) => own.compact());
  open.scanned({ skipped: reconciler.skipped, problems: reconciler.problems, gone: undefined });
}

/** Why the photos can't be reached, and what to do. */
export function goneMessage(open: OpenedProject): string {
  const folder = shortPath(open.photoFolder);
  return open.project.manifest.photoFolder === sharedPhotos
    ? 'This project came without its photos: labels and runs can be looked at, photos not.'
    : `The photos in "${folder}" can't be reached: connect the drive or put the folder back, then look through it again. Labels are safe.`;
}

/** Where an archive that was shared has its photos: relative to the project. */
export const sharedPhotos = 'photos';

/** Undefined when there is nothing to look through; windows have been told then. */
async function list(
  open: OpenedProject,
  { signal, progress }: Pick<JobTools, 'signal' | 'progress'>,
): Promise<ListedPhotos | undefined> {
  const { photoFolder, folder } = open;
  const gone = (): undefined => {
    open.scanned({ gone: goneMessage(open) });
    return undefined;
  };
  if (!(await isFolder(photoFolder))) return gone();
  try {
    const listed = await listPhotos(photoFolder, {
      signal,
      // A project may lie among its photos: what it wrote is none of them.
      ...(photoFolder === folder && { ignore: isOwnFile }),
      onFound: (count) => {
        if (count % 100 === 0)
          progress({ stage: 'scan', message: 'Looking for photos', done: count, unit: 'files' });
      },
    });
    // The place where a drive should be is an empty folder on many systems.
    return listed.files.length === 0 && open.project.assets.size > 0 ? gone() : listed;
  } catch (error) {
    if (error instanceof HolotypeError && (error.code === 'not-found' || error.code === 'storage'))
      return gone();
    throw error;
  }
}

const isOwnFile = (path: string): boolean =>
  /^(runs|models)\//.test(path) || /^(holotype\.json|dataset\.jsonl.*|labels\.journal\.jsonl.*)$/.test(path);

/** A table that says numbers and no classes makes a project that predicts numbers, once: when it is made. */
async function chooseTask(open: OpenedProject, { items }: ListedPhotos): Promise<void> {
  const { task, scannedAt, classes } = open.project.manifest;
  if (task !== 'single-label' || scannedAt !== undefined || classes.length > 0) return;
  const numbers = items.some(({ target }) => target !== undefined);
  if (!numbers || items.some(({ label }) => label !== undefined)) return;
  await open.edit((project) => project.updateManifest({ task: 'regression' }));
}

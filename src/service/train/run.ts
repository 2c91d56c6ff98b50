import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../../contract/errors.ts';
import { currentConfig } from '../../contract/train-history.ts';
import { trainOptionsSchema } from '../../contract/train.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { ensureFolder } from '../../store/atomic.ts';
import { exists, isFolder, listFolder } from '../../store/folders.ts';
import { acquireLock } from '../../store/lock.ts';
import { isHidden } from '../../store/photos.ts';
import { createRun, listRuns, openRun } from '../../store/runs.ts';
import type { Run } from '../../store/runs.ts';
import type { ProjectPlace } from './surroundings.ts';

const configSchema = z.preprocess(
  currentConfig,
  z.object({ kind: z.literal('train'), options: trainOptionsSchema }),
);

export interface TrainingRun {
  readonly run: Run;
  /** It goes on where a stopped one had got to. */
  readonly resumed: boolean;
  /** Lets others train into the folder again; after the run is closed. */
  readonly release: () => void;
}

/** What must be the same for a run to be gone on with: everything but where it goes and whether to resume. */
function identity(options: TrainOptions): string {
  const { resume: _resume, out: _out, photos, val, labels, ...rest } = options;
  const paths = [photos, val, labels].map((path) => (path === undefined ? null : resolve(path)));
  return JSON.stringify({ ...rest, paths });
}

/**
 * A new run in `<out>/runs`, or with `options.resume` the last one of the very same training, unless that was
 * finished. The folder is this process' own until `release`.
 *
 * @throws HolotypeError('busy') while another process trains there
 */
export async function openTrainingRun(out: string, options: TrainOptions): Promise<TrainingRun> {
  const runs = join(out, 'runs');
  await ensureFolder(runs);
  const ids = await listRuns(out);
  const logs = ids.map((id) => join(runs, id, 'log.jsonl'));
  const lock = acquireLock(join(runs, 'lock'), `the folder "${out}"`, logs);
  try {
    const unfinished = options.resume ? await lastUnfinished(runs, ids, options) : undefined;
    const run =
      unfinished === undefined
        ? await createRun(out, { kind: 'train', options })
        : await openRun(join(runs, unfinished));
    return { run, resumed: unfinished !== undefined, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The run of a project's training, which is there already. The project's runs are this process' own until `release`.
 *
 * @throws HolotypeError('busy') while another process trains there, 'not-found' when there is no such run
 */
export async function openProjectRun(
  { folder, run: id }: ProjectPlace,
  resume: boolean,
): Promise<TrainingRun> {
  const runs = join(folder, 'runs');
  const lock = acquireLock(join(runs, 'lock'), `the project in "${folder}"`, [join(runs, id, 'log.jsonl')]);
  try {
    return { run: await openRun(join(runs, id)), resumed: resume, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function lastUnfinished(
  runs: string,
  ids: readonly string[],
  options: TrainOptions,
): Promise<string | undefined> {
  for (const id of ids.toReversed()) {
    // A run that can't be read is none to go on with.
    const run = await openRun(join(runs, id), { readOnly: true }).catch(() => undefined);
    const config = configSchema.safeParse(run?.config);
    if (!config.success || identity(config.data.options) !== identity(options)) continue;
    return (await exists(join(runs, id, 'report.json'))) ? undefined : id;
  }
  return undefined;
}

/** What lies in a saved model's folder, of which one is enough to know it for one. */
const ownNames = new Set(['holotype.json', 'runs', 'model.onnx']);

/**
 * A saved model goes into a folder of its own.
 *
 * @throws HolotypeError('bad-usage') when `out` lies among the photos, is a file, or holds something else
 */
export async function checkOut(out: string, { photos, val }: TrainOptions): Promise<void> {
  for (const folder of [photos, val]) {
    if (folder === undefined || !isInside(out, resolve(folder))) continue;
    throw new HolotypeError('bad-usage', `The model's folder "${out}" lies among the photos.`, {
      remedy: 'Give --out a folder outside of the photos.',
    });
  }
  if ((await exists(out)) && !(await isFolder(out)))
    throw new HolotypeError('bad-usage', `"${out}" is a file; the model needs a folder.`, {
      remedy: 'Give --out a new or empty folder.',
    });
  const names = (await listFolder(out)).filter((name) => !isHidden(name));
  if (names.length > 0 && !names.some((name) => ownNames.has(name)))
    throw new HolotypeError('bad-usage', `The folder "${out}" holds something else than a Holotype model.`, {
      remedy: 'Give --out a new or empty folder.',
    });
}

/** Whether a path is a folder itself or lies below it. */
function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`));
}

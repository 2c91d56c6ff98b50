import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { HolotypeError } from '../../contract/errors.ts';
import { trainOptionsSchema, trainResultSchema } from '../../contract/train.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { createRun, listRuns, openRun } from '../../store/runs.ts';
import type { Run } from '../../store/runs.ts';
import { listFolder } from '../../store/folders.ts';

const configSchema = z.object({ kind: z.literal('train'), options: trainOptionsSchema });

/** What must be the same for a run to be gone on with: everything but where it goes and whether to resume. */
function identity(options: TrainOptions): string {
  const { resume: _resume, out: _out, photos, ...rest } = options;
  return JSON.stringify({ ...rest, photos: resolve(photos) });
}

/**
 * A new run in `<out>/runs`, or with `options.resume` the newest unfinished one of the very same training.
 *
 * @throws HolotypeError('busy') while another process trains there
 */
export async function openTrainingRun(
  out: string,
  options: TrainOptions,
): Promise<{ run: Run; resumed: boolean }> {
  if (options.resume) {
    for (const id of (await listRuns(out)).toReversed()) {
      const folder = join(out, 'runs', id);
      const candidate = await openRun(folder, { readOnly: true });
      const config = configSchema.safeParse(candidate.config);
      const same = config.success && identity(config.data.options) === identity(options);
      const finished = same && (await candidate.readReport(trainResultSchema)) !== undefined;
      await candidate.close();
      if (same && !finished) return { run: await openRun(folder), resumed: true };
    }
  }
  return { run: await createRun(out, { kind: 'train', options }), resumed: false };
}

/**
 * A saved model goes into a folder of its own.
 *
 * @throws HolotypeError('bad-usage') when `out` lies among the photos or holds something else
 */
export async function checkOut(out: string, photos: string): Promise<void> {
  const path = relative(photos, out);
  if (path === '' || (!isAbsolute(path) && path !== '..' && !path.startsWith(`..${sep}`)))
    throw new HolotypeError('bad-usage', `The model's folder "${out}" lies among the photos.`, {
      remedy: 'Give --out a folder outside of the photos.',
    });
  const names = await listFolder(out);
  const known = new Set(['holotype.json', 'runs', 'model.onnx']);
  if (names.length > 0 && !names.some((name) => known.has(name)))
    throw new HolotypeError('bad-usage', `The folder "${out}" holds something else than a Holotype model.`, {
      remedy: 'Give --out a new or empty folder.',
    });
}

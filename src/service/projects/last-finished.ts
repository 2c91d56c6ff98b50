import { join } from 'node:path';
import { z } from 'zod';
import { metricsSchema } from '../../contract/metrics.ts';
import { taskSchema } from '../../contract/project.ts';
import type { LastResult } from '../../contract/projects.ts';
import { exists } from '../../store/folders.ts';
import { listRuns, openRun } from '../../store/runs.ts';

/** All that a card needs of a report, so that a report of another version is no obstacle. */
const figuresSchema = z.object({
  task: taskSchema.default('single-label'),
  metrics: z.object({
    val: z.object({
      accuracy: metricsSchema.shape.accuracy,
      regression: z.object({ mae: z.number().nonnegative() }).optional(),
    }),
  }),
});

/**
 * The newest run of a project that has a report.
 *
 * @param folder the project's
 * @returns `result` is undefined where its figures can't be read; all is undefined without such a run
 */
export async function lastFinished(
  folder: string,
): Promise<{ readonly run: string; readonly result: LastResult | undefined } | undefined> {
  for (const run of (await listRuns(folder)).toReversed()) {
    const place = join(folder, 'runs', run);
    if (await exists(join(place, 'report.json')))
      return { run, result: await figuresOf(place).catch(() => undefined) };
  }
  return undefined;
}

async function figuresOf(place: string): Promise<LastResult | undefined> {
  const run = await openRun(place, { readOnly: true });
  const figures = await run.readReport({ parse: (value) => figuresSchema.safeParse(value).data });
  if (figures === undefined) return undefined;
  const { accuracy, regression } = figures.metrics.val;
  return { task: figures.task, accuracy, mae: regression?.mae ?? null };
}

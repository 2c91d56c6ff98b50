import type { ErrorShape } from '../../contract/errors.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { RunDetail, RunSummary } from '../../contract/runs.ts';
import { openSavedModel } from '../saved-model.ts';
import { curvesOf, modelFolder, runEvents, type RunRecord } from './project-runs.ts';

/** One line of the list of runs. @param job the newest that works or worked on it in this engine */
export async function summaryOf(record: RunRecord, job: JobSummary | undefined): Promise<RunSummary> {
  const { id, number, createdAt, result, config } = record;
  const val = result?.metrics.val;
  const task = result?.task ?? config?.options.task ?? 'single-label';
  return {
    id,
    number,
    createdAt,
    ...(result === undefined ? await unfinished(record, job) : { state: 'finished', error: null }),
    backbone: result?.backbone ?? config?.options.backbone ?? null,
    recipe: result?.recipe ?? config?.options.recipe ?? null,
    accuracy: val?.accuracy ?? null,
    accuracyInterval: val?.accuracyInterval ?? null,
    macroF1: val?.macroF1 ?? null,
    ...(task === 'single-label' ? {} : { task }),
    ...(task === 'regression' ? { mae: val?.regression?.mae ?? null, r2: val?.regression?.r2 ?? null } : {}),
    seconds: result?.seconds.total ?? null,
    photos: result?.counts.train ?? null,
  };
}

async function unfinished(
  { folder }: RunRecord,
  job: JobSummary | undefined,
): Promise<Pick<RunSummary, 'state' | 'error'>> {
  if (job !== undefined && ['queued', 'running', 'paused'].includes(job.state))
    return { state: 'running', error: null };
  const error: ErrorShape | undefined = job?.error ?? (await lastError(folder));
  return error === undefined ? { state: 'stopped', error: null } : { state: 'failed', error };
}

async function lastError(folder: string): Promise<ErrorShape | undefined> {
  const last = (await runEvents(folder).catch(() => [])).at(-1);
  return last?.type === 'failed' ? last.error : undefined;
}

/** All there is to know of a run but its photos. @param project its folder */
export async function detailOf(
  project: string,
  record: RunRecord,
  job: JobSummary | undefined,
): Promise<RunDetail> {
  const { id, folder, config, result } = record;
  const model =
    result === undefined ? undefined : await openSavedModel(modelFolder(project, id)).catch(() => undefined);
  return {
    summary: await summaryOf(record, job),
    settings: config?.settings ?? {},
    result: result ?? null,
    advice: result?.advice ?? [],
    curves: curvesOf(await runEvents(folder).catch(() => [])),
    unknownBelow: model?.about.unknownBelow ?? null,
  };
}

import { join } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { RunSummary } from '../../contract/runs.ts';
import type { Handlers } from '../../contract/server.ts';
import { folderName } from '../../store/copies.ts';
import { fileSize } from '../../store/folders.ts';
import { readPredictions } from '../../store/predictions.ts';
import type { Downloads } from '../downloads.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { deleteRun, modelFolder, readRun, readRuns } from './project-runs.ts';
import { detailOf, summaryOf } from './summaries.ts';
import { planTraining } from './train-plan.ts';
import { startTraining, type TrainingDeps } from './trainings.ts';

export interface RunHandlerDeps extends TrainingDeps {
  readonly projects: Pick<OpenProjects, 'get' | 'runFinished'>;
  readonly downloads: Downloads;
}

type RunMethod =
  | Extract<keyof Handlers, `train.${string}`>
  | 'runs.list'
  | 'runs.get'
  | 'runs.photos'
  | 'runs.remove'
  | 'runs.report';

/** Trainings of projects, and what came of them. */
export function runHandlers(deps: RunHandlerDeps): Pick<Handlers, RunMethod> {
  const { projects, jobs, downloads } = deps;
  const isComputing = (): boolean =>
    jobs.list().some(({ kind, state }) => state === 'running' && kind !== 'scan' && kind !== 'fetch-model');
  const jobOf = (run: string): JobSummary | undefined =>
    jobs.list().findLast((job) => job.kind === 'train' && job.run === run);
  const list = async (project: string): Promise<RunSummary[]> => {
    const records = await readRuns(projects.get(project).folder);
    return Promise.all(records.map((record) => summaryOf(record, jobOf(record.id))));
  };
  return {
    'train.plan': ({ project, settings }, { signal }) =>
      planTraining({ ...deps, isComputing }, projects.get(project), settings, signal),
    'train.start': async ({ project, settings }) => ({
      job: (await startTraining(deps, project, settings)).id,
    }),
    'runs.list': ({ project }) => list(project),
    'runs.get': async ({ project, run }) => {
      const { folder } = projects.get(project);
      return detailOf(folder, await readRun(folder, run), jobOf(run));
    },
    'runs.photos': async ({ project, run }) => {
      const record = await readRun(projects.get(project).folder, run);
      return readPredictions(record.folder);
    },
    'runs.remove': async ({ project, run }) => {
      const { folder, readOnly } = projects.get(project);
      const record = await readRun(folder, run);
      if (readOnly)
        throw new HolotypeError('busy', 'The project is open for reading only: nothing can be deleted.', {
          remedy: 'Take it over, or close it where it is open for writing.',
        });
      const job = jobOf(run);
      if (job !== undefined && ['queued', 'running', 'paused'].includes(job.state))
        throw new HolotypeError('busy', `Run ${record.number} is being trained.`, {
          remedy: 'Cancel the training first.',
        });
      // What was offered to go on with is no longer there.
      if (job !== undefined) await jobs.dismiss(job.id);
      await deleteRun(folder, run);
      const left = await list(project);
      const last = left.findLast(({ state }) => state === 'finished');
      await projects.runFinished(
        project,
        last?.id ?? null,
        last === undefined
          ? null
          : { task: last.task ?? 'single-label', accuracy: last.accuracy, mae: last.mae ?? null },
      );
      return left;
    },
    'runs.report': async ({ project, run }) => {
      const { folder, project: opened } = projects.get(project);
      const { number } = await readRun(folder, run);
      const path = join(modelFolder(folder, run), 'report.html');
      const bytes = await fileSize(path);
      if (bytes === undefined)
        throw new HolotypeError('not-found', `Run ${number} has no report.`, {
          remedy: 'Only runs that were finished have one.',
        });
      const name = `${folderName(opened.manifest.name)}, run ${number}.html`;
      return downloads.offer({ name, type: 'text/html', content: { path, bytes } });
    },
  };
}

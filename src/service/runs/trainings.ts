import { HolotypeError } from '../../contract/errors.ts';
import type { Stage } from '../../contract/job-events.ts';
import type { JobSummary } from '../../contract/jobs.ts';
import type { TrainSettings } from '../../contract/train-settings.ts';
import { trainResultSchema, type TrainOptions } from '../../contract/train.ts';
import type { HeavyJob, Jobs } from '../jobs/jobs.ts';
import type { OpenProject, OpenProjects } from '../projects/open-projects.ts';
import {
  deleteRun,
  giveUp,
  labelsFile,
  modelFolder,
  newRun,
  readRun,
  readRuns,
  runEvents,
  runFolder,
} from './project-runs.ts';
import { optionsOf } from './quality.ts';
import { rememberSpeed, speedFrom } from './speeds.ts';
import { planTraining, type PlanDeps } from './train-plan.ts';
import type { TrainRequest } from './train-request.ts';
import { trainingPhotos, writeLabels } from './training-photos.ts';

export interface TrainingDeps extends Omit<PlanDeps, 'isComputing'> {
  readonly jobs: Jobs;
  readonly projects: Pick<OpenProjects, 'get' | 'runFinished'>;
}

/** Parts of a training that are done piece by piece: between two pieces it can stand still. */
const pausable: readonly Stage[] = ['features', 'choose', 'head', 'finetune'];
/** Parts that have something to keep when they are ended early. */
const stoppable: readonly Stage[] = ['head', 'finetune'];

/**
 * Queues a training of a project.
 *
 * @returns the job
 * @throws HolotypeError('bad-input') with the first obstacle of the plan
 */
export async function startTraining(
  deps: TrainingDeps,
  project: string,
  chosen: TrainSettings,
): Promise<JobSummary> {
  const open = deps.projects.get(project);
  const { obstacles, settings } = await planTraining(
    // No estimate is wanted.
    { ...deps, isComputing: () => true },
    open,
    chosen,
  );
  const [obstacle] = obstacles;
  if (obstacle !== undefined)
    throw new HolotypeError('bad-input', obstacle.message, { remedy: obstacle.action });
  const { task } = open.project.manifest;
  const options = { ...optionsOf(settings), task, photos: open.photoFolder };
  const run = await newRun(open.folder, { options, settings });
  const labels = labelsFile(open.folder, run);
  await writeLabels(labels, trainingPhotos(open.project.assets.values(), task), task);
  return deps.jobs.heavy(trainingJob(deps, open, run, { ...options, labels }));
}

/** @param options with `resume` where the run has a past to go on from */
function trainingJob(deps: TrainingDeps, open: OpenProject, run: string, options: TrainOptions): HeavyJob {
  const { id: project, folder } = open;
  const { name } = open.project.manifest;
  let begun = options.resume;
  let stopped = false;
  const request: TrainRequest = {
    options,
    place: { folder, run, out: modelFolder(folder, run), name },
  };
  return {
    kind: 'train',
    project,
    run,
    title: `Training of ${name}`,
    canPause: pausable,
    canStop: stoppable,
    task: 'train',
    request,
    onNews: (news) => {
      if (news.type === 'event') begun = true;
    },
    finish: async (raw) => {
      const result = trainResultSchema.parse(raw);
      stopped = result.stoppedEarly === true;
      const speed = speedFrom(options, result, !options.resume && !stopped);
      await rememberSpeed(result.device, result.backbone, speed);
      // The model is saved: that a list of projects can't be written is no reason to call it failed.
      const { accuracy, regression } = result.metrics.val;
      const last = { task: result.task ?? 'single-label', accuracy, mae: regression?.mae ?? null };
      await deps.projects.runFinished(project, run, last).catch(() => undefined);
    },
    resume: () => resumedJob(deps, project, run),
    onEnd: async ({ state }) => {
      // Nothing has happened in it: nobody wants to see it in the list.
      if (state === 'cancelled' && !begun) await deleteRun(folder, run);
    },
  };
}

async function resumedJob(deps: TrainingDeps, project: string, run: string): Promise<HeavyJob> {
  const open = deps.projects.get(project);
  if (open.readOnly)
    throw new HolotypeError('busy', 'The project is open for reading only.', {
      remedy: 'Take it over, or close it where it is open for writing.',
    });
  const { config } = await readRun(open.folder, run);
  if (config === undefined)
    throw new HolotypeError('bad-input', 'What this run was to do can’t be read any more.', {
      remedy: 'Train again.',
    });
  return trainingJob(deps, open, run, {
    ...config.options,
    // The project may have been moved since.
    photos: open.photoFolder,
    labels: labelsFile(open.folder, run),
    resume: true,
  });
}

/** Puts trainings that an earlier engine did not finish on the list of jobs, where a person can go on with them. */
export async function offerUnfinished(deps: TrainingDeps, open: OpenProject): Promise<void> {
  if (open.readOnly) return;
  const { name } = open.project.manifest;
  for (const { id, config, result, createdAt } of await readRuns(open.folder)) {
    if (config === undefined || result !== undefined) continue;
    const folder = runFolder(open.folder, id);
    const last = (await runEvents(folder)).at(-1);
    // Failed or given up: that is an end, too.
    if (last?.type === 'failed' || last?.type === 'cancelled') continue;
    deps.jobs.interrupted({
      run: id,
      project: open.id,
      title: `Training of ${name}`,
      createdAt,
      events: () => runEvents(folder),
      resume: () => resumedJob(deps, open.id, id),
      onDismiss: () => giveUp(folder),
    });
  }
}

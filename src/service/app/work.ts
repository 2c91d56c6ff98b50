import { join } from 'node:path';
import type { Handlers } from '../../contract/server.ts';
import type { ProjectState } from '../../contract/projects.ts';
import type { SettingsFile } from '../../store/app-settings.ts';
import { createScratch } from '../../store/scratch-folder.ts';
import { createComparisons } from '../compare/comparisons.ts';
import type { Downloads } from '../downloads.ts';
import { explainHandlers } from '../explain/handlers.ts';
import { createExplorations } from '../explore/explorations.ts';
import { landscapeHandlers } from '../landscape/handlers.ts';
import { jobHandlers } from '../jobs/handlers.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import { machineHandlers } from '../machine/handlers.ts';
import type { MediaDeps } from '../media/create-media.ts';
import type { Places } from '../places.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { runHandlers } from '../runs/handlers.ts';
import { offerUnfinished } from '../runs/trainings.ts';
import { createSearches } from '../search/searches.ts';
import type { Uploads } from '../uploads.ts';
import { pictureClassifier } from '../use/camera.ts';
import { createExports } from '../use/exports.ts';
import { useHandlers } from '../use/handlers.ts';
import { createPredictions } from '../use/predictions.ts';

export interface WorkDeps {
  readonly jobs: Jobs;
  readonly calls: WorkerCalls;
  readonly projects: Pick<OpenProjects, 'get' | 'runFinished'>;
  readonly places: Places;
  readonly uploads: Pick<Uploads, 'folderOf'>;
  readonly downloads: Downloads;
  readonly settings: Pick<SettingsFile, 'read'>;
  readonly cacheFolder: string;
}

/** Everything that is long work, comes of it, or is done with what came of it. */
export interface Work extends Pick<MediaDeps, 'answerFile' | 'classifyPicture'> {
  readonly tables: readonly Partial<Handlers>[];
  /** The same handlers, but what opens a project also looks for trainings that an earlier engine did not finish. */
  offeringUnfinished(table: Partial<Handlers>): Partial<Handlers>;
  /** Removes what is of no use any more; after the jobs are closed. */
  close(): Promise<void>;
}

export function createWork(deps: WorkDeps): Work {
  const { jobs, settings, projects } = deps;
  const scratch = createScratch(join(deps.cacheFolder, 'scratch'));
  const training = { ...deps, usualDevice: async () => (await settings.read()).device };
  const predictions = createPredictions({ ...deps, scratch });
  const offer = async (state: ProjectState): Promise<ProjectState> => {
    // A run that can't be read is no reason not to open the project.
    await offerUnfinished(training, projects.get(state.id)).catch(() => undefined);
    return state;
  };
  return {
    tables: [
      jobHandlers(jobs),
      machineHandlers(deps),
      runHandlers(training),
      explainHandlers(deps),
      landscapeHandlers(deps),
      createExplorations(training),
      createComparisons({ ...training, scratch }),
      createSearches(training),
      useHandlers(predictions, createExports({ ...deps, scratch })),
    ],
    answerFile: (job, index) => predictions.fileOf(job, index),
    classifyPicture: pictureClassifier(deps),
    offeringUnfinished: (table) => {
      const opening = [
        'projects.open',
        'projects.reopen',
        'projects.openDemo',
        'projects.openArchive',
        'projects.takeOver',
      ] as const;
      const own: Record<string, unknown> = { ...table };
      for (const name of opening) {
        // TypeScript can't pair a handler with its own input through a union of names; all four answer the same.
        const handler = table[name] as ((...args: unknown[]) => Promise<ProjectState>) | undefined;
        if (handler !== undefined) own[name] = async (...args: unknown[]) => offer(await handler(...args));
      }
      return own;
    },
    close: () => scratch.remove(),
  };
}

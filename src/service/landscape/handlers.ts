import { HolotypeError } from '../../contract/errors.ts';
import type { Handlers } from '../../contract/server.ts';
import { readLandscape } from '../../store/landscape.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { readRun } from '../runs/project-runs.ts';
import type { LandscapeRequest } from './landscape-request.ts';

export interface LandscapeDeps {
  readonly jobs: Jobs;
  readonly projects: Pick<OpenProjects, 'get'>;
}

/** The loss around runs' models: measured by the worker, kept beside the run. */
export function landscapeHandlers({
  jobs,
  projects,
}: LandscapeDeps): Pick<Handlers, 'landscape.start' | 'landscape.get'> {
  return {
    'landscape.start': async ({ project, run, to, grid }) => {
      const open = projects.get(project);
      if (open.readOnly)
        throw new HolotypeError('busy', 'The project is open for reading only: nothing can be kept in it.', {
          remedy: 'Take it over, or close it where it is open for writing.',
        });
      const { number } = await readRun(open.folder, run);
      const request: LandscapeRequest = {
        project: open.folder,
        run,
        ...(to === undefined ? {} : { to }),
        grid,
        photos: open.photoFolder,
      };
      const job = jobs.heavy({
        kind: 'landscape',
        project,
        run,
        title: `Loss landscape of run ${number}`,
        canPause: true,
        canStop: false,
        task: 'landscape',
        request,
      });
      return { job: job.id };
    },
    'landscape.get': async ({ project, run }) => {
      const { folder } = await readRun(projects.get(project).folder, run);
      return (await readLandscape(folder)) ?? null;
    },
  };
}

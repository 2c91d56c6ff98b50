import type { Handlers } from '../../contract/server.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { OpenProjects } from './open-projects.ts';
import { photoHandlers, type AnswersFor } from './photo-handlers.ts';
import { projectHandlers, type ProjectHandlerDeps } from './project-handlers.ts';
import { ProjectRegistry } from './project-registry.ts';

export interface ProjectsDeps extends Omit<ProjectHandlerDeps, 'jobs'> {
  readonly jobs: Pick<Jobs, 'light' | 'cancel' | 'ended' | 'isBusy'>;
  /** What runs said of a photo (default: nothing is known). */
  readonly answersFor?: AnswersFor;
}

/** Projects, their photos, labels and classes: all of methods-projects but `photos.similar`. */
export function createProjects(deps: ProjectsDeps): { projects: OpenProjects; handlers: Partial<Handlers> } {
  const { events, jobs, recentProjects: recent, cacheFolder } = deps;
  const projects = new ProjectRegistry({ events, jobs, recent, cacheFolder });
  return {
    projects,
    handlers: {
      ...projectHandlers(projects, deps),
      ...photoHandlers(projects, deps.answersFor ?? (async () => [])),
    },
  };
}

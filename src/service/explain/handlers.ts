import type { Handlers } from '../../contract/server.ts';
import { readSuspects } from '../../store/suspects.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { readRun } from '../runs/project-runs.ts';
import { createExplanations } from './explanations.ts';
import { similarHandler } from './similar.ts';

export interface ExplainDeps {
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly calls: WorkerCalls;
  /** Absolute. */
  readonly cacheFolder: string;
}

type ExplainMethod = 'runs.explain' | 'runs.suspects' | 'photos.similar';

/** What helps to understand a model and the photos it learned from. */
export function explainHandlers(deps: ExplainDeps): Pick<Handlers, ExplainMethod> {
  const { projects } = deps;
  const explain = createExplanations(deps);
  return {
    'runs.explain': (wanted, { signal }) => explain(wanted, signal),
    'runs.suspects': async ({ project, run }) => {
      const { folder } = await readRun(projects.get(project).folder, run);
      return readSuspects(folder);
    },
    'photos.similar': similarHandler(deps),
  };
}

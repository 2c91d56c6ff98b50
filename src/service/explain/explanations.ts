import { explanationSchema, type Explanation } from '../../contract/runs.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { modelOf } from '../use/model-of.ts';
import { classIndex } from './class-index.ts';
import type { ExplainRequest } from './explain-request.ts';

/** Explanations that are kept, of some kilobytes each: a person goes to and fro. */
const kept = 256;

/** What to explain. */
export interface Wanted {
  readonly project: string;
  readonly run: string;
  readonly photo: string;
  /** Absent: the class that is answered. */
  readonly class?: string | undefined;
}

/**
 * Where runs' models look in photos. The second worker computes it, so neither window nor training wait, and what was
 * asked lately is remembered.
 */
export function createExplanations(deps: {
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly calls: WorkerCalls;
}): (wanted: Wanted, signal?: AbortSignal) => Promise<Explanation> {
  const recent = new Map<string, Explanation>();
  return async ({ project, run, photo, class: name }, signal) => {
    const { folder, about } = await modelOf(deps.projects, project, run);
    // The moment a model was made tells it from one that took its place.
    const key = JSON.stringify([folder, about.createdAt, photo, name ?? null]);
    const known = recent.get(key);
    if (known !== undefined) {
      recent.delete(key);
      recent.set(key, known); // the newest now
      return known;
    }
    const request = requestOf(deps.projects, folder, about.classes, { project, run, photo, class: name });
    const explanation = explanationSchema.parse(await deps.calls.call('explain', request, signal));
    recent.set(key, explanation);
    for (const oldest of recent.keys()) {
      if (recent.size <= kept) break;
      recent.delete(oldest);
    }
    return explanation;
  };
}

/** @throws HolotypeError 'not-found' for a photo that the project lacks, 'bad-usage' for a class that the model lacks */
function requestOf(
  projects: Pick<OpenProjects, 'get'>,
  model: string,
  classes: readonly string[],
  { project, photo, class: name }: Wanted,
): ExplainRequest {
  const open = projects.get(project);
  const { path, otherPaths = [], bytes } = open.asset(photo);
  return {
    model,
    folder: open.photoFolder,
    paths: [path, ...otherPaths],
    bytes,
    ...(name === undefined ? {} : { class: classIndex(classes, name) }),
  };
}

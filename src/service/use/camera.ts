import type { CameraAnswer } from '../../contract/use.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { cameraReplySchema, type CameraRequest } from './camera-request.ts';
import { modelOf } from './model-of.ts';

/** What a run's model takes a picture for. The second worker computes it, so neither window nor training wait. */
export function pictureClassifier(deps: {
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly calls: WorkerCalls;
}): (project: string, run: string, picture: Uint8Array, signal?: AbortSignal) => Promise<CameraAnswer> {
  return async (project, run, picture, signal) => {
    const { folder, about } = await modelOf(deps.projects, project, run);
    const request: CameraRequest = { model: folder, picture };
    const reply = cameraReplySchema.parse(await deps.calls.call('camera', request, signal));
    return { ...reply, classes: about.classes };
  };
}

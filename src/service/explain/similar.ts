import { deviceIdSchema } from '../../contract/devices.ts';
import type { Handlers } from '../../contract/server.ts';
import type { WorkerCalls } from '../jobs/worker-calls.ts';
import type { OpenProject, OpenProjects } from '../projects/open-projects.ts';
import { readRuns } from '../runs/project-runs.ts';
import { idBytes, similarReplySchema, type FeatureSource, type SimilarRequest } from './similar-request.ts';

/** Finds the photos that are most like one, in the second worker: 50,000 are compared without anybody waiting. */
export function similarHandler(deps: {
  readonly projects: Pick<OpenProjects, 'get'>;
  readonly calls: WorkerCalls;
  /** Absolute. */
  readonly cacheFolder: string;
}): Handlers['photos.similar'] {
  return async ({ project, photo, limit }, { signal }) => {
    const open = deps.projects.get(project);
    // One that is not there is told of; an edited one has a successor.
    const { replacedBy = photo } = open.asset(photo);
    const ids = idsOf(open);
    const { sources, stamp } = await featureSources(open.folder);
    const packed = new Uint8Array(ids.length * idBytes);
    for (const [index, id] of ids.entries()) packed.set(Buffer.from(id, 'hex'), index * idBytes);
    const request: SimilarRequest = {
      ids: packed,
      photo: ids.indexOf(replacedBy),
      limit,
      sources,
      stamp,
      cacheFolder: deps.cacheFolder,
    };
    const reply = similarReplySchema.parse(await deps.calls.call('similar', request, signal));
    return {
      basis: reply.basis,
      photos: Array.from(reply.photos, (index, place) => ({
        id: ids[index] ?? '',
        similarity: reply.similarities[place] ?? 0,
      })),
    };
  };
}

/** Photos that people see; the project keeps others for their labels' sake. */
function idsOf({ project }: OpenProject): string[] {
  const ids: string[] = [];
  for (const { id, replacedBy } of project.assets.values()) if (replacedBy === undefined) ids.push(id);
  return ids;
}

/** What the project's finished runs computed features with, the newest first, each once. */
export async function featureSources(project: string): Promise<{ sources: FeatureSource[]; stamp: string }> {
  const finished = (await readRuns(project)).filter(({ result }) => result !== undefined).reverse();
  const sources = new Map<string, FeatureSource>();
  for (const { config, result } of finished) {
    const backbone = config?.options.backbone ?? result?.backbone;
    const resize = config?.options.resize;
    // A training whose device was lost may have features of either.
    for (const name of [result?.device, result?.deviceLost?.device]) {
      const device = deviceIdSchema.safeParse(name);
      if (backbone === undefined || !device.success) continue;
      const source = { backbone, device: device.data, ...(resize === undefined ? {} : { resize }) };
      sources.set(JSON.stringify(source), source);
    }
  }
  return { sources: [...sources.values()], stamp: finished[0]?.id ?? '' };
}

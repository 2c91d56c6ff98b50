import { join } from 'node:path';
import { comparisonSchema, type Comparison } from '../../contract/compare.ts';
import type { Handlers } from '../../contract/server.ts';
import type { ScratchFolder } from '../../store/scratch-folder.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { LastResults } from '../last-results.ts';
import type { OpenProjects } from '../projects/open-projects.ts';
import { rememberSpeed, speedOf } from '../runs/speeds.ts';
import { trainingPhotos, writeLabels } from '../runs/training-photos.ts';
import type { CompareRequest } from './compare-request.ts';

export interface ComparisonDeps {
  readonly jobs: Pick<Jobs, 'heavy'>;
  readonly projects: Pick<OpenProjects, 'get'>;
  /** What the person has chosen to compute on. */
  readonly usualDevice: () => Promise<string>;
  /** Absolute. */
  readonly cacheFolder: string;
  readonly scratch: ScratchFolder;
}

/** The same photos are divided the same way each time. */
const seed = 0;

/**
 * Ranks backbones on projects' photos in the worker. What came of it last is kept in the cache folder, for the next time
 * the project is opened.
 */
export function createComparisons(deps: ComparisonDeps): Pick<Handlers, 'compare.start' | 'compare.latest'> {
  const latest = new LastResults(join(deps.cacheFolder, 'compare'), comparisonSchema);
  let made = 0;
  return {
    'compare.start': async ({ project, models }) => {
      const open = deps.projects.get(project);
      const { name, task } = open.project.manifest;
      made += 1;
      const labels = await deps.scratch.file(`compare-${made}.csv`);
      await writeLabels(labels, trainingPhotos(open.project.assets.values(), task), task);
      const request: CompareRequest = {
        folder: open.photoFolder,
        labels,
        task,
        device: await deps.usualDevice(),
        seed,
        ...(models === undefined ? {} : { models }),
      };
      const summary = deps.jobs.heavy({
        kind: 'compare',
        project,
        title: `Backbones for ${name}`,
        canPause: true,
        canStop: false,
        task: 'compare',
        request,
        finish: async (reply) => {
          const comparison = comparisonSchema.parse(reply);
          await latest.keep(project, comparison);
          await rememberSpeeds(comparison);
        },
      });
      return { job: summary.id };
    },
    'compare.latest': async ({ project }) => {
      deps.projects.get(project);
      return latest.of(project);
    },
  };
}

/** What was never trained with has a speed now, by which a training's length can be told beforehand. */
async function rememberSpeeds({ device, backbones }: Comparison): Promise<void> {
  for (const { id, photosPerSecond } of backbones) {
    if ((await speedOf(device, id)).features !== undefined) continue;
    await rememberSpeed(device, id, { features: 1 / photosPerSecond, tried: true });
  }
}

import { join } from 'node:path';
import type { DeviceChoice } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { explorationSchema } from '../../contract/explore.ts';
import type { Exploration } from '../../contract/explore.ts';
import type { Handlers } from '../../contract/server.ts';
import { answersOf } from '../../engine/data/answers.ts';
import { featureSources } from '../explain/similar.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { LastResults } from '../last-results.ts';
import type { OpenProject, OpenProjects } from '../projects/open-projects.ts';
import { isShown } from '../projects/photo-rows.ts';
import { foundSchema } from './explore-request.ts';
import type { ExploreRequest } from './explore-request.ts';

export interface ExplorationDeps {
  readonly jobs: Pick<Jobs, 'heavy'>;
  readonly projects: Pick<OpenProjects, 'get'>;
  /** What the person has chosen to compute on. */
  readonly usualDevice: () => Promise<DeviceChoice>;
  /** Absolute. */
  readonly cacheFolder: string;
}

/**
 * Looks through projects' photos in the worker. What was found last is kept in the cache folder, for the next time the
 * project is opened.
 */
export function createExplorations(
  deps: ExplorationDeps,
): Pick<Handlers, 'explore.start' | 'explore.result'> {
  const found = new LastResults(join(deps.cacheFolder, 'explore'), explorationSchema);
  return {
    'explore.start': async ({ project, settings }) => {
      const open = deps.projects.get(project);
      const request = await requestOf(deps, open, settings);
      if (request.photos.length === 0)
        throw new HolotypeError(
          'bad-input',
          `"${open.project.manifest.name}" has no photos to look through.`,
          {
            remedy: 'Put photos into its folder, or take some back in.',
          },
        );
      const explorationOf = (data: unknown): Exploration => {
        const madeAt = new Date().toISOString();
        return { ...foundSchema.parse(data), job: summary.id, madeAt };
      };
      const summary = deps.jobs.heavy({
        kind: 'explore',
        project,
        title: `Exploring ${open.project.manifest.name}`,
        canPause: true,
        canStop: false,
        task: 'explore',
        request,
        onNews: (news) => {
          if (news.type === 'result') found.note(project, explorationOf(news.data));
        },
        finish: (reply) => found.keep(project, explorationOf(reply)),
      });
      return { job: summary.id };
    },
    'explore.result': async ({ project }) => {
      deps.projects.get(project);
      return found.of(project);
    },
  };
}

/** Photos that are there and not left out, with the network and device whose features are likeliest kept already. */
async function requestOf(
  { usualDevice, cacheFolder }: ExplorationDeps,
  { project, folder, photoFolder }: OpenProject,
  settings: ExploreRequest['settings'],
): Promise<ExploreRequest> {
  const classes = [...project.manifest.classes];
  const { task } = project.manifest;
  const assets = [...project.assets.values()]
    .filter((asset) => isShown(asset) && asset.missing !== true && asset.excluded !== true)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const answers = answersOf(
    assets.map(({ labels, target }) => ({
      ...(labels.length === 0 ? {} : { labelNames: labels }),
      target,
    })),
    classes,
    task,
  );
  const [source] = (await featureSources(folder)).sources;
  return {
    folder: photoFolder,
    photos: assets.map(({ id, path, bytes, width, height, target }, at) => {
      const { label = -1, labels } = answers[at] ?? {};
      return {
        id,
        path,
        bytes,
        label,
        ...(width === undefined ? {} : { width }),
        ...(height === undefined ? {} : { height }),
        ...(labels === undefined ? {} : { labels: [...labels] }),
        ...(target === undefined ? {} : { target }),
      };
    }),
    task,
    classes,
    settings,
    ...(source === undefined ? {} : { backbone: source.backbone }),
    ...(source?.resize === undefined ? {} : { resize: source.resize }),
    device: source?.device ?? (await usualDevice()),
    cacheFolder,
  };
}

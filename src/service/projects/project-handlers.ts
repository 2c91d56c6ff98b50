import type { Source } from '../../contract/ids.ts';
import type { Handlers } from '../../contract/server.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { RecentProjects } from '../../store/recent-projects.ts';
import type { Downloads } from '../downloads.ts';
import type { Emitter } from '../emitter.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Places } from '../places.ts';
import type { Uploads } from '../uploads.ts';
import { demoProject } from './demo-project.ts';
import { locateProject, nameOfUpload, projectsFolder } from './locate.ts';
import { checkTask } from './label-steps.ts';
import { unpackProject } from './open-archive.ts';
import { listRecent, type ProjectRegistry } from './project-registry.ts';
import { shareProject } from './share.ts';

export interface ProjectHandlerDeps {
  readonly events: Emitter;
  readonly places: Pick<Places, 'pathOf'>;
  readonly uploads: Pick<Uploads, 'folderOf' | 'keep'>;
  readonly downloads: Pick<Downloads, 'offer'>;
  readonly jobs: Pick<Jobs, 'light'>;
  readonly recentProjects: RecentProjects;
  readonly dataFolder: string;
  readonly cacheFolder: string;
}

type ProjectMethod = Extract<keyof Handlers, `projects.${string}`>;

/** The methods about projects as a whole. */
export function projectHandlers(
  projects: ProjectRegistry,
  deps: ProjectHandlerDeps,
): Pick<Handlers, ProjectMethod> {
  const { recentProjects: recent, dataFolder, cacheFolder, places, uploads, jobs, downloads } = deps;
  const pathOf = (source: Source): string =>
    'place' in source ? places.pathOf(source.place) : uploads.folderOf(source.upload);

  return {
    'projects.list': () => listRecent(recent),
    'projects.forget': async ({ id }) => {
      await recent.forget(id);
      const list = await listRecent(recent);
      deps.events.emit('projects.changed', { projects: list });
      return list;
    },
    'projects.open': async ({ source, name }) => {
      const path = pathOf(source);
      const called = name ?? ('upload' in source ? await nameOfUpload(path) : undefined);
      const folder = await locateProject(path, dataFolder, called);
      if ('upload' in source) await uploads.keep(source.upload);
      return (await projects.open(folder)).state();
    },
    'projects.reopen': async ({ project }) => {
      const folder = await recent.folderOf(project);
      const open = await projects.open(folder).catch((error: unknown) => {
        if (!(error instanceof HolotypeError) || error.code !== 'not-found') throw error;
        throw new HolotypeError('not-found', 'This project is not where it was.', {
          remedy: 'Connect its drive and try again, or take it off the list.',
          cause: error,
        });
      });
      return open.state();
    },
    'projects.openDemo': async () => {
      const { folder, prepare } = await demoProject(dataFolder);
      return (await projects.open(folder, prepare)).state();
    },
    'projects.openArchive': async ({ source }, { signal }) => {
      const folder = await unpackProject(pathOf(source), projectsFolder(dataFolder), { signal });
      return (await projects.open(folder)).state();
    },
    'projects.get': async ({ project }) => projects.get(project).state(),
    'projects.close': async ({ project }) => {
      await projects.release(project);
      return {};
    },
    'projects.rename': async ({ project, name }) => {
      const open = projects.get(project);
      await open.edit((own) => own.updateManifest({ name }));
      await projects.remember(open, false);
      return open.state();
    },
    'projects.changeTask': ({ project, task }) =>
      projects.get(project).edit((own) => {
        checkTask(own, task);
        return own.updateManifest({ task });
      }),
    'projects.takeOver': async ({ project }) => (await projects.takeOver(project)).state(),
    'projects.rescan': async ({ project }) => {
      const open = projects.get(project);
      return { job: projects.scan(open) ?? open.refuse() };
    },
    'projects.skipped': async ({ project }) => [...projects.get(project).skipped],
    'projects.share': async ({ project, photos }) => {
      const open = projects.get(project);
      const { id } = jobs.light({
        kind: 'share',
        project,
        title: `Packing ${open.name}`,
        work: async (tools) => {
          const file = await shareProject(open, { photos, folder: cacheFolder }, tools);
          return { download: downloads.offer(file) };
        },
      });
      return { job: id };
    },
    'projects.changeSettings': ({ project, settings }) =>
      projects.get(project).edit((own) => {
        const known = new Map(Object.entries(own.manifest.settings));
        for (const [name, value] of Object.entries(settings)) {
          // As with fields of photos: null takes it away.
          if (value === null || value === undefined) known.delete(name);
          else known.set(name, value);
        }
        return own.updateManifest({ settings: Object.fromEntries(known) });
      }),
  };
}

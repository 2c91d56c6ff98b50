import type { AppInfo } from '../../contract/app.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { methods } from '../../contract/methods.ts';
import { joinHandlers, type Handlers, type Service } from '../../contract/server.ts';
import type { RecentProjects } from '../../store/recent-projects.ts';
import { createDownloads, type Downloads } from '../downloads.ts';
import { createEmitter, type Emitter } from '../emitter.ts';
import { createJobs } from '../jobs/create-jobs.ts';
import { forkWorkers } from '../jobs/fork-worker.ts';
import { jobHandlers } from '../jobs/handlers.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { createWorkerCalls, type WorkerCalls } from '../jobs/worker-calls.ts';
import { WorkerHost } from '../jobs/worker-host.ts';
import type { WorkerLauncher } from '../jobs/worker-link.ts';
import type { Media } from '../media/media.ts';
import { createPlaces, type Places } from '../places.ts';

/** What a host has to bring. */
export interface ServiceDeps {
  readonly info: AppInfo;
  readonly recentProjects: RecentProjects;
  /** Absolute: where projects, settings, imported models and uploads are kept. */
  readonly dataFolder: string;
  /** Absolute: what can be made again. */
  readonly cacheFolder: string;
  readonly logsFolder: string;
  /** Folders that the window's own picker may look into; none on the desktop, which has the system's dialog. */
  readonly pickerRoots: readonly string[];
  /** Starts processes that compute; default: child processes of Node. */
  readonly launchWorker?: WorkerLauncher;
}

/** The service and what only its host may touch. */
export interface HostedService extends Service {
  readonly media: Media;
  /** For the desktop's dialogs: tokens for what a person has chosen there. */
  readonly places: Places;
  readonly downloads: Downloads;
  /** Cancels all work and gives projects back. */
  close(): Promise<void>;
}

/** What the parts of the service share. */
export interface Parts {
  readonly deps: ServiceDeps;
  readonly events: Emitter;
  readonly places: Places;
  readonly downloads: Downloads;
  /** Long work: in this process, or one after another in the worker. */
  readonly jobs: Jobs;
  /** Short questions to a second worker, which are not held up by long work. */
  readonly calls: WorkerCalls;
}

/** Implements the contract; one service serves any number of connections. */
export function createService(deps: ServiceDeps): HostedService {
  const events = createEmitter();
  const places = createPlaces();
  const downloads = createDownloads();
  const launch = deps.launchWorker ?? forkWorkers();
  const jobs = createJobs({ events, worker: new WorkerHost(launch) });
  const calls = createWorkerCalls(new WorkerHost(launch));
  const tables: Partial<Handlers>[] = [appHandlers(deps), recentHandlers(deps, events), jobHandlers(jobs)];
  return {
    events,
    places,
    downloads,
    media: async () => ({ status: 404, type: 'text/plain', body: new Uint8Array() }),
    handlers: joinHandlers(...tables, notYet(tables)),
    close: async () => {
      calls.close();
      await jobs.close();
    },
  };
}

// TEMPORARY while the parts are being built side by side.
function notYet(tables: readonly Partial<Handlers>[]): Partial<Handlers> {
  const missing = Object.keys(methods).filter((name) => !tables.some((table) => Object.hasOwn(table, name)));
  return Object.fromEntries(
    missing.map((name) => [
      name,
      async () => {
        throw new HolotypeError('not-supported', `"${name}" is not there yet.`);
      },
    ]),
  );
}

function appHandlers({ info }: ServiceDeps): Pick<Handlers, 'app.info'> {
  return { 'app.info': async () => info };
}

function recentHandlers(
  { recentProjects }: ServiceDeps,
  events: Emitter,
): Pick<Handlers, 'projects.list' | 'projects.forget'> {
  return {
    'projects.list': () => recentProjects.list(),
    'projects.forget': async ({ id }) => {
      await recentProjects.forget(id);
      const projects = await recentProjects.list();
      events.emit('projects.changed', { projects });
      return projects;
    },
  };
}

import { join } from 'node:path';
import { appSettingsSchema, type AppInfo } from '../../contract/app.ts';
import { joinHandlers, type Handlers, type Service } from '../../contract/server.ts';
import { openSettings, type SettingsFile } from '../../store/app-settings.ts';
import { cacheShares } from '../../store/caches.ts';
import { openLog, type LogFile } from '../../store/log-file.ts';
import type { RecentProjects } from '../../store/recent-projects.ts';
import { openThumbnailCache } from '../../store/thumbnail-cache.ts';
import { openUploads } from '../../store/uploads.ts';
import { createDownloads, type Downloads } from '../downloads.ts';
import { createEmitter, type Emitter } from '../emitter.ts';
import { folderHandlers } from '../folders/handlers.ts';
import { houseHandlers, logFailures, watchCaches } from '../house/handlers.ts';
import { createJobs } from '../jobs/create-jobs.ts';
import { forkWorkers } from '../jobs/fork-worker.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { createWorkerCalls, type WorkerCalls } from '../jobs/worker-calls.ts';
import { WorkerHost } from '../jobs/worker-host.ts';
import type { WorkerLauncher } from '../jobs/worker-link.ts';
import { createMedia } from '../media/create-media.ts';
import { keepCovers } from '../media/keep-covers.ts';
import type { Media } from '../media/media.ts';
import { createPlaces, type Places } from '../places.ts';
import { createProjects } from '../projects/create-projects.ts';
import { photoAnswers } from '../runs/photo-answers.ts';
import { shortPath } from '../short-path.ts';
import type { Uploads } from '../uploads.ts';
import { createWork } from './work.ts';

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
  readonly log: LogFile;
  /** Absolute. */
  readonly logsFolder: string;
  /** Cancels all work and gives projects back. */
  close(): Promise<void>;
}

/** What the parts of the service share. */
export interface Parts {
  readonly deps: ServiceDeps;
  readonly events: Emitter;
  readonly places: Places;
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly settings: SettingsFile;
  readonly log: LogFile;
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
  const uploads = openUploads(join(deps.dataFolder, 'uploads'));
  const settings = openSettings(deps.dataFolder);
  const log = openLog(deps.logsFolder);
  const thumbnails = openThumbnailCache(
    join(deps.cacheFolder, 'thumbnails'),
    appSettingsSchema.parse({}).cacheLimit * cacheShares.thumbnails,
  );
  const { projects, handlers: projectHandlers } = createProjects({
    ...deps,
    events,
    places,
    uploads,
    downloads,
    jobs,
    answersFor: photoAnswers(),
  });
  const house = { ...deps, events, downloads, settings, log, thumbnails };
  const stopWatching = [logFailures(house), watchCaches(house)];
  const work = createWork({
    jobs,
    calls,
    places,
    uploads,
    downloads,
    settings,
    projects,
    cacheFolder: deps.cacheFolder,
  });
  const tables: Partial<Handlers>[] = [
    houseHandlers(house),
    folderHandlers({ places, uploads, pickerRoots: deps.pickerRoots, shorten: shortPath }),
    work.offeringUnfinished(projectHandlers),
    ...work.tables,
  ];
  const media = createMedia({
    projects,
    downloads,
    uploads,
    thumbnails,
    answerFile: work.answerFile,
    classifyPicture: work.classifyPicture,
  });
  stopWatching.push(keepCovers(events, media));
  return {
    events,
    places,
    downloads,
    log,
    logsFolder: deps.logsFolder,
    media,
    handlers: joinHandlers(...tables),
    close: async () => {
      for (const stop of stopWatching) stop();
      calls.close();
      await jobs.close();
      await projects.close();
      await work.close();
      await uploads.close();
    },
  };
}

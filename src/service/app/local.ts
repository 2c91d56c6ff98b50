import { join } from 'node:path';
import { cacheFolder, dataFolder } from '../../store/cache-folder.ts';
import { openRecentProjects } from '../../store/recent-projects.ts';
import type { WorkerLauncher } from '../jobs/worker-link.ts';
import { shortPath } from '../short-path.ts';
import { createService, type HostedService } from './service.ts';

/** What a host says about itself. */
export interface HostOptions {
  readonly version: string;
  readonly host: 'desktop' | 'web';
  /** See {@link ServiceDeps.pickerRoots}. */
  readonly pickerRoots?: readonly string[];
  /** See {@link ServiceDeps.launchWorker}. */
  readonly launchWorker?: WorkerLauncher;
}

/** The service as a window uses it, on this machine's own folders. */
export function createLocalService(options: HostOptions): HostedService {
  const data = dataFolder();
  const cache = cacheFolder();
  const logs = join(data, 'logs');
  const service = createService({
    info: {
      name: 'Holotype',
      version: options.version,
      platform: process.platform,
      host: options.host,
      dataFolder: shortPath(data),
      cacheFolder: shortPath(cache),
      logsFolder: shortPath(logs),
    },
    recentProjects: openRecentProjects(data),
    dataFolder: data,
    cacheFolder: cache,
    logsFolder: logs,
    pickerRoots: options.pickerRoots ?? [],
    ...(options.launchWorker === undefined ? {} : { launchWorker: options.launchWorker }),
  });
  service.log.write(
    'info',
    `Holotype ${options.version} (${options.host}) starts, Node.js ${process.versions.node}`,
  );
  return service;
}

/** Writes what ends the process into the log; that it ends is left as it is. */
export function logCrashes({ log }: Pick<HostedService, 'log'>): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    log.write(
      'error',
      `Holotype crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  });
}

import { homedir } from 'node:os';
import { sep } from 'node:path';
import type { Service } from '../contract/server.ts';
import { dataFolder } from '../store/cache-folder.ts';
import { openRecentProjects } from '../store/recent-projects.ts';
import { createService } from './service.ts';

/** The service as a window uses it, on this machine's own folders. */
export function createDesktopService(version: string): Service {
  const folder = dataFolder();
  return createService({
    info: { name: 'Holotype', version, platform: process.platform, dataFolder: shorten(folder, homedir()) },
    recentProjects: openRecentProjects(folder),
  });
}

/** `~/Projects/leaves` instead of `/home/ada/Projects/leaves`: shorter, and no name in screenshots. */
export function shorten(path: string, home: string): string {
  return path === home || path.startsWith(home + sep) ? `~${path.slice(home.length)}` : path;
}

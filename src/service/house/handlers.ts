import { arch, cpus, homedir, hostname, release, totalmem, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import type { AppInfo, AppSettings, Licence } from '../../contract/app.ts';
import type { Handlers } from '../../contract/server.ts';
import type { SettingsFile } from '../../store/app-settings.ts';
import { cacheShares, clearCaches, measureCaches } from '../../store/caches.ts';
import { deviceMemory } from '../../store/device-memory.ts';
import { pruneFeatureCaches } from '../../store/feature-cache.ts';
import { readLicences } from '../../store/licences.ts';
import type { LogFile } from '../../store/log-file.ts';
import type { RecentProjects } from '../../store/recent-projects.ts';
import type { ThumbnailCache } from '../../store/thumbnail-cache.ts';
import { ownFolder, softwareVersions } from '../../store/versions.ts';
import type { Downloads } from '../downloads.ts';
import type { Emitter } from '../emitter.ts';
import { problemReport } from './problem-report.ts';
import type { Secrets } from './redact.ts';

export interface HouseDeps {
  readonly info: AppInfo;
  readonly settings: SettingsFile;
  readonly events: Emitter;
  readonly downloads: Downloads;
  readonly log: LogFile;
  readonly recentProjects: RecentProjects;
  readonly thumbnails: ThumbnailCache;
  /** Absolute. */
  readonly cacheFolder: string;
  readonly dataFolder: string;
}

type HouseMethod = Extract<keyof Handlers, `app.${string}`>;

/** Lines of the log in a problem report. */
const reportedLines = 400;

/** The app's own affairs: settings, caches, licences, problem reports. */
export function houseHandlers(deps: HouseDeps): Pick<Handlers, HouseMethod> {
  const { info, settings, events, cacheFolder } = deps;
  let licences: Promise<Licence[]> | undefined;
  return {
    'app.info': async () => info,
    'app.settings': () => settings.read(),
    'app.changeSettings': async (patch) => {
      const changed = await settings.change(withoutGaps(patch));
      events.emit('settings.changed', { settings: changed });
      if (patch.cacheLimit !== undefined) await keepWithin(deps, changed.cacheLimit);
      return changed;
    },
    'app.cacheUse': () => measureCaches(cacheFolder),
    'app.clearCache': async ({ kinds }) => {
      await clearCaches(cacheFolder, kinds);
      return measureCaches(cacheFolder);
    },
    'app.licences': () => (licences ??= readLicences()),
    'app.problemReport': async ({ note }) => {
      const time = new Date().toISOString();
      const text = await writeReport(deps, note, time);
      return deps.downloads.offer({
        name: `holotype-problem-${time.slice(0, 10)}.txt`,
        type: 'text/plain; charset=utf-8',
        content: Buffer.from(text),
      });
    },
  };
}

/**
 * Keeps the caches within what the settings allow: now, and after each job that may have filled them.
 *
 * @returns how to stop doing so
 */
export function watchCaches(deps: HouseDeps): () => void {
  const keep = async (): Promise<void> => {
    try {
      await keepWithin(deps, (await deps.settings.read()).cacheLimit);
    } catch (error) {
      // Settings or caches that can't be read are reported by what needs them.
      deps.log.write('warning', `The caches were not looked after: ${String(error)}`);
    }
  };
  void keep();
  return deps.events.on('job.changed', ({ job }) => {
    if (job.kind === 'train' && job.endedAt !== null) void keep();
  });
}

/** Writes what went wrong with jobs into the log. @returns how to stop doing so */
export function logFailures({ events, log }: Pick<HouseDeps, 'events' | 'log'>): () => void {
  const told = new Set<string>();
  return events.on('job.changed', ({ job: { id, kind, title, state, error } }) => {
    if (state !== 'failed' || told.has(id)) return;
    told.add(id);
    const { code = 'failed', message = '', details } = error ?? {};
    log.write(
      'error',
      `Job ${kind} "${title}" failed: ${code}: ${message} ${details ? JSON.stringify(details) : ''}`,
    );
  });
}

async function keepWithin({ cacheFolder, thumbnails }: HouseDeps, limit: number): Promise<void> {
  await thumbnails.limitTo(limit * cacheShares.thumbnails);
  pruneFeatureCaches(join(cacheFolder, 'features'), limit * cacheShares.features);
}

async function writeReport(deps: HouseDeps, note: string, time: string): Promise<string> {
  const projects = await deps.recentProjects.list().catch(() => []);
  const caches = await measureCaches(deps.cacheFolder);
  const [processor] = cpus();
  return problemReport(
    {
      info: deps.info,
      settings: await deps.settings.read(),
      versions: {
        ...softwareVersions(),
        ...(process.versions['electron'] && { electron: process.versions['electron'] }),
      },
      machine: {
        system: `${process.platform} ${release()} ${arch()}`,
        processor: `${processor?.model ?? 'unknown'}, ${cpus().length} cores`,
        memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
      },
      devices: await deviceMemory.read(),
      counts: {
        projects: projects.length,
        photos: projects.reduce((all, { photos = 0 }) => all + photos, 0),
        ...Object.fromEntries(caches.map(({ kind, bytes }) => [`${kind} (MB)`, Math.round(bytes / 1e6)])),
      },
      log: deps.log.tail(reportedLines),
      note,
      time,
    },
    secretsOf(deps, projects),
  );
}

function secretsOf(deps: HouseDeps, projects: readonly { name: string; folder: string }[]): Secrets {
  return {
    people: [accountName(), basename(homedir()), hostname()],
    projects: projects.flatMap(({ name, folder }) => [name, basename(folder)]),
    folders: [homedir(), deps.dataFolder, deps.cacheFolder, ...projects.map(({ folder }) => folder)],
    app: ownFolder(),
  };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // an account without a name, as containers have
  }
}

/** Only what was named: `undefined` would take a setting away. */
function withoutGaps(patch: {
  readonly [K in keyof AppSettings]?: AppSettings[K] | undefined;
}): Partial<AppSettings> {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}

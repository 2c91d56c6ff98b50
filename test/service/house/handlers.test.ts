import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JobSummary } from '../../../src/contract/jobs.ts';
import { createDownloads } from '../../../src/service/downloads.ts';
import { createEmitter } from '../../../src/service/emitter.ts';
import {
  houseHandlers,
  logFailures,
  watchCaches,
  type HouseDeps,
} from '../../../src/service/house/handlers.ts';
import { openSettings } from '../../../src/store/app-settings.ts';
import { openLog } from '../../../src/store/log-file.ts';
import { openRecentProjects } from '../../../src/store/recent-projects.ts';
import { openThumbnailCache } from '../../../src/store/thumbnail-cache.ts';
import { appInfo } from '../../contract/fake-service.ts';
import { scratchFolder } from '../../store/scratch.ts';

let folder: string;
let deps: HouseDeps;
const call = { signal: new AbortController().signal };
beforeEach(() => {
  folder = scratchFolder();
  vi.stubEnv('HOLOTYPE_CACHE', join(folder, 'cache'));
  deps = {
    info: appInfo,
    settings: openSettings(join(folder, 'data')),
    events: createEmitter(),
    downloads: createDownloads(),
    log: openLog(join(folder, 'logs')),
    recentProjects: openRecentProjects(join(folder, 'data')),
    thumbnails: openThumbnailCache(join(folder, 'cache', 'thumbnails'), 1e9),
    cacheFolder: join(folder, 'cache'),
    dataFolder: join(folder, 'data'),
  };
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const job = (over: Partial<JobSummary>): JobSummary => ({
  id: 'job-0001',
  kind: 'train',
  project: null,
  title: 'Training of Oak leaves',
  state: 'running',
  createdAt: '2026-01-02T03:04:05.000Z',
  startedAt: null,
  endedAt: null,
  progress: null,
  run: null,
  error: null,
  canPause: true,
  canStop: true,
  canResume: false,
  seq: 0,
  ...over,
});

describe('settings', () => {
  it('are read, changed in part, and told to every window', async () => {
    const handlers = houseHandlers(deps);
    const heard = vi.fn();
    deps.events.on('settings.changed', heard);
    expect(await handlers['app.settings']({}, call)).toMatchObject({ theme: 'system', notify: true });
    const changed = await handlers['app.changeSettings']({ theme: 'dark', device: undefined }, call);
    expect(changed).toMatchObject({ theme: 'dark', device: 'auto' });
    expect(heard).toHaveBeenCalledExactlyOnceWith({ settings: changed });
    expect(await handlers['app.settings']({}, call)).toEqual(changed);
  });
});

describe('caches', () => {
  it('are measured and cleared', async () => {
    const handlers = houseHandlers(deps);
    await deps.thumbnails.put(`${'a'.repeat(64)}-256`, new Uint8Array([0xff, 0xd8, 0xff, 0xd9]));
    expect(await handlers['app.cacheUse']({}, call)).toContainEqual({
      kind: 'thumbnails',
      bytes: 4,
      files: 1,
    });
    const left = await handlers['app.clearCache']({ kinds: ['thumbnails'] }, call);
    expect(left).toContainEqual({ kind: 'thumbnails', bytes: 0, files: 0 });
  });

  it('are kept within the limit when that changes, at the start, and after a training', async () => {
    const limitTo = vi.spyOn(deps.thumbnails, 'limitTo');
    const features = join(deps.cacheFolder, 'features');
    const segment = join(features, `${'a'.repeat(32)}.1.features`);
    const fill = (): void => {
      mkdirSync(features, { recursive: true });
      writeFileSync(segment, new Uint8Array(1000));
    };
    await houseHandlers(deps)['app.changeSettings']({ cacheLimit: 1e8 }, call);
    expect(limitTo).toHaveBeenLastCalledWith(0.25e8);
    limitTo.mockClear();
    const stop = watchCaches(deps);
    await vi.waitFor(() => expect(limitTo).toHaveBeenCalledTimes(1));
    fill();
    deps.events.emit('job.changed', { job: job({}) });
    deps.events.emit('job.changed', { job: job({ state: 'done', endedAt: '2026-01-02T03:05:05.000Z' }) });
    await vi.waitFor(() => expect(limitTo).toHaveBeenCalledTimes(2));
    // Far below the limit: it stays.
    expect(existsSync(segment)).toBe(true);
    stop();
  });
});

describe('the log', () => {
  it('has each failed job once, with the reason', () => {
    const stop = logFailures(deps);
    const failed = job({
      state: 'failed',
      error: { code: 'storage', message: 'The disk is full.', details: { errno: 'ENOSPC' } },
    });
    deps.events.emit('job.changed', { job: job({}) });
    deps.events.emit('job.changed', { job: failed });
    deps.events.emit('job.changed', { job: failed });
    stop();
    deps.events.emit('job.changed', { job: { ...failed, id: 'job-0002' } });
    expect(deps.log.tail(10)).toEqual([
      expect.stringMatching(
        /error Job train "Training of Oak leaves" failed: storage: The disk is full. .*ENOSPC/,
      ),
    ]);
  });
});

describe('a problem report', () => {
  it('says what helps and names nobody and nothing', async () => {
    const photos = join(folder, 'Oak leaves of Ada');
    await deps.recentProjects.remember({ folder: photos, name: 'Oak leaves' });
    const stop = logFailures(deps);
    deps.events.emit('job.changed', {
      job: job({
        state: 'failed',
        error: { code: 'storage', message: `"${photos}/sick/IMG_1.jpg" could not be read.` },
      }),
    });
    stop();
    deps.log.write('error', `boom ${homedir()}/x at ${hostname()}\n    at f (node:fs:1:2)`);
    const { download, name, bytes } = await houseHandlers(deps)['app.problemReport'](
      { note: `Training of Oak leaves in ${photos} stopped.` },
      call,
    );
    expect(name).toMatch(/^holotype-problem-\d{4}-\d\d-\d\d\.txt$/);
    const { content } = deps.downloads.get(download);
    const text = Buffer.from(content as Uint8Array).toString();
    expect(bytes).toBe(Buffer.byteLength(text));
    for (const secret of ['Oak', 'Ada', 'sick', 'IMG_1', folder, hostname()])
      expect(text).not.toContain(secret);
    expect(text).toContain('Training of <project> in <path>');
    expect(text).toMatch(/failed: storage: "<name>" could not be read/);
    expect(text).toContain('at f (node:fs:1:2)');
    expect(text).toMatch(/node: \d+\./);
    expect(text).toMatch(/projects: 1/);
    expect(text).toContain('theme: system');
  });

  it('is possible when nothing at all is there', async () => {
    const { download } = await houseHandlers(deps)['app.problemReport']({ note: '' }, call);
    const text = Buffer.from(deps.downloads.get(download).content as Uint8Array).toString();
    expect(text).toContain('(nothing was written)');
    expect(text).toContain('not looked for yet');
    expect(text).toContain('(empty)');
  });
});

describe('licences', () => {
  it('are read once', async () => {
    const handlers = houseHandlers(deps);
    const first = await handlers['app.licences']({}, call);
    expect(first.length).toBeGreaterThan(20);
    expect(await handlers['app.licences']({}, call)).toBe(first);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, type Client } from '../../src/contract/client.ts';
import { serve } from '../../src/contract/server.ts';
import { directTransport } from '../../src/contract/transport.ts';
import { createLocalService } from '../../src/service/app/local.ts';
import { createService } from '../../src/service/app/service.ts';
import { shortPath } from '../../src/service/short-path.ts';
import { appInfo } from '../contract/fake-service.ts';
import { openRecentProjects, type RecentProjects, projectId } from '../../src/store/recent-projects.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holotype-service-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const info = { ...appInfo, version: '1.2.3' };
const create = (recentProjects: RecentProjects) =>
  createService({
    info,
    recentProjects,
    dataFolder: folder,
    cacheFolder: join(folder, 'cache'),
    logsFolder: join(folder, 'logs'),
    pickerRoots: [],
  });

function connect(service: ReturnType<typeof createService>): Client {
  const [mine, theirs] = directTransport();
  serve(theirs, service);
  return createClient(mine);
}

describe('the service behind the contract', () => {
  it('says what it is', async () => {
    const service = create(openRecentProjects(folder));
    expect(await connect(service).call('app.info', {})).toEqual(info);
  });

  it('lists and forgets projects, and tells every window', async () => {
    const recentProjects = openRecentProjects(folder);
    await recentProjects.remember({
      folder: join(folder, 'gone'),
      last: { task: 'single-label', accuracy: 0.5, mae: null },
    });
    await recentProjects.remember({ folder });
    const service = create(recentProjects);
    const [one, other] = [connect(service), connect(service)];
    const heard = new Promise((resolve) => {
      other.subscribe('projects.changed', resolve);
    });
    expect(await one.call('projects.list', {})).toMatchObject([
      { missing: false },
      { missing: true, lastAccuracy: 0.5 },
    ]);
    await other.call('app.info', {});
    const left = await one.call('projects.forget', { id: projectId(folder) });
    expect(left.map(({ name }) => name)).toEqual(['gone']);
    expect(await heard).toEqual({ projects: left });
  });

  it('works on the folder HOLOTYPE_DATA names', async () => {
    const before = process.env['HOLOTYPE_DATA'];
    process.env['HOLOTYPE_DATA'] = folder;
    try {
      const client = connect(createLocalService({ version: '9.9.9', host: 'desktop' }));
      expect(await client.call('app.info', {})).toMatchObject({ version: '9.9.9', dataFolder: folder });
      expect(await client.call('projects.list', {})).toEqual([]);
    } finally {
      if (before === undefined) delete process.env['HOLOTYPE_DATA'];
      else process.env['HOLOTYPE_DATA'] = before;
    }
  });

  it('writes the home folder as ~, and only where it is one', () => {
    expect(shortPath(join('/home/ada', 'x'), '/home/ada')).toBe(join('~', 'x'));
    expect(shortPath('/home/ada', '/home/ada')).toBe('~');
    expect(shortPath('/home/adam/x', '/home/ada')).toBe('/home/adam/x');
  });
});

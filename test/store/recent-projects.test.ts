import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectSummarySchema } from '../../src/contract/projects.ts';
import { openRecentProjects, projectId } from '../../src/store/recent-projects.ts';

let folder: string;
let clock: number;
const now = (): Date => new Date(Date.UTC(2026, 0, 1) + 1000 * clock++);
const open = () => openRecentProjects(join(folder, 'data'), now);
const file = (): string => join(folder, 'data', 'recent-projects.json');

const right = (accuracy: number) => ({ task: 'single-label' as const, accuracy, mae: null });

async function project(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  return path;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holotype-recent-'));
  clock = 0;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the list of recent projects', () => {
  it('is empty before the first project, and makes no file by being read', async () => {
    expect(await open().list()).toEqual([]);
    expect(existsSync(file())).toBe(false);
  });

  it('keeps what was opened last first, over restarts', async () => {
    const [leaves, ants] = [await project('leaves'), await project('ants')];
    const recent = open();
    await recent.remember({ folder: leaves, last: right(0.9) });
    await recent.remember({ folder: ants, name: 'Ants and bees' });
    await recent.remember({ folder: `${leaves}/` });
    const list = await open().list();
    expect(list.map(({ name, lastAccuracy, missing }) => [name, lastAccuracy, missing])).toEqual([
      ['leaves', 0.9, false],
      ['Ants and bees', null, false],
    ]);
    for (const entry of list) expect(projectSummarySchema.parse(entry)).toEqual(entry);
    expect(list[0]?.openedAt).toBe('2026-01-01T00:00:02.000Z');
  });

  it('knows how many photos there are, where they lie, and a few of them', async () => {
    const [own, photoFolder] = [await project('own'), await project('photos')];
    const samples = Array.from({ length: 8 }, (_, n) => String(n).repeat(64));
    const recent = open();
    await recent.remember({ folder: own, photoFolder, photos: 3, samples });
    await recent.remember({ folder: await project('other') });
    await recent.update({ folder: own, name: 'Leaves', photos: 4, last: right(0.5) });
    await recent.update({ folder: join(folder, 'never opened'), photos: 1 });
    const [other, leaves, ...more] = await open().list();
    expect([other?.name, more]).toEqual(['other', []]);
    expect(projectSummarySchema.parse(leaves)).toEqual({
      id: projectId(own),
      name: 'Leaves',
      folder: photoFolder,
      openedAt: '2026-01-01T00:00:00.000Z',
      lastAccuracy: 0.5,
      lastTask: 'single-label',
      missing: false,
      photos: 4,
      samples: samples.slice(0, 6),
    });
    expect(await recent.folderOf(projectId(own))).toBe(own);
    await expect(recent.folderOf('0'.repeat(16))).rejects.toMatchObject({ code: 'not-found' });
    await rm(photoFolder, { recursive: true });
    expect((await recent.list())[1]?.missing).toBe(true);
  });

  it('keeps what the last run taught until there is none, and lists that do not say it', async () => {
    const heights = await project('heights');
    const recent = open();
    await recent.remember({ folder: heights, last: { task: 'regression', accuracy: null, mae: 2.5 } });
    await recent.remember({ folder: heights, photos: 3 });
    const [measured] = await recent.list();
    expect(projectSummarySchema.parse(measured)).toMatchObject({
      lastAccuracy: null,
      lastTask: 'regression',
      lastMae: 2.5,
    });
    await recent.update({ folder: heights, last: { task: 'multi-label', accuracy: 0.8, mae: null } });
    expect(await recent.list()).toMatchObject([{ lastAccuracy: 0.8, lastTask: 'multi-label' }]);
    expect((await recent.list())[0]).not.toHaveProperty('lastMae');
    await recent.update({ folder: heights, last: null });
    expect((await recent.list())[0]).toMatchObject({ lastAccuracy: null });
    expect((await recent.list())[0]).not.toHaveProperty('lastTask');
    const older = { folder: heights, name: 'Old', openedAt: '2025-01-01T00:00:00.000Z', lastAccuracy: 0.7 };
    await writeFile(file(), JSON.stringify({ version: 1, projects: [older] }));
    await recent.update({ folder: heights, photos: 9 });
    expect(await recent.list()).toMatchObject([{ name: 'Old', lastAccuracy: 0.7, photos: 9 }]);
  });

  it('lists a project whose folder is gone as missing, and again as there when it is back', async () => {
    const leaves = await project('leaves');
    const recent = open();
    await recent.remember({ folder: leaves });
    await rm(leaves, { recursive: true });
    expect(await recent.list()).toMatchObject([{ name: 'leaves', missing: true }]);
    await project('leaves');
    expect(await recent.list()).toMatchObject([{ missing: false }]);
  });

  it('forgets by id, leaves the folder alone and does not mind an unknown id', async () => {
    const leaves = await project('leaves');
    const recent = open();
    await recent.remember({ folder: leaves });
    await recent.forget('0000000000000000');
    expect(await recent.list()).toHaveLength(1);
    await recent.forget(projectId(leaves));
    expect(await recent.list()).toEqual([]);
    expect(existsSync(leaves)).toBe(true);
  });

  it('loses nothing when many changes are made at once', async () => {
    const recent = open();
    const folders = await Promise.all(Array.from({ length: 20 }, (_, n) => project(`p${n}`)));
    await Promise.all(folders.map((path) => recent.remember({ folder: path })));
    expect((await recent.list()).map(({ name }) => name).sort()).toEqual(
      Array.from({ length: 20 }, (_, n) => `p${n}`).sort(),
    );
  });

  it('holds at most 100', async () => {
    const recent = open();
    for (let n = 0; n < 103; n++) await recent.remember({ folder: join(folder, `p${n}`) });
    const names = (await recent.list()).map(({ name }) => name);
    expect(names).toHaveLength(100);
    expect(names[0]).toBe('p102');
    expect(names).not.toContain('p2');
  });

  it('survives being cut off at every byte: the damaged file is put aside and the list starts over', async () => {
    await open().remember({ folder: await project('leaves') });
    const whole = await readFile(file());
    // The last two bytes are a brace and a newline; without the newline it is still whole.
    for (let length = 0; length < whole.length - 1; length += 1) {
      await writeFile(file(), whole.subarray(0, length));
      expect(await open().list()).toEqual([]);
      expect(await readFile(join(folder, 'data', 'recent-projects.damaged.json'))).toEqual(
        whole.subarray(0, length),
      );
    }
    await open().remember({ folder: await project('leaves') });
    expect(await open().list()).toHaveLength(1);
  });

  it('does not touch a file of a newer version', async () => {
    await mkdir(join(folder, 'data'));
    await writeFile(file(), '{"version": 2, "projects": {"new": true}}');
    await expect(open().list()).rejects.toMatchObject({ code: 'not-supported', remedy: expect.any(String) });
    await expect(open().remember({ folder })).rejects.toMatchObject({ code: 'not-supported' });
    expect(await readFile(file(), 'utf8')).toContain('"new": true');
  });

  it('goes on after a change that failed', async () => {
    await mkdir(file(), { recursive: true });
    const recent = open();
    await expect(recent.remember({ folder })).rejects.toMatchObject({ code: 'storage' });
    await rm(file(), { recursive: true });
    await recent.remember({ folder });
    expect(await recent.list()).toHaveLength(1);
  });
});

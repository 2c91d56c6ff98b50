import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSettings } from '../../src/store/app-settings.ts';
import { fileSystem } from '../../src/store/file-system.ts';
import { scratchFolder } from './scratch.ts';

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});
const file = (): string => join(folder, 'settings.json');
const defaults = { theme: 'system', device: 'auto', cacheLimit: 10e9, notify: true };

describe('settings', () => {
  it('are the defaults until something is set, and last', async () => {
    const settings = openSettings(folder);
    expect(await settings.read()).toEqual(defaults);
    expect(existsSync(file())).toBe(false);
    expect(await settings.change({ theme: 'dark' })).toEqual({ ...defaults, theme: 'dark' });
    expect(await settings.change({ notify: false })).toEqual({ ...defaults, theme: 'dark', notify: false });
    expect(await openSettings(folder).read()).toEqual({ ...defaults, theme: 'dark', notify: false });
  });

  it('are all there when several are changed at once', async () => {
    const settings = openSettings(folder);
    await Promise.all([
      settings.change({ theme: 'light' }),
      settings.change({ device: 'cpu' }),
      settings.change({ cacheLimit: 1e9 }),
    ]);
    expect(await settings.read()).toEqual({ theme: 'light', device: 'cpu', cacheLimit: 1e9, notify: true });
  });

  it.each(['', '{', '[]', '{"theme":"pink"}', '{"cacheLimit":1}', '\u0000\u0000'])(
    'that are damaged (%j) are put aside, and the defaults hold',
    async (text) => {
      writeFileSync(file(), text);
      expect(await openSettings(folder).read()).toEqual(defaults);
      expect(readFileSync(join(folder, 'settings.damaged.json'), 'utf8')).toBe(text);
      await openSettings(folder).change({ notify: false });
      expect(await openSettings(folder).read()).toEqual({ ...defaults, notify: false });
    },
  );

  it('of another version are kept', async () => {
    writeFileSync(file(), JSON.stringify({ theme: 'dark', hovercraft: 'eels' }));
    await openSettings(folder).change({ notify: false });
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toMatchObject({ theme: 'dark', hovercraft: 'eels' });
  });

  it('that cannot be written say so, and stay as they were', async () => {
    const settings = openSettings(folder);
    await settings.change({ theme: 'dark' });
    vi.spyOn(fileSystem, 'rename').mockRejectedValueOnce(
      Object.assign(new Error('full'), { code: 'ENOSPC' }),
    );
    await expect(settings.change({ theme: 'light' })).rejects.toMatchObject({ code: 'storage' });
    expect(await settings.read()).toMatchObject({ theme: 'dark' });
    expect(await settings.change({ theme: 'light' })).toMatchObject({ theme: 'light' });
  });

  it('that are out of range are refused before they are written', async () => {
    await expect(openSettings(folder).change({ cacheLimit: 5 })).rejects.toThrow(/cacheLimit|Too small|>=/);
    expect(existsSync(file())).toBe(false);
  });
});

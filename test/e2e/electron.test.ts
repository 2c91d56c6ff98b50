import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright';
import { build } from 'electron-vite';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The Electron binary, where npm's install script has fetched it; without asking for a download. */
async function findElectron(): Promise<string | undefined> {
  const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const name = await readFile(join(folder, 'path.txt'), 'utf8').catch(() => undefined);
  const binary = name === undefined ? undefined : join(folder, 'dist', name.trim());
  return binary !== undefined && existsSync(binary) ? binary : undefined;
}
const binary = await findElectron();
const headless = process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'];
const why =
  binary === undefined
    ? ' (skipped: no Electron binary here)'
    : headless
      ? ' (skipped: no display here)'
      : '';

describe.skipIf(why !== '')(`the desktop app${why}`, () => {
  it('opens its window, talks to the engine and shows the empty list', async () => {
    const data = await mkdtemp(join(tmpdir(), 'holotype-desktop-'));
    await build({ root, logLevel: 'error' });
    const app = await _electron.launch({
      executablePath: binary ?? '',
      args: [root, `--user-data-dir=${data}`, '--no-sandbox'],
      env: { ...process.env, HOLOTYPE_DATA: data },
    });
    try {
      const page = await app.firstWindow();
      await page.getByRole('heading', { name: 'Your first classifier' }).waitFor();
      expect(page.url()).toBe('app://holotype/index.html');
      // The page has no way to Node.
      expect(await page.evaluate(() => typeof Reflect.get(globalThis, 'require'))).toBe('undefined');
      expect(await page.evaluate(() => typeof Reflect.get(globalThis, 'process'))).toBe('undefined');
    } finally {
      await app.close();
      await rm(data, { recursive: true, force: true });
    }
  });
});

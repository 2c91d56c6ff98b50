import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import config from '../../electron.vite.config.ts';
import type { ProjectSummary } from '../../src/contract/projects.ts';
import { playShell, type PageSetup } from './window-page.ts';

vi.mock('electron', () => ({ shell: {} }));
const { contentSecurityPolicy } = await import('../../electron/main/security.ts');

const browserPath = [chromium.executablePath(), '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  existsSync,
);
const why = browserPath === undefined ? ' (skipped: no Chromium on this machine)' : '';
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const home = 'http://holotype.test/';

const project = (n: number, over: Partial<ProjectSummary>): ProjectSummary => ({
  id: `000000000000000${n}`,
  name: `Project ${n}`,
  folder: `/home/ada/photos/project-${n}`,
  openedAt: new Date(Date.now() - n * 3.1e7).toISOString(),
  lastAccuracy: null,
  missing: false,
  ...over,
});
const projects = [
  project(1, {
    name: 'Leaf diseases',
    folder: '/home/ada/Pictures/greenhouse/leaf-diseases',
    lastAccuracy: 0.9421,
  }),
  project(2, {
    name: 'Ants and bees',
    folder: '/media/ada/field-drive/2025/hymenoptera',
    lastAccuracy: 0.967,
    missing: true,
  }),
  project(3, {
    name: 'Mushrooms of the reserve',
    folder: '/home/ada/Documents/survey/a very long way down/the tree of folders/mushrooms',
  }),
  project(9, { name: 'Diatoms', folder: '/home/ada/diatoms', lastAccuracy: 0.81 }),
];

describe.skipIf(browserPath === undefined)(`the window's page in Chromium${why}`, () => {
  let folder: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holotype-page-'));
    const { renderer } = config;
    await build({
      ...renderer,
      configFile: false,
      base: './',
      logLevel: 'error',
      build: { ...renderer?.build, outDir: folder, emptyOutDir: true },
    });
    browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page as the shell would, under its policy; collects whatever the console complains of. */
  async function open(setup: PageSetup, dark = false): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage({
      viewport: { width: 900, height: 600 },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(home)) complaints.push(`remote request ${request.url()}`);
    });
    await page.route(`${home}**`, async (route) => {
      const path = new URL(route.request().url()).pathname;
      const file = join(folder, path === '/' ? 'index.html' : path);
      await route.fulfill({
        body: await readFile(file),
        headers: {
          'content-type': types[extname(file)] ?? '',
          'content-security-policy': contentSecurityPolicy,
        },
      });
    });
    await page.addInitScript(playShell, setup);
    await page.goto(home);
    return { page, complaints };
  }

  /** With HOLOTYPE_SCREENSHOTS=DIR the pictures are kept, for people to look at. */
  async function picture(page: Page, name: string): Promise<void> {
    const keep = process.env['HOLOTYPE_SCREENSHOTS'];
    if (keep !== undefined) await page.screenshot({ path: join(keep, `${name}.png`) });
  }

  it.each([false, true])(
    'lists the projects (dark: %s), within its policy and without a complaint',
    async (dark) => {
      const { page, complaints } = await open({ projects }, dark);
      const rows = page.getByRole('list', { name: 'Recent projects' }).getByRole('listitem');
      await rows.first().waitFor();
      expect(await rows.count()).toBe(4);
      expect(await rows.nth(0).innerText()).toContain('94.2%');
      expect(await rows.nth(1).innerText()).toContain('Folder not found');
      expect(await rows.nth(2).innerText()).toContain('not trained');
      await picture(page, dark ? 'projects-dark' : 'projects-light');
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it('says what to do when there are none', async () => {
    for (const dark of [false, true]) {
      const { page, complaints } = await open({ projects: [] }, dark);
      await page.getByRole('heading', { name: 'Your first classifier' }).waitFor();
      expect(await page.getByRole('main').innerText()).toContain('holotype train photos');
      await picture(page, dark ? 'empty-dark' : 'empty-light');
      expect(complaints).toEqual([]);
      await page.close();
    }
  });

  it('shows where the list will be while it loads', async () => {
    const { page } = await open({ projects: 'never' });
    const loading = page.getByRole('status', { name: 'Loading projects' });
    await loading.waitFor();
    expect(await loading.isVisible()).toBe(true);
    await picture(page, 'loading');
    await page.close();
  });

  it('says what went wrong and lets a person try again', async () => {
    const { page } = await open({
      projects: { error: 'The drive reported an error.', remedy: 'Check the drive.' },
    });
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/drive reported an error.*Check the drive/s);
    expect(await alert.getByRole('button', { name: 'Try again' }).count()).toBe(1);
    await picture(page, 'error');
    await page.close();
  });

  it('offers to start an engine that has stopped, and goes on where it was', async () => {
    const { page } = await open({ projects, stopped: 'The engine has stopped 3 times within a minute.' });
    const start = page.getByRole('button', { name: 'Start again' });
    await start.waitFor();
    await picture(page, 'stopped');
    await start.click();
    await page.getByText('Leaf diseases').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.close();
  });

  it('can be used with the keyboard alone', async () => {
    const { page } = await open({ projects });
    await page.getByText('Leaf diseases').waitFor();
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.getAttribute('aria-label')).toBe('Remove Leaf diseases from the list');
    expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
    await picture(page, 'focus');
    await page.keyboard.press('Enter');
    await page.getByText('Leaf diseases').waitFor({ state: 'detached' });
    expect(await page.getByRole('listitem').count()).toBe(3);
    await page.close();
  });

  it('fits a narrow window without scrolling sideways', async () => {
    const { page } = await open({ projects });
    await page.setViewportSize({ width: 640, height: 420 });
    await page.getByText('Leaf diseases').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    await picture(page, 'narrow');
    await page.close();
  });
});

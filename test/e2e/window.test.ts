import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mediaOrigin, mediaScheme } from '../../src/contract/page.ts';
import type { ProjectSummary } from '../../src/contract/projects.ts';
import { hashOf } from '../renderer/fake/world.ts';
import { browserPath, openLab, openPage, picture, whySkipped, type PageLab } from './fake-page.ts';
import { playShell, type PageSetup } from './window-page.ts';

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
  project(1, { name: 'Leaf diseases', lastAccuracy: 0.9421, photos: 120, samples: [hashOf(1)] }),
  project(2, { name: 'Ants and bees', lastAccuracy: 0.967, missing: true }),
  project(3, { name: 'Mushrooms of the reserve' }),
  project(4, { name: 'Heights of trees', lastTask: 'regression', lastMae: 2.4567 }),
  project(5, { name: 'Plots', lastTask: 'multi-label', lastAccuracy: 0.8123 }),
  project(6, { name: 'No photo left over', lastTask: 'single-label' }),
];

describe.skipIf(browserPath === undefined)(`the desktop's window in Chromium${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  /** Opens the page as the shell would, under its policy. */
  const open = (setup: PageSetup, unknown: string[] = []) =>
    openPage(lab, {
      policy: { media: `${mediaScheme}:` },
      prepare: (page) => {
        page.on('console', (message) => {
          if (message.text().includes('ERR_UNKNOWN_URL_SCHEME')) unknown.push(message.location().url);
        });
        return page.addInitScript(playShell, setup);
      },
    });
  const asked = (page: Page): Promise<string[]> => page.evaluate(() => Reflect.get(window, 'asked'));

  it('lists the projects, within its policy and without a complaint', async () => {
    const unknown: string[] = [];
    const { page, complaints } = await open({ projects }, unknown);
    const cards = page.getByRole('list', { name: 'Recent projects' }).getByRole('listitem');
    await cards.first().waitFor();
    expect(await cards.allInnerTexts()).toEqual([
      expect.stringMatching(/Leaf diseases.*120 photos.*94\.2% right/s),
      expect.stringContaining('Folder not found'),
      expect.stringContaining('Not trained yet'),
      expect.stringContaining('Off by 2.457 on average'),
      expect.stringContaining('81.2% all labels right'),
      expect.stringContaining('checked on no photos'),
    ]);
    await picture(page, 'window');
    // Only the desktop knows media: addresses; a browser complains of them, and of nothing else.
    expect(unknown).toEqual([`${mediaOrigin}/thumb/0000000000000001/${hashOf(1)}/256`]);
    expect(complaints.filter((words) => !words.includes('ERR_UNKNOWN_URL_SCHEME'))).toEqual([]);
    await page.context().close();
  });

  it('offers to start an engine that has stopped, and goes on where it was', async () => {
    const { page } = await open({ projects, stopped: 'The engine has stopped 3 times within a minute.' });
    const start = page.getByRole('button', { name: 'Start again' });
    await start.waitFor();
    await picture(page, 'window-stopped');
    await start.click();
    await page.getByText('Leaf diseases').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.context().close();
  });

  it("uses the system's dialogs and knows where dropped folders lie", async () => {
    const { page } = await open({ projects });
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
    await page.getByRole('button', { name: 'Open a folder of photos' }).click();
    // What goes wrong is said in the engine's own words.
    await page.getByText('Check the drive.').first().waitFor();
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File([], 'leaves'));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
    });
    await page.waitForFunction(() => Reflect.get(window, 'asked').length === 4);
    expect(await asked(page)).toEqual([
      'pick folder',
      'open place-chosen-0000000000',
      'places of leaves',
      'open place-dropped-000000000',
    ]);
    await page.context().close();
  });

  it('has the shell save what the engine made, and show the logs', async () => {
    const { page } = await open({ projects });
    await page.getByRole('button', { name: 'Help' }).click();
    await page.getByRole('menuitem', { name: 'Report a problem' }).click();
    await page.getByRole('button', { name: 'Show the logs' }).click();
    await page.getByRole('button', { name: 'Save the report…' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await asked(page)).toEqual(['show logs', 'save download-0123456789abcdef as problem.txt']);
    await page.context().close();
  });

  it('can be used with the keyboard alone', async () => {
    const { page } = await open({ projects });
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
    for (let n = 0; n < 4; n += 1) await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Leaf diseases');
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.getAttribute('aria-label')).toBe('More for Leaf diseases');
    expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('article').count()).toBe(projects.length - 1);
    await page.context().close();
  });

  it('fits a narrow window without scrolling sideways', async () => {
    const { page } = await open({ projects });
    await page.setViewportSize({ width: 640, height: 420 });
    await page.getByText('Leaf diseases').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    await picture(page, 'window-narrow');
    await page.context().close();
  });
});

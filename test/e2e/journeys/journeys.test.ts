import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closeBrowser,
  copyHymenoptera,
  expectAccessible,
  expectCalm,
  hasHymenoptera,
  openPage,
  serveHolotype,
  whyNot,
  type Served,
} from './harness.ts';

const where = hasHymenoptera ? 'photos of ants and bees' : 'the demo photos (no real ones here)';

/** What lies in a folder: every file by its path and what is in it. */
async function contents(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = async (file: string): Promise<string> =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
  return Promise.all(files.toSorted().map(async (file) => `${file} ${await hash(file)}`));
}

/** Asks again until it is so; a busy machine takes its time. */
const slow = { timeout: 60_000 };

/** The journeys of a new user, one after the other in one window, against the real engine and real training. */
describe.skipIf(whyNot !== '')(`a new user's journeys on ${where}${whyNot}`, { timeout: 240_000 }, () => {
  let host: Served;
  let page: Page;
  let before: string[] = [];
  const perClass = 30;

  beforeAll(async () => {
    host = await serveHolotype();
    if (hasHymenoptera) {
      const name = await copyHymenoptera(host.photos, perClass);
      await writeFile(join(host.photos, name, 'ants', 'broken.jpg'), 'this is no photo');
      before = await contents(host.photos);
    }
    page = await openPage(host.address);
  }, 120_000);
  afterAll(async () => {
    await closeBrowser();
    await host?.stop();
  });

  const theme = () => page.evaluate(() => document.documentElement.dataset['theme']);
  const tab = (name: string) => page.getByRole('link', { name, exact: true });
  const photos = () => page.getByRole('listbox', { name: /photos/i });

  it('1. first minute: opens a folder, folder names become classes, nothing in the folder changes', async () => {
    await page.getByRole('heading', { name: 'Teach a classifier from your own photos' }).waitFor();
    await expectAccessible(page, 'home, first start');
    if (hasHymenoptera) {
      await page.getByRole('button', { name: 'Open a folder of photos' }).click();
      const dialog = page.getByRole('dialog', { name: 'Open a folder of photos' });
      await dialog.getByText('Ants and bees').dblclick();
      await dialog.getByText('ants', { exact: true }).waitFor();
      await expectAccessible(page, 'folder picker');
      await dialog.getByRole('button', { name: 'Open this folder' }).click();
    } else await page.getByRole('button', { name: 'Try the demo photos' }).click();
    await photos().waitFor();
    await page.getByRole('option').first().waitFor();
    if (!hasHymenoptera) return;
    // Thirty of each class and the stray GIF; the broken one is listed apart.
    await page
      .getByText(`${2 * perClass + 1} photos`)
      .first()
      .waitFor();
    await page
      .getByRole('button', { name: /1 file (?:was )?(?:left out|skipped)/i })
      .first()
      .click();
    await page.getByRole('dialog').getByText('ants/broken.jpg').waitFor();
    await page.keyboard.press('Escape');
    expect(await contents(host.photos)).toEqual(before);
  });

  it('2. label: by the keyboard alone, undone and done again, safe from kill -9', async () => {
    await expectAccessible(page, 'label');
    const first = photos().getByRole('option').first();
    const name = ((await first.getAttribute('aria-label')) ?? '').split(',')[0] ?? '';
    /** Puts the keyboard on the first photo, and waits until the screen says so. */
    const goToFirst = async (): Promise<void> => {
      await photos().focus();
      await page.keyboard.press('Home');
      await page.getByRole('group', { name: 'What is selected' }).getByText(name).waitFor();
    };
    await goToFirst();
    const tile = () => photos().getByRole('option', { name: new RegExp(`^${escape(name)}`) });
    const label = async (): Promise<string> => (await tile().getAttribute('aria-label')) ?? '';
    const old = await label();
    // The second class for the first photo, which is of the first one.
    await page.keyboard.press('2');
    await expect.poll(label, slow).not.toBe(old);
    const changed = await label();
    await page.keyboard.press('Control+z');
    await expect.poll(label, slow).toBe(old);
    await page.keyboard.press('Control+Shift+z');
    await expect.poll(label, slow).toBe(changed);

    await host.kill();
    await host.restart();
    await page.goto(host.address);
    await page
      .getByRole('heading', { name: hasHymenoptera ? 'Ants and bees' : /demo/i })
      .first()
      .click();
    await photos().waitFor();
    await expect.poll(label, slow).toBe(changed);
    await page.keyboard.press('Control+z');
    await expect.poll(label, slow).toBe(old);

    // Select all, then none; one photo alone and back.
    await goToFirst();
    await page.keyboard.press('Control+a');
    await page
      .getByText(/selected/)
      .first()
      .waitFor();
    await page.keyboard.press('Escape');
    await goToFirst();
    await page.keyboard.press('Enter');
    await expectAccessible(page, 'one photo');
    await page.keyboard.press('Escape');
    await photos().waitFor();
  });

  it('3. train: one button; the window is reloaded in the middle and finds the run', async () => {
    await tab('Train').click();
    await page.getByRole('radio', { name: 'Quick' }).click();
    const train = page.getByRole('button', { name: 'Train', exact: true });
    await expect.poll(() => train.isEnabled(), slow).toBe(true);
    await expectAccessible(page, 'train, before');
    await train.click();
    await page.getByRole('heading', { name: 'Training', exact: true }).waitFor();
    await page.reload();
    const running = page.getByRole('heading', { name: 'Training', exact: true });
    const done = page.getByRole('heading', { name: /^Right on/ });
    await running.or(done).first().waitFor();
    await done.waitFor({ timeout: 120_000 });
    await expectAccessible(page, 'train, after');
  });

  it('4. judge: figures in plain words, the photos behind a number, where the model looked, a label mended', async () => {
    await page.getByRole('button', { name: 'See how good it is' }).click();
    await page.getByText(/on photos it did not learn from/).waitFor();
    await expectAccessible(page, 'judge, results');
    await page.getByRole('tab', { name: 'Photos' }).click();
    await page.getByRole('radio', { name: 'All', exact: true }).click();
    await page.getByRole('option').first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('img', { name: /Where the model looked/ }).waitFor({ timeout: 60_000 });
    await expectAccessible(page, 'judge, one photo');
    await dialog.getByRole('button', { name: 'Change the label' }).click();
    await page.getByRole('menuitem').first().click();
    await page.keyboard.press('Escape');
    await page.getByText('1 label mended').waitFor();
    await page.getByRole('tab', { name: 'Likely label errors' }).click();
    await expectAccessible(page, 'judge, likely label errors');
    await page.getByRole('tab', { name: 'Compare' }).click();
    await page.getByText('There is only one run').waitFor();

    // Trained again with the mended label, the two can be compared.
    await page.getByRole('button', { name: 'Train again' }).click();
    await page.getByRole('heading', { name: /^Right on/ }).waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'See how good it is' }).click();
    await page.getByRole('tab', { name: 'Compare' }).click();
    await page.getByRole('heading', { name: 'What was done differently' }).waitFor();
    await expect.poll(() => page.getByText(/that both were checked on/).count(), slow).toBe(1);
    await expectAccessible(page, 'judge, compare');
  });

  it('5. use: answers for new photos as a table, the camera, an export with a program, a project to share', async () => {
    await tab('Use').click();
    await expectAccessible(page, 'use');
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Choose photos' }).click();
    const paths = await samplePhotos(page, host);
    await (await chooser).setFiles(paths);
    const save = page.getByRole('button', { name: 'Save as CSV' });
    await expect.poll(() => save.isEnabled(), slow).toBe(true);
    await page.getByRole('button', { name: 'Copy into folders' }).and(page.locator(':enabled')).waitFor();
    await expectAccessible(page, 'use, answers');
    const download = page.waitForEvent('download');
    await save.click();
    const table = await readFile(await (await download).path(), 'utf8');
    const [head = '', ...rows] = table.trim().split('\r\n');
    expect(head.split(',').slice(0, 4)).toEqual(['path', 'label', 'confidence', 'unknown']);
    expect(rows).toHaveLength(paths.length);

    await page.getByRole('tab', { name: 'Camera' }).click();
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.getByRole('meter').or(page.getByText(/%/)).first().waitFor({ timeout: 60_000 });
    await expectAccessible(page, 'use, camera');

    await page.getByRole('tab', { name: 'Export and share' }).click();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('Python').first().waitFor({ timeout: 120_000 });
    await expectAccessible(page, 'use, exported');
    await page.getByRole('button', { name: 'Make the archive' }).click();
    const archive = page.waitForEvent('download', { timeout: 120_000 });
    await page
      .getByRole('region', { name: 'Copy the project to share' })
      .getByRole('button', { name: /save|download/i })
      .click({ timeout: 120_000 });
    // It is a ZIP archive, and it opens as a project of its own.
    const path = await (await archive).path();
    expect((await readFile(path)).subarray(0, 2).toString('latin1')).toBe('PK');
  });

  it('6. the house: theme, devices, models, licences, shortcuts, a problem report', async () => {
    await page.goto(`${new URL(host.address).origin}/#/settings`);
    await page.getByRole('radio', { name: 'Dark' }).click();
    await expect.poll(theme, slow).toBe('dark');
    await page.reload();
    await expect.poll(theme, slow).toBe('dark');
    await page.getByRole('radio', { name: /System|As the system/ }).click();
    await expectAccessible(page, 'settings');
    await page.goto(`${new URL(host.address).origin}/#/models`);
    await page.getByRole('heading', { name: /Inception-v3/ }).waitFor();
    await expectAccessible(page, 'models');
    await page.goto(`${new URL(host.address).origin}/#/about`);
    await page.getByText('onnxruntime-node').first().waitFor();
    await expectAccessible(page, 'about');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: /shortcuts/i }).waitFor();
    await expectAccessible(page, 'shortcuts');
    await page.keyboard.press('Escape');
  });

  it('nothing went wrong in the page on the way, and the folder of photos is as it was', async () => {
    // The connection was cut on purpose in journey 2.
    expectCalm(page, /ERR_CONNECTION_REFUSED|WebSocket|net::ERR/);
    expect(await contents(host.photos)).toEqual(before);
  });
});

/** A few photos to be chosen in the browser's dialog. */
async function samplePhotos(page: Page, host: Served): Promise<string[]> {
  if (hasHymenoptera) {
    const folder = join(host.photos, 'Ants and bees', 'bees');
    return (await readdir(folder)).slice(0, 3).map((name) => join(folder, name));
  }
  const file = join(host.home, 'page.png');
  await page.screenshot({ path: file });
  return [file];
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

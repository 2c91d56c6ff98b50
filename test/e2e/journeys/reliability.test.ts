import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  closeBrowser,
  copyHymenoptera,
  expectAccessible,
  hasHymenoptera,
  openPage,
  serveHolotype,
  whyNot,
  type Served,
} from './harness.ts';
import { firstCheckpoint, killEngine, killWorkers, lineTo, logged, type Line } from './reliability-steps.ts';

/** For what takes no time on a machine of one's own. */
const soon = { timeout: 30_000 };

const where = hasHymenoptera ? 'photos of ants and bees' : 'the demo photos (no real ones here)';

const photos = (page: Page) => page.getByRole('listbox', { name: /photos/i });
const tab = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
const running = (page: Page) => page.getByRole('heading', { name: 'Training', exact: true });
const done = (page: Page) => page.getByRole('heading', { name: /^Right on/ });
const safe = (page: Page) => page.getByText('What was saved is safe.').first();

const readOnly = (page: Page) => page.getByText('You can look at this project but not change it.');

async function openPhotos(page: Page): Promise<void> {
  if (hasHymenoptera) {
    await page.getByRole('button', { name: 'Open a folder of photos' }).click();
    const dialog = page.getByRole('dialog', { name: 'Open a folder of photos' });
    await dialog.getByText('Ants and bees').dblclick();
    await dialog.getByText('ants', { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Open this folder' }).click();
  } else await page.getByRole('button', { name: 'Try the demo photos' }).click();
  await photos(page).getByRole('option').first().waitFor();
}

/** Labels of photos by their names, as a person reads them. */
const tiles = (page: Page): Promise<(string | null)[]> =>
  photos(page)
    .getByRole('option')
    .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));

/** A head only, in steps of one photo: slow enough to be interrupted. */
async function chooseSlowTraining(page: Page): Promise<void> {
  await tab(page, 'Train').click();
  await page.getByRole('radio', { name: 'Quick' }).click();
  await page.getByRole('button', { name: 'Show all settings' }).click();
  await page.getByLabel('Batch size of the head').fill('1');
  await page.getByLabel('Epochs of the head').fill('5000');
  await page.getByLabel('Learning rate of the head').fill('0.00001');
  await page.getByLabel('Weight decay').fill('0.01');
}

async function train(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Train', exact: true });
  await expect.poll(() => button.isEnabled(), { timeout: 60_000 }).toBe(true);
  await button.click();
  await running(page).waitFor();
}

/** Epochs of the curves, as their table shows them. */
async function epochsShown(page: Page): Promise<number> {
  const button = page.getByRole('button', { name: 'As a table' }).first();
  if (await button.isVisible()) await button.click();
  return page
    .getByRole('region', { name: 'Accuracy, table' })
    .getByRole('row')
    .count()
    .then((rows) => rows - 1);
}

/** What goes wrong outside of Holotype costs a person nothing but a moment: with the real engine, in one window. */
describe.skipIf(whyNot !== '')(`nothing is lost on ${where}${whyNot}`, { timeout: 180_000 }, () => {
  let host: Served;
  let line: Line;
  let page: Page;
  beforeAll(async () => {
    host = await serveHolotype();
    if (hasHymenoptera) await copyHymenoptera(host.photos, 12);
    line = await lineTo(host.address);
    page = await openPage(line.address);
    await openPhotos(page);
  }, 180_000);
  afterAll(async () => {
    await closeBrowser();
    await line?.cut();
    await host?.stop();
  });

  it('the connection is lost in mid-training: it comes back by itself, and no part of the curves is missing', async () => {
    await chooseSlowTraining(page);
    await train(page);
    await firstCheckpoint(host);
    await line.cut();
    await page.getByText('The connection to the engine is lost. Connecting again…').waitFor();
    await safe(page).waitFor();
    const before = (await logged(host)).length;
    await expect.poll(async () => (await logged(host)).length, soon).toBeGreaterThan(before + 5);
    await line.mend();
    await page.getByText('Connecting again').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('heading', { name: 'Paused' }).waitFor();
    const epochs = (await logged(host)).filter(({ type }) => type === 'epoch').length;
    await expect.poll(() => epochsShown(page), soon).toBe(epochs);
  });

  it('the process that trains is killed: it says so, and goes on from the last checkpoint', async () => {
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await running(page).waitFor();
    await killWorkers(host);
    await page
      .getByRole('alert')
      .filter({ hasText: /The process that was training/ })
      .waitFor();
    await page.getByText(/Press Continue to go on from the last checkpoint/).waitFor();
    await expectAccessible(page, 'worker killed');
    await page.getByRole('button', { name: 'Continue from the last checkpoint' }).click();
    await running(page).waitFor();
    await expect.poll(async () => (await logged(host)).some((event) => 'from' in event), soon).toBe(true);
  });

  it('the engine crashes in mid-training: photos and labels are there again, the training goes on to its end', async () => {
    await tab(page, 'Label').click();
    await photos(page).getByRole('option').first().waitFor();
    const before = await tiles(page);
    await killEngine(host);
    // Only an engine that is new says so. That the line was lost may be shown for less than a person sees.
    await tab(page, 'Train').click();
    await page.getByText('A training was interrupted.').waitFor({ timeout: 60_000 });
    await expectAccessible(page, 'training interrupted');
    await tab(page, 'Label').click();
    await expect.poll(() => tiles(page), soon).toEqual(before);
    await tab(page, 'Train').click();
    const begun = (await logged(host)).filter((event) => 'from' in event).length;
    await page.getByRole('button', { name: 'Continue from the last checkpoint' }).click();
    await running(page).waitFor();
    await expect
      .poll(async () => (await logged(host)).filter((event) => 'from' in event).length, soon)
      .toBe(begun + 1);
    // Its end would take long: it was made to be slow.
    await page.getByRole('button', { name: 'Stop and keep' }).click();
    await done(page).waitFor({ timeout: 120_000 });
    expect((await logged(host)).filter((event) => 'from' in event).length).toBe(begun + 1);
  });

  it('the folder of photos is gone: it says so, labels stay, nothing is trained; it is back: all is as it was', async () => {
    await tab(page, 'Label').click();
    await photos(page).getByRole('option').first().waitFor();
    const before = await tiles(page);
    const folder = (await readdir(host.photos)).find((name) => name !== 'elsewhere') ?? '';
    const away = join(host.home, 'elsewhere');
    await rename(join(host.photos, folder), away);
    await page.getByText(/can't be reached: connect the drive or put the folder back/).waitFor();
    await expect
      .poll(async () => (await tiles(page)).every((tile) => tile?.includes('file is missing')), soon)
      .toBe(true);
    await expectAccessible(page, 'photos gone');
    await tab(page, 'Train').click();
    await page.getByText('The folder with the photos is not where it was.').waitFor();
    expect(await page.getByRole('button', { name: 'Train', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Look again' }).first().click();
    await page.getByText(/can't be reached/).waitFor();

    await rename(away, join(host.photos, folder));
    await page.getByText(/can't be reached/).waitFor({ state: 'hidden' });
    const train = page.getByRole('button', { name: 'Train', exact: true });
    await expect.poll(() => train.isEnabled(), { timeout: 30_000 }).toBe(true);
    await tab(page, 'Label').click();
    await expect.poll(() => tiles(page), soon).toEqual(before);
  });

  it('the project is opened a second time: to look at, until it is taken over, which the first window is told', async () => {
    const second = await serveHolotype({
      HOLOTYPE_DATA: join(host.home, 'data'),
      HOLOTYPE_CACHE: join(host.home, 'cache'),
    });
    const other = await openPage(second.address);
    try {
      await other.getByRole('list', { name: 'Recent projects' }).getByRole('link').first().click();
      await photos(other).getByRole('option').first().waitFor();
      await readOnly(other).waitFor();
      await expectAccessible(other, 'opened twice');
      const before = await tiles(other);
      await photos(other).getByRole('option').first().click();
      await other.keyboard.press('2');
      await tab(other, 'Train').click();
      await other.getByText(/is open for reading only/).waitFor();
      await tab(other, 'Label').click();
      expect(await tiles(other)).toEqual(before);

      await other.getByRole('button', { name: 'Take over…' }).click();
      await other.getByRole('alertdialog').getByRole('button', { name: 'Take over' }).click();
      await readOnly(other).waitFor({ state: 'hidden' });
      await readOnly(page).waitFor();
      await photos(other).getByRole('option').first().click();
      await other.keyboard.press('2');
      await expect.poll(() => tiles(other), soon).not.toEqual(before);
      await page.getByRole('button', { name: 'Take over…' }).waitFor();
    } finally {
      await second.stop();
    }
    // Nobody has it any more: the first window may write again by itself, and sees what the second did.
    await readOnly(page).waitFor({ state: 'hidden' });
  });
});

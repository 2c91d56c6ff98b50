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
import { firstCheckpoint, holdSockets, killEngine, killWorker, logged } from './reliability-steps.ts';

const where = hasHymenoptera ? 'photos of ants and bees' : 'the demo photos (no real ones here)';

const photos = (page: Page) => page.getByRole('listbox', { name: /photos/i });
const tab = (page: Page, name: string) => page.getByRole('link', { name, exact: true });
const running = (page: Page) => page.getByRole('heading', { name: 'Training', exact: true });
const done = (page: Page) => page.getByRole('heading', { name: /^Right on/ });
const safe = (page: Page) => page.getByText('What was saved is safe.').first();

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
  await page.getByLabel('Epochs of the head').fill('400');
  await page.getByLabel('Learning rate of the head').fill('0.00001');
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
  return page.getByRole('region', { name: 'Accuracy, table' }).getByRole('row').count().then((rows) => rows - 1);
}

/** What goes wrong outside of Holotype costs a person nothing but a moment: with the real engine, in one window. */
describe.skipIf(whyNot !== '')(`nothing is lost on ${where}${whyNot}`, { timeout: 180_000 }, () => {
  let host: Served;
  let page: Page;
  beforeAll(async () => {
    host = await serveHolotype();
    if (hasHymenoptera) await copyHymenoptera(host.photos, 12);
    page = await openPage(host.address);
    await openPhotos(page);
  }, 180_000);
  afterAll(async () => {
    await closeBrowser();
    await host?.stop();
  });

  it('the connection is lost in mid-training: it comes back by itself, and no part of the curves is missing', async () => {
    const sockets = await holdSockets(page);
    await photos(page).getByRole('option').first().waitFor();
    await chooseSlowTraining(page);
    await train(page);
    await firstCheckpoint(host);
    sockets.cut();
    await page.getByText('The connection to the engine is lost. Connecting again…').waitFor();
    await safe(page).waitFor();
    await expectAccessible(page, 'connection lost');
    const before = (await logged(host)).length;
    await expect.poll(async () => (await logged(host)).length).toBeGreaterThan(before + 5);
    sockets.mend();
    await page.getByText('Connecting again').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('heading', { name: 'Paused' }).waitFor();
    const epochs = (await logged(host)).filter(({ type }) => type === 'epoch').length;
    await expect.poll(() => epochsShown(page)).toBe(epochs);
    await page.getByRole('button', { name: 'Continue', exact: true }).click();
    await running(page).waitFor();
  });

  it('the process that trains is killed: it says so, and goes on from the last checkpoint', async () => {
    await firstCheckpoint(host);
    await killWorker(host);
    await page.getByRole('alert').filter({ hasText: /The process that was training/ }).waitFor();
    await page.getByText(/Press Continue to go on from the last checkpoint/).waitFor();
    await expectAccessible(page, 'worker killed');
    await page.getByRole('button', { name: 'Continue from the last checkpoint' }).click();
    await running(page).waitFor();
    await expect.poll(async () => (await logged(host)).some((event) => 'from' in event)).toBe(true);
  });

  it('the engine crashes in mid-training: photos and labels are there again, the training goes on to its end', async () => {
    await firstCheckpoint(host);
    await tab(page, 'Label').click();
    const before = await tiles(page);
    await killEngine(host);
    await page.getByText('The connection to the engine is lost. Connecting again…').waitFor();
    await safe(page).waitFor();
    await page.getByText('Connecting again').waitFor({ state: 'hidden', timeout: 30_000 });
    await photos(page).getByRole('option').first().waitFor();
    expect(await tiles(page)).toEqual(before);
    await tab(page, 'Train').click();
    await page.getByText('A training was interrupted.').waitFor();
    await expectAccessible(page, 'training interrupted');
    const begun = (await logged(host)).filter((event) => 'from' in event).length;
    await page.getByRole('button', { name: 'Continue from the last checkpoint' }).click();
    await running(page).waitFor();
    await done(page).waitFor({ timeout: 120_000 });
    expect((await logged(host)).filter((event) => 'from' in event).length).toBe(begun + 1);
  });
});

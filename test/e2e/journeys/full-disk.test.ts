import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

const where = hasHymenoptera ? 'photos of ants and bees' : 'the demo photos (no real ones here)';

/** A disk of a few megabytes; undefined where this account may not make one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'holotype-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

const disk = whyNot === '' ? smallDisk() : undefined;
const why = whyNot || (disk === undefined ? ' (skipped: no small disk can be mounted here)' : '');

/** Writes until there is no room for one more byte. @returns the file */
async function fill(folder: string): Promise<string> {
  const path = join(folder, 'ballast');
  const file = await open(path, 'w');
  try {
    for (let bytes = 2 ** 20; bytes >= 1;) {
      const { bytesWritten } = await file.write(new Uint8Array(bytes)).catch(() => ({ bytesWritten: 0 }));
      if (bytesWritten < bytes) bytes = Math.floor(bytes / 2);
    }
  } finally {
    await file.close();
  }
  return path;
}

/** For what takes no time on a machine of one's own. */
const soon = { timeout: 15_000 };

const tiles = (page: Page) => page.getByRole('listbox', { name: /photos/i }).getByRole('option');
const labels = (page: Page): Promise<(string | null)[]> =>
  tiles(page).evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));

describe.skipIf(why !== '')(`a full disk, with ${where}${why}`, { timeout: 120_000 }, () => {
  let host: Served;
  let page: Page;
  beforeAll(async () => {
    host = await serveHolotype({ HOLOTYPE_DATA: join(disk ?? '', 'data') });
    if (hasHymenoptera) await copyHymenoptera(host.photos, 6);
    page = await openPage(host.address);
    if (hasHymenoptera) {
      await page.getByRole('button', { name: 'Open a folder of photos' }).click();
      const dialog = page.getByRole('dialog', { name: 'Open a folder of photos' });
      await dialog.getByText('Ants and bees').dblclick();
      await dialog.getByText('ants', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Open this folder' }).click();
    } else await page.getByRole('button', { name: 'Try the demo photos' }).click();
    await tiles(page).first().waitFor();
  }, 120_000);
  afterAll(async () => {
    await closeBrowser();
    await host?.stop();
    if (disk === undefined) return;
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  it('a label that can’t be written is taken back with words; afterwards all is as it was and works', async () => {
    // What is on the disk already is not changed by what can't be added to it.
    await expect.poll(async () => (await labels(page)).length, soon).toBeGreaterThan(11);
    const [first = ''] = await labels(page);
    await tiles(page).first().click();
    await page.keyboard.press('2');
    await expect.poll(async () => (await labels(page))[0], soon).not.toBe(first);

    const ballast = await fill(disk ?? '');
    const message = page.getByText(/^The disk is full: .*labels\.journal\.jsonl.* could not be written\.$/);
    let before = await labels(page);
    // A file's last block may have room for a few more.
    for (let turn = 0; turn < 40 && !(await message.isVisible()); turn++) {
      before = await labels(page);
      await tiles(page).first().focus();
      await page.keyboard.press('Control+a');
      await page.keyboard.press(turn % 2 === 0 ? '1' : '2');
      await page.waitForTimeout(400);
    }
    await message.waitFor();
    await page.getByText('Free some space and try again.', { exact: true }).waitFor();
    expect(await labels(page)).toEqual(before);
    await expectAccessible(page, 'disk full');

    await rm(ballast);
    await tiles(page).first().click();
    await page.keyboard.press('1');
    await expect.poll(async () => (await labels(page))[0], soon).toBe(first);
    // Also for who comes later: nothing of it is lost.
    await host.restart();
    await page.goto(host.address);
    await page.getByRole('list', { name: 'Recent projects' }).getByRole('link').first().click();
    await expect.poll(async () => (await labels(page))[0], soon).toBe(first);
  });
});

// Makes the pictures of the README anew, in docs/: the window of `holotype serve` in a browser, with the demo set (which
// Holotype draws itself) and a real quick training. Needs a build, Chromium and a
// pretrained network, which is fetched where there is none.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright';
import sharp from 'sharp';
import { root } from './esbuild-options.mjs';

const docs = `${root}docs`;
const browserPath = [chromium.executablePath(), '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (browserPath === undefined)
  throw new Error('There is no Chromium here. `apt-get install chromium` gets it.');

mkdirSync(docs, { recursive: true });
const home = mkdtempSync(join(tmpdir(), 'holotype-screenshots-'));
const server = spawn(process.execPath, [`${root}bin/holotype.mjs`, 'serve', '--port', '0', '--root', home], {
  // Projects and models of the person who makes the pictures are none of the reader's business; the cache is theirs,
  // so that the network is fetched once.
  env: { ...process.env, HOLOTYPE_DATA: join(home, 'data'), HOLOTYPE_MODELS: '' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
try {
  await takeAll(await addressOf(server));
} finally {
  await browser.close();
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill();
  await ended;
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

/** The first line that the server prints. */
async function addressOf({ stdout }) {
  for await (const line of createInterface({ input: stdout })) return line.trim();
  throw new Error('`holotype serve` ended without an address.');
}

async function takeAll(address) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  const tab = (name) => page.getByRole('link', { name, exact: true }).click();
  const option = (at) => page.getByRole('option').nth(at);

  await page.goto(address);
  await page.getByRole('button', { name: 'Try the demo photos' }).click();
  await page.getByText('120 photos').first().waitFor();
  await page.getByRole('progressbar').first().waitFor({ state: 'hidden' });
  // Nine photos of each class; all would be those of the first for a long way.
  await page.getByRole('searchbox').fill('leaf-00');
  await option(26).waitFor();
  await take(page, 'label');
  await page.getByRole('searchbox').fill('');

  await tab('Train');
  await page.getByRole('radio', { name: 'Quick' }).click();
  const train = page.getByRole('button', { name: 'Train', exact: true });
  await train.click();
  await page.locator('.train').evaluate((scroller) => scroller.scrollTo(0, 0));
  await page.mouse.move(0, 0);
  // In the middle of it, which does not last.
  await page.getByText(/^[1-4]\d of \d+$/).waitFor();
  await take(page, 'train', true);

  await page.getByRole('heading', { name: /^Right on/ }).waitFor({ timeout: 600_000 });
  await page.getByRole('button', { name: 'See how good it is' }).click();
  await page.getByText(/on photos it did not learn from/).waitFor();
  await take(page, 'judge');

  await tab('Use');
  await page.locator('input[type=file]').setInputFiles(somePhotos());
  await option(8).waitFor();
  await page.locator('button:enabled', { hasText: 'Copy into folders' }).waitFor();
  await take(page, 'use');

  await tab('Label');
  await page.getByRole('button', { name: /^Explore/ }).click();
  await page.getByRole('button', { name: 'Explore the photos' }).click();
  await page.getByRole('img', { name: /^Map of/ }).waitFor();
  await page.locator('.explore-progress').waitFor({ state: 'hidden' });
  await take(page, 'explore');

  await tab('Label');
  await page.locator('.filters-row', { hasText: 'rust' }).click();
  await option(3).dblclick();
  await page
    .getByRole('button', { name: /Details/ })
    .first()
    .waitFor();
  await page.keyboard.press('h');
  await page.getByRole('img', { name: /Where the model looked/ }).waitFor();
  await page.emulateMedia({ colorScheme: 'dark' });
  await take(page, 'photo-dark');
}

/** Ten photos of each class of the demo set, no two of the same name. */
function somePhotos() {
  const photos = join(home, 'data', 'demo', 'photos');
  return readdirSync(photos).flatMap((name, at) =>
    readdirSync(join(photos, name))
      .toSorted()
      .slice(at * 10, at * 10 + 10)
      .map((file) => join(photos, name, file)),
  );
}

/** Takes a picture of the window: at once, or when all photos on it are there. */
async function take(page, name, atOnce = false) {
  if (!atOnce) {
    await page.mouse.move(0, 0);
    await page.waitForLoadState('networkidle');
    await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
    await page.waitForTimeout(500);
  }
  const picture = await page.screenshot({ animations: 'disabled', caret: 'hide' });
  const { size } = await sharp(picture)
    .png({ palette: true, colours: 256, compressionLevel: 9, effort: 10 })
    .toFile(`${docs}/${name}.png`);
  console.log(`docs/${name}.png: ${Math.round(size / 1024)} KB`);
}

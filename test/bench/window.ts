/** How soon the window is there in a browser, and whether it keeps up with a person while a training runs. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { figure, median } from './measure.ts';
import type { Figure } from './measure.ts';

const browserPath = [chromium.executablePath(), '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  existsSync,
);
/** Keys and clicks that are timed, of each. */
const inputs = 60;

/** First paint of the home, and the delay of typing and clicking while the demo photos are trained on. */
export async function benchWindow(
  root: string,
  shared: string,
): Promise<{ figures: Figure[]; skipped: string[] }> {
  if (browserPath === undefined) return { figures: [], skipped: ['window: no Chromium on this machine'] };
  const home = await mkdtemp(join(tmpdir(), 'holotype-bench-'));
  const { child, address } = await serve(root, shared, home);
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
  try {
    const paints: number[] = [];
    for (let round = 0; round < 5; round++) paints.push(await firstPaint(browser, address));
    const delays = await inputDelays(browser, address);
    return {
      figures: [
        figure('window: first contentful paint of the home, median of 5', median(paints), 'ms', {
          atMost: 1000,
        }),
        ...delays,
      ],
      skipped: [],
    };
  } finally {
    await browser.close();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function serve(
  root: string,
  shared: string,
  home: string,
): Promise<{ child: ChildProcess; address: string }> {
  const models = join(shared, 'weights');
  const child = spawn(process.execPath, [join(root, 'bin/holotype.mjs'), 'serve', '--port', '0'], {
    env: {
      ...process.env,
      HOLOTYPE_DATA: join(home, 'data'),
      HOLOTYPE_CACHE: join(home, 'cache'),
      ...(existsSync(models) ? { HOLOTYPE_MODELS: models } : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('\n')) resolve(out.trim());
    });
    child.once('exit', (code) => reject(new Error(`holotype serve ended with ${code}.`)));
  });
  return { child, address };
}

/** A browser with nothing in its cache opens the address. @returns ms since it asked for the page */
async function firstPaint(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.goto(address);
    return await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list, observer) => {
            const found = list.getEntriesByName('first-contentful-paint')[0];
            if (found === undefined) return;
            observer.disconnect();
            resolve(found.startTime);
          }).observe({ type: 'paint', buffered: true });
        }),
    );
  } finally {
    await context.close();
  }
}

/** What a person does while the machine trains: types into the search field, clicks photos. */
async function inputDelays(browser: Browser, address: string): Promise<Figure[]> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(address);
  await page.getByRole('button', { name: 'Try the demo photos' }).click();
  const tiles = page.getByRole('listbox', { name: /photos/i }).getByRole('option');
  await tiles.first().waitFor();
  await page.getByRole('link', { name: 'Train', exact: true }).click();
  await page.getByRole('radio', { name: 'Best' }).click();
  const start = page.getByRole('button', { name: 'Train', exact: true });
  await start.click({ timeout: 120_000 });
  await page.getByRole('heading', { name: 'Training', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Label', exact: true }).click();
  await tiles.first().waitFor();
  await watch(page);
  const field = page.getByRole('searchbox', { name: 'Search names' });
  await field.focus();
  // Every other key takes the letter back: what is shown changes each time.
  for (let at = 0; at < inputs; at++) {
    await page.keyboard.press(at % 2 === 0 ? 'a' : 'Backspace');
    await page.waitForTimeout(80);
  }
  const typing = await delays(page);
  for (let at = 0; at < inputs; at++) {
    await tiles.nth(at % 8).click();
    await page.waitForTimeout(80);
  }
  const clicking = await delays(page);
  const still = await page.evaluate(() => document.title.includes('%'));
  const note = still ? undefined : 'the training had ended before the last click';
  const goal = { atMost: 50 };
  return [
    figure('window: typing while a training runs, input delay, p95', p95(typing.waited), 'ms', goal, note),
    figure('window: typing while a training runs, key to its paint, p95', p95(typing.painted), 'ms'),
    figure(
      'window: clicking photos while a training runs, input delay, p95',
      p95(clicking.waited),
      'ms',
      goal,
      note,
    ),
    figure(
      'window: clicking photos while a training runs, click to its paint, p95',
      p95(clicking.painted),
      'ms',
    ),
  ];
}

interface Delays {
  /** From the key or click to the page's own code hearing of it (ms). */
  readonly waited: number[];
  /** To the frame that shows what came of it (ms). */
  readonly painted: number[];
}

/** Has the page time its inputs: no entry of event timing is left out for being short. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const found = { waited: [] as number[], painted: [] as number[] };
    Reflect.set(window, 'benchDelays', found);
    const hear = (event: Event): void => {
      found.waited.push(performance.now() - event.timeStamp);
      requestAnimationFrame(() => {
        // After this frame's painting.
        setTimeout(() => found.painted.push(performance.now() - event.timeStamp));
      });
    };
    window.addEventListener('keydown', hear, { capture: true });
    window.addEventListener('pointerdown', hear, { capture: true });
  });
}

async function delays(page: Page): Promise<Delays> {
  return page.evaluate(() => {
    const found = Reflect.get(window, 'benchDelays') as { waited: number[]; painted: number[] };
    Reflect.set(window, 'benchDelays', found);
    return { waited: found.waited.splice(0), painted: found.painted.splice(0) };
  });
}

function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? Number.NaN;
}

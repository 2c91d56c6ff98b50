import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright';
import { expect } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const shared = join(root, '..', 'shared');

/** A Chromium of this machine: Playwright's own, or the system's. */
export const browserPath = [
  chromium.executablePath(),
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find(existsSync);

/** Why the journeys can't be made here, for the name of the skipped suite; empty when they can. */
export const whyNot = browserPath === undefined ? ' (skipped: no Chromium on this machine)' : '';

/** Real photos of ants and bees where they lie beside the checkout, else none: the demo set is used then. */
export const hymenoptera = join(shared, 'datasets', 'hymenoptera');
export const hasHymenoptera = existsSync(hymenoptera);
export const weights = join(shared, 'weights');

/** `holotype serve` with folders of its own, as a person would start it. */
export interface Served {
  /** With the token. */
  readonly address: string;
  /** Everything it may read and write lies here. */
  readonly home: string;
  /** Where the picker may look. */
  readonly photos: string;
  readonly process: ChildProcess;
  /** Ends it as a crash would: kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same folders and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the web host on a free port. @param environment more variables for it */
export async function serveHolotype(environment: Readonly<Record<string, string>> = {}): Promise<Served> {
  const home = await mkdtemp(join(tmpdir(), 'holotype-journey-'));
  const photos = join(home, 'Pictures');
  await mkdir(photos);
  let address = '';
  let child: ChildProcess | undefined;
  const start = async (port: string): Promise<void> => {
    const args = [join(root, 'bin', 'holotype.mjs'), 'serve', '--port', port, '--root', photos];
    child = spawn(process.execPath, args, {
      env: {
        ...process.env,
        HOLOTYPE_DATA: join(home, 'data'),
        HOLOTYPE_CACHE: join(home, 'cache'),
        ...(existsSync(weights) ? { HOLOTYPE_MODELS: weights } : {}),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    address = await firstLine(child);
  };
  const exited = (): Promise<void> =>
    new Promise((resolve) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) resolve();
      else child.once('exit', () => resolve());
    });
  await start('0');
  return {
    get address() {
      return address;
    },
    get process() {
      if (child === undefined) throw new Error('The host was never started.');
      return child;
    },
    home,
    photos,
    kill: async () => {
      child?.kill('SIGKILL');
      await exited();
    },
    restart: async () => {
      child?.kill('SIGKILL');
      await exited();
      await start(new URL(address).port);
    },
    stop: async () => {
      child?.kill('SIGTERM');
      const late = setTimeout(() => child?.kill('SIGKILL'), 10_000);
      await exited();
      clearTimeout(late);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const end = out.indexOf('\n');
      if (end >= 0) resolve(out.slice(0, end).trim());
    });
    child.once('exit', (code) => reject(new Error(`holotype serve ended with ${code}: ${err}`)));
  });
}

/**
 * A small folder of real photos: `perClass` of each class of hymenoptera, flat (a folder per class), and the stray GIF.
 * @returns the folder's name below `photos`
 */
export async function copyHymenoptera(photos: string, perClass: number): Promise<string> {
  const name = 'Ants and bees';
  for (const kind of ['ants', 'bees']) {
    const from = join(hymenoptera, 'train', kind);
    const to = join(photos, name, kind);
    await mkdir(to, { recursive: true });
    const files = (await readdir(from)).toSorted();
    const taken = [
      ...files.filter((file) => file.endsWith('.jpg')).slice(0, perClass),
      ...files.filter((file) => file.endsWith('.gif')),
    ];
    for (const file of taken) await cp(join(from, file), join(to, file));
  }
  return name;
}

let browser: Browser | undefined;

/** A new window of a person: own cookies. Errors on its console are kept for {@link expectCalm}. */
export async function openPage(address: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= await chromium.launch({
    executablePath: browserPath ?? '',
    args: [
      '--no-sandbox',
      // A moving test picture stands in for a camera, and the question for it is answered yes.
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  noises.set(page, errors);
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} ${message.location().url}`.trim());
  });
  await page.goto(address);
  return page;
}

const noises = new WeakMap<Page, string[]>();

/** Nothing went wrong in the page: no exception, no refused script, style or address. */
export function expectCalm(page: Page, but: RegExp = /$^/): void {
  expect((noises.get(page) ?? []).filter((text) => !but.test(text))).toEqual([]);
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** Asks axe about the page as it is now, in both themes; it must find nothing. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // A colour on its way to the other theme's has a contrast that nobody chose. What turns for ever is not waited for.
    await page.evaluate(() =>
      Promise.all(
        document
          .getAnimations()
          .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
          .map((one) => one.finished.catch(() => undefined)),
      ),
    );
    // Through the debugger's own world: the page's policy allows no foreign script.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(async () => {
      const run: unknown = Reflect.get(Reflect.get(globalThis, 'axe') as object, 'run');
      return (await (run as (where: unknown, how: unknown) => Promise<unknown>)(document, {
        resultTypes: ['violations'],
      })) as AxeResult;
    });
    const found = violations.map(
      ({ id, help, nodes }) => `${id} (${help}): ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
    expect(found, `${what}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

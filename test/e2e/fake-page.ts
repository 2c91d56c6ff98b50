import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { build } from 'vite';
import config from '../../electron.vite.config.ts';
import {
  mediaOrigin,
  mediaPrefix,
  pagePolicy,
  socketPath,
  withNonce,
  type PolicyOptions,
} from '../../src/contract/page.ts';
import { serve } from '../../src/contract/server.ts';
import { directTransport } from '../../src/contract/transport.ts';
import type { FakeEngine } from '../renderer/fake-engine.ts';

export const browserPath = [chromium.executablePath(), '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** Added to the title of what is skipped without a browser. */
export const whySkipped = browserPath === undefined ? ' (skipped: no Chromium on this machine)' : '';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const home = 'http://holotype.test/';

/** The built page, to be opened in a browser any number of times. */
export interface PageLab {
  readonly browser: Browser;
  readonly folder: string;
  close(): Promise<void>;
}

/** Vitest says that this is a test, of which Vite would make React's slow build for developers. */
async function buildPage(folder: string): Promise<void> {
  const environment = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    const { renderer } = config;
    await build({
      ...renderer,
      configFile: false,
      base: './',
      logLevel: 'error',
      build: { ...renderer?.build, outDir: folder, emptyOutDir: true },
    });
  } finally {
    if (environment === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = environment;
  }
}

/** Builds the page into a folder of its own and starts a browser. */
export async function openLab(): Promise<PageLab> {
  const folder = await mkdtemp(join(tmpdir(), 'holotype-page-'));
  await buildPage(folder);
  const browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
  return {
    browser,
    folder,
    close: async () => {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface PageOptions {
  readonly dark?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  /** The part of the address after the `#`. */
  readonly hash?: string;
  /** Called for each try to connect; false: the connection is refused. */
  readonly accepts?: () => boolean;
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export interface OpenPage {
  readonly page: Page;
  /** Whatever the console complained of, and requests to elsewhere. */
  readonly complaints: string[];
  /** Cuts the connection as a lost network would. */
  readonly cut: () => Promise<void>;
}

export interface BareOptions {
  readonly dark?: boolean;
  readonly size?: { readonly width: number; readonly height: number };
  readonly hash?: string;
  readonly policy?: PolicyOptions;
  /** Before the page is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** Opens the page under its policy, with pictures drawn from their ids and no engine behind it. */
export async function openPage(
  { browser, folder }: Pick<PageLab, 'browser' | 'folder'>,
  { dark = false, size = { width: 900, height: 600 }, hash = '', policy = {}, prepare }: BareOptions,
): Promise<Omit<OpenPage, 'cut'>> {
  const context = await browser.newContext({
    viewport: size,
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  const ours = [home, 'blob:', 'data:', `${mediaOrigin}/`];
  page.on('request', (request) => {
    if (!ours.some((start) => request.url().startsWith(start)))
      complaints.push(`remote request ${request.url()}`);
  });
  await page.route(`${home}**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.startsWith(`${mediaPrefix}/`))
      return route.fulfill({ contentType: 'image/svg+xml', body: drawing(pathname) });
    const path = pathname === '/' ? 'index.html' : pathname;
    const nonce = 'bm9uY2U';
    const body = await readFile(join(folder, path));
    return route.fulfill({
      body: path === 'index.html' ? withNonce(body.toString('utf8'), nonce) : body,
      headers: {
        'content-type': types[extname(path)] ?? '',
        'content-security-policy': pagePolicy({ nonce, ...policy }),
      },
    });
  });
  await prepare?.(page);
  await page.goto(`${home}${hash}`);
  return { page, complaints };
}

/** Classes of those boxes whose content is wider than they are. @param boxes a selector of them */
export const tooWide = (page: Page, boxes: string): Promise<string[]> =>
  page.evaluate(
    (selector) =>
      [...document.querySelectorAll(selector)]
        .filter((box) => box.scrollWidth > box.clientWidth + 1)
        .map((box) => box.className),
    boxes,
  );

/** Opens the page as the web host would serve it, with a fake engine behind its WebSocket. */
export async function openFakePage(
  lab: Pick<PageLab, 'browser' | 'folder'>,
  engine: FakeEngine,
  { accepts = () => true, prepare, ...options }: PageOptions = {},
): Promise<OpenPage> {
  const cuts = new Set<() => Promise<void>>();
  const connect = (page: Page): Promise<void> =>
    page.routeWebSocket(`ws://holotype.test${socketPath}`, (socket) => {
      if (!accepts()) {
        void socket.close({ code: 1011 });
        return;
      }
      const [mine, theirs] = directTransport();
      serve(theirs, engine.service);
      socket.onMessage((text) => mine.send(JSON.parse(String(text))));
      mine.onMessage((message) => socket.send(JSON.stringify(message)));
      const cut = async (): Promise<void> => {
        cuts.delete(cut);
        mine.close();
        await socket.close({ code: 1001 });
      };
      cuts.add(cut);
      socket.onClose(() => {
        cuts.delete(cut);
        mine.close();
      });
    });
  const { page, complaints } = await openPage(lab, {
    ...options,
    policy: { socket: 'ws://holotype.test' },
    prepare: async (page) => {
      await connect(page);
      await prepare?.(page);
    },
  });
  return {
    page,
    complaints,
    cut: async () => {
      await Promise.all([...cuts].map((cut) => cut()));
    },
  };
}

/** A picture made of its address: a leaf on a ground, in colours of its own. */
function drawing(address: string): string {
  const seed = address.split('').reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const hue = 70 + (seed % 70);
  const ground = (seed >> 3) % 60;
  const spots = Array.from({ length: seed % 9 }, (_, n) => {
    const [x, y] = [90 + ((seed >> n) % 110), 60 + ((seed >> (n + 4)) % 80)];
    return `<circle cx="${x}" cy="${y}" r="${3 + (n % 5)}" fill="hsl(28 60% 38%)"/>`;
  }).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="192" viewBox="0 0 256 192"><rect width="256" height="192" fill="hsl(${ground} 22% ${30 + (seed % 40)}%)"/><g transform="rotate(${(seed % 90) - 45} 128 96)"><path d="M30 96C80 20 180 20 226 96 180 172 80 172 30 96z" fill="hsl(${hue} 45% 42%)"/><path d="M30 96h196" stroke="hsl(${hue} 40% 62%)" stroke-width="3"/>${spots}</g></svg>`;
}

const axeSource = createRequire(import.meta.url).resolve('axe-core');

/**
 * What axe finds wrong with the page as it is now, one line each.
 * @param within only there: for a list that is modal, behind which the rest of the page is rightly hidden
 */
export async function axe(page: Page, within?: string): Promise<string[]> {
  const source = await readFile(axeSource, 'utf8');
  // Through the debugger's connection, which the page's policy does not concern.
  await page.evaluate(`${source}; undefined`);
  return page.evaluate(async (within) => {
    const { axe } = window as unknown as {
      axe: {
        run(
          context: unknown,
          options: object,
        ): Promise<{
          violations: { id: string; help: string; nodes: { target: string[]; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run(within ?? document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help} — ${target.join(' ')} — ${failureSummary}`),
    );
  }, within);
}

/** With HOLOTYPE_SCREENSHOTS=DIR the pictures are kept, for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  const keep = process.env['HOLOTYPE_SCREENSHOTS'];
  if (keep !== undefined) await page.screenshot({ path: join(keep, `${name}.png`) });
}

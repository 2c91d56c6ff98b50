/** `node scripts/bench-grid.mjs`: the grid with as many photos as people have, in a browser. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright';
import { createFakeEngine } from '../../renderer/fake-engine.ts';
import { leaves, startWorld } from '../../renderer/fake/world.ts';
import { browserPath, openLab } from '../../e2e/fake-page.ts';
import { hostPhotos } from './host.ts';
import { scrollAndWatch, type Scrolled, type ScrollKind } from './watch.ts';

const kinds: readonly ScrollKind[] = ['steady', 'fast', 'jumps'];
/** A row may be empty no longer than this (ms). */
const promised = 100;

/** Processor time of the page's thread a frame (ms): what the machine's other work hardly changes. */
interface Cost {
  readonly all: number;
  readonly script: number;
  readonly style: number;
  readonly layout: number;
}

interface Reacted {
  readonly what: string;
  /** From the key until what it does is on the screen (ms). */
  readonly shown: number;
  /** From the key until the engine has done it and the screen shows so (ms); only where it is asked. */
  readonly done?: number;
  /** Processor time of the page's thread for all of it (ms). */
  readonly cost: number;
}

/** @returns the process's exit code: 0 when no row was empty for longer than promised, 1 when one was, 2 for wrong use */
export async function main(args: string[], root: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      photos: { type: 'string', default: '50000' },
      seconds: { type: 'string', default: '8' },
    },
  });
  const [photos, seconds] = [Number(values.photos), Number(values.seconds)];
  if (browserPath === undefined || !(photos >= 100) || !(seconds >= 1)) {
    process.stderr.write('Needs Chromium, at least 100 --photos and 1 of --seconds.\n');
    return 2;
  }
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const load = (): string => (loadavg()[0] ?? 0).toFixed(1);
  say(`${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), load ${load()}, ${photos} photos`);

  const lab = await openLab();
  const engine = createFakeEngine(startWorld({ photos }));
  const host = await hostPhotos(engine, lab.folder);
  const page = await lab.browser.newPage({ viewport: { width: 1440, height: 900 } });
  const scrolls: (Scrolled & { kind: ScrollKind; load: string; cost: Cost })[] = [];
  const thread = await watchThread(page);
  const reactions: Reacted[] = [];
  let opened = 0;
  try {
    await page.goto(host.address);
    const begin = performance.now();
    await page.evaluate((hash) => (location.hash = hash), `#/project/${leaves}/label`);
    await page.locator('[data-at="0"] img').waitFor({ timeout: 120_000 });
    opened = performance.now() - begin;
    say(`photos shown after ${opened.toFixed(0)} ms`);
    for (const kind of kinds) {
      await page.evaluate(() => document.querySelector('.photo-grid')?.scrollTo({ top: 0 }));
      await page.waitForTimeout(500);
      const before = await thread();
      const scrolled = await page.evaluate(scrollAndWatch, [kind, seconds] as const);
      const cost = costOf(before, await thread(), scrolled.frames);
      scrolls.push({ kind, ...scrolled, load: load(), cost });
      say(scrollLine(kind, scrolled, cost));
    }
    for (const reaction of await react(page, photos, thread)) {
      reactions.push(reaction);
      say(reactionLine(reaction));
    }
  } finally {
    await page.close();
    await host.close();
    await lab.close();
  }
  const report = { photos, cores: cpus().length, opened, scrolls, reactions };
  const file = join(root, 'test-results/bench-grid.json');
  await mkdir(join(root, 'test-results'), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  say(`written to ${relative(process.cwd(), file)}, load ${load()}`);
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return scrolls.every(({ longestWithoutTiles }) => longestWithoutTiles <= promised) ? 0 : 1;
}

type Thread = () => Promise<ReadonlyMap<string, number>>;

/** How much processor time the page's thread has used so far (seconds, by the browser's own names). */
async function watchThread(page: Page): Promise<Thread> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return new Map(metrics.map(({ name, value }) => [name, value]));
  };
}

function costOf(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  frames: number,
): Cost {
  const spent = (name: string): number =>
    (1000 * ((after.get(name) ?? 0) - (before.get(name) ?? 0))) / Math.max(1, frames);
  return {
    all: spent('TaskDuration'),
    script: spent('ScriptDuration'),
    style: spent('RecalcStyleDuration'),
    layout: spent('LayoutDuration'),
  };
}

/** Presses keys that concern one photo and all of them. */
async function react(page: Page, photos: number, thread: Thread): Promise<Reacted[]> {
  const all = photos.toLocaleString('en-US');
  const grid = page.getByRole('listbox');
  await grid.focus();
  const time = async (key: string, selector: string, text: string): Promise<number> =>
    page.evaluate(
      ([wanted, pressed, words]) =>
        new Promise<number>((resolve) => {
          const [modifier, name = ''] = pressed.includes('+') ? pressed.split('+') : ['', pressed];
          const begin = performance.now();
          const check = (): void => {
            const shown = [...document.querySelectorAll(wanted)].some((one) =>
              `${one.textContent} ${one.getAttribute('aria-label')}`.includes(words),
            );
            // The frame after it has come is the one that shows it.
            if (shown) requestAnimationFrame(() => resolve(performance.now() - begin));
            else requestAnimationFrame(check);
          };
          const event = new KeyboardEvent('keydown', {
            key: name,
            ctrlKey: modifier === 'Control',
            bubbles: true,
            cancelable: true,
          });
          document.activeElement?.dispatchEvent(event);
          requestAnimationFrame(check);
        }),
      [selector, key, text] as const,
    );
  const reactions: Reacted[] = [];
  const note = async (what: string, act: () => Promise<Omit<Reacted, 'what' | 'cost'>>): Promise<void> => {
    const before = await thread();
    const times = await act();
    reactions.push({ what, ...times, cost: costOf(before, await thread(), 1).all });
  };
  const key = (what: string, ...pressed: readonly [string, string, string]): Promise<void> =>
    note(what, async () => ({ shown: await time(...pressed) }));
  await key('to the last photo', 'End', `[aria-posinset="${photos}"]`, 'leaf');
  await key('to the first photo', 'Home', '[data-at="0"]', 'leaf');
  await key('label one photo', '2', '[data-at="0"]', 'rust');
  await key('select all', 'Control+a', '.target-what', 'selected');
  await note(`label all ${all}`, async () => {
    const begin = performance.now();
    const shown = await time('3', '.filters-class', `powdery mildew3${all}`);
    await page.getByRole('button', { name: `Undo: Label ${photos} photos` }).waitFor({ timeout: 120_000 });
    return { shown, done: performance.now() - begin };
  });
  await key('clear the selection', 'Escape', '.target-what', '.jpg');
  await page.getByRole('searchbox').focus();
  await note('search for a letter', async () => {
    const begin = performance.now();
    await page.keyboard.type('4');
    await page.getByText(` of ${all}`).first().waitFor();
    return { shown: performance.now() - begin };
  });
  return reactions;
}

function scrollLine(kind: string, one: Scrolled, cost: Cost): string {
  const ms = (value: number): string => `${value.toFixed(0)} ms`;
  return [
    `${kind}: ${(one.frames / one.seconds).toFixed(0)} frames a second`,
    `median ${ms(one.medianFrame)}, p95 ${ms(one.p95Frame)}, longest ${ms(one.longestFrame)}`,
    `a row in sight was empty for ${ms(one.longestWithoutTiles)} at most`,
    `lacked a picture for ${ms(one.longestWithoutPictures)} at most, p95 ${ms(one.p95WithoutPictures)}`,
    `${one.rows} rows`,
    `processor ${cost.all.toFixed(1)} ms a frame (script ${cost.script.toFixed(1)}, style ${cost.style.toFixed(1)}, layout ${cost.layout.toFixed(1)})`,
  ].join('; ');
}

function reactionLine({ what, shown, done, cost }: Reacted): string {
  const end = done === undefined ? '' : `, done and answered after ${done.toFixed(0)} ms`;
  return `${what}: shown after ${shown.toFixed(0)} ms${end}; processor ${cost.toFixed(0)} ms`;
}

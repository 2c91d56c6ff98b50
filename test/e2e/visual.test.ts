import type { Page } from 'playwright';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { addComparison } from '../renderer/fake/compare.ts';
import { addExploration } from '../renderer/fake/explore.ts';
import { changeJob, tell } from '../renderer/fake/jobs.ts';
import { addResult, curvesOf, runId } from '../renderer/fake/results.ts';
import { addSearch } from '../renderer/fake/search.ts';
import { addTraining } from '../renderer/fake/train.ts';
import { addTaskResult } from '../renderer/fake/tasks.ts';
import { addAnswers, compareAnswers } from '../renderer/fake/use.ts';
import { leaves, leavesOf, startWorld, type FakeProject } from '../renderer/fake/world.ts';
import { compareWithBaseline, differenceOf, probeFonts, whyNotComparable } from './baselines.ts';
import { browserPath, openFakePage, openLab, whySkipped, type PageLab } from './fake-page.ts';

/** The time in all pictures. */
const now = new Date('2025-06-14T09:30:00Z');
const looks = [
  { theme: 'light', width: 900, height: 600 },
  { theme: 'dark', width: 900, height: 600 },
  { theme: 'dark', width: 1440, height: 900 },
  { theme: 'light', width: 1440, height: 900 },
] as const;

/** A screen as a person meets it. */
interface Scene {
  readonly name: string;
  readonly hash?: string;
  readonly prepare?: (project: FakeProject, engine: FakeEngine) => unknown;
  /** Until what the scene is about is on the screen. */
  readonly stage: (page: Page) => Promise<unknown>;
}

const tab = (name: string) => `#/project/${leaves}/${name}`;
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();
const open = (page: Page, name: string) => page.getByRole('tab', { name }).click();
const firstPhoto = (page: Page) => page.getByRole('option').first().waitFor();
const result = (project: FakeProject): void => addResult(project, { number: 1, suspects: 12 });

const scenes: readonly Scene[] = [
  {
    name: 'home-empty',
    prepare: (_, { world }) => (world.recent = []),
    stage: (page) => heading(page, 'Teach a classifier from your own photos'),
  },
  { name: 'home', stage: (page) => page.getByRole('link', { name: 'Leaf diseases' }).waitFor() },
  { name: 'label', hash: tab('label'), prepare: result, stage: firstPhoto },
  {
    name: 'label-photo',
    hash: tab('label'),
    prepare: result,
    stage: async (page) => {
      await page.getByRole('option').first().dblclick();
      await page.getByText('Fujifilm X-T4').waitFor();
    },
  },
  {
    name: 'train',
    hash: tab('train'),
    stage: (page) => page.getByRole('button', { name: 'Train', exact: true }).waitFor(),
  },
  {
    name: 'train-running',
    hash: tab('train'),
    prepare: (_, engine) => trainTo(engine, 17),
    stage: (page) => page.getByText('Fine-tuning the last blocks').first().waitFor(),
  },
  {
    name: 'train-done',
    hash: tab('train'),
    prepare: (project, engine) => {
      result(project);
      const id = trainTo(engine, 20);
      changeJob(engine.world, engine.events, id, { state: 'done', run: runId(1) });
    },
    stage: (page) => heading(page, /^Right on/),
  },
  { name: 'judge', hash: tab('judge'), prepare: result, stage: (page) => heading(page, /./) },
  {
    name: 'judge-photos',
    hash: tab('judge'),
    prepare: result,
    stage: async (page) => {
      await open(page, 'Photos');
      await firstPhoto(page);
    },
  },
  {
    name: 'judge-suspects',
    hash: tab('judge'),
    prepare: result,
    stage: async (page) => {
      await open(page, 'Likely label errors');
      await page
        .getByRole('button', { name: /^Look at/ })
        .first()
        .waitFor();
    },
  },
  {
    name: 'judge-labels',
    hash: tab('judge'),
    prepare: (project) => addTaskResult(project, 'multi-label'),
    stage: (page) => heading(page, /./),
  },
  {
    name: 'judge-numbers',
    hash: tab('judge'),
    prepare: (project) => addTaskResult(project, 'regression'),
    stage: (page) => heading(page, /./),
  },
  {
    name: 'judge-compare',
    hash: tab('judge'),
    prepare: (project) => {
      addResult(project, { number: 1, wrongEvery: 4 });
      addResult(project, { number: 2, wrongEvery: 7, settings: { quality: 'best' } });
    },
    stage: async (page) => {
      await open(page, 'Compare');
      await heading(page, 'What was done differently');
    },
  },
  {
    name: 'judge-landscape',
    hash: tab('judge'),
    prepare: result,
    stage: async (page) => {
      await open(page, 'Landscape');
      await page.getByRole('button', { name: 'Measure the landscape' }).click();
      await page.getByRole('img', { name: /training loss around the model/ }).waitFor();
    },
  },
  {
    name: 'explore',
    hash: tab('label/explore'),
    prepare: (_, { world }) => addExploration(world, leaves),
    stage: (page) => page.getByRole('img', { name: /^Map of/ }).waitFor(),
  },
  {
    name: 'explore-odd',
    hash: tab('label/explore'),
    prepare: (_, { world }) => addExploration(world, leaves),
    stage: async (page) => {
      await page.getByRole('img', { name: /^Map of/ }).waitFor();
      await open(page, 'Odd');
      await page.getByText(/smaller than most/).waitFor();
    },
  },
  {
    name: 'compare',
    hash: tab('train/compare'),
    prepare: (_, { world }) => addComparison(world, leaves),
    stage: (page) => page.getByRole('img', { name: /Accuracy against the time/ }).waitFor(),
  },
  {
    name: 'search',
    hash: tab('train/search'),
    prepare: (_, { world }) => addSearch(world, leaves),
    stage: (page) => page.getByRole('table', { name: 'Trials, best first' }).waitFor(),
  },
  {
    name: 'use',
    hash: tab('use'),
    prepare: result,
    stage: (page) => page.getByRole('tab').first().waitFor(),
  },
  {
    name: 'use-answers',
    hash: tab('use'),
    prepare: (project, { world, events }) => {
      result(project);
      const failed = [{ path: 'garden/broken.jpg', reason: 'The file ends before the picture does.' }];
      addAnswers(world, events, leaves, { count: 500, failed });
    },
    stage: firstPhoto,
  },
  {
    name: 'use-compared',
    hash: tab('use'),
    prepare: (project, { world, events }) => {
      result(project);
      compareAnswers(world, addAnswers(world, events, leaves, { count: 500 }));
    },
    stage: async (page) => {
      await page.getByText(/At least 100 of these 500 photos/).waitFor();
      await firstPhoto(page);
    },
  },
  {
    name: 'use-numbers',
    hash: tab('use'),
    prepare: (project, { world, events }) => {
      addTaskResult(project, 'regression');
      addAnswers(world, events, leaves, { count: 40, task: 'regression' });
    },
    stage: firstPhoto,
  },
  {
    name: 'use-export',
    hash: tab('use'),
    prepare: result,
    stage: async (page) => {
      await open(page, 'Export and share');
      await page.getByRole('checkbox').first().waitFor();
    },
  },
  {
    name: 'settings',
    hash: '#/settings',
    stage: (page) => page.getByRole('table', { name: 'Sizes of the caches' }).waitFor(),
  },
  {
    name: 'models',
    hash: '#/models',
    stage: (page) => page.getByRole('article', { name: 'EfficientNet-Lite4' }).waitFor(),
  },
  { name: 'about', hash: '#/about', stage: (page) => page.getByText('3 packages').waitFor() },
  {
    name: 'shortcuts',
    hash: tab('label'),
    stage: async (page) => {
      await firstPhoto(page);
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    },
  },
];

/** An engine whose story was told at that time. The clock goes on before anything has to be waited for. */
function engineAt(time: Date, prepare: Scene['prepare']): FakeEngine {
  vi.setSystemTime(time);
  try {
    const engine = createFakeEngine(startWorld());
    prepare?.(leavesOf(engine.world), engine);
    return engine;
  } finally {
    vi.useRealTimers();
  }
}

/** A training of which so many epochs are done. @returns the job's id */
function trainTo({ world, events }: FakeEngine, epochs: number): string {
  const id = addTraining(world, events, leaves);
  const say = (body: Parameters<typeof tell>[3]): void => tell(world, events, id, body);
  say({ type: 'started' });
  for (const stage of ['scan', 'backbone', 'features', 'choose', 'head'] as const)
    say({ type: 'stage', stage, message: 'On its way' });
  for (const { stage, ...point } of curvesOf(0.93).slice(0, epochs)) {
    if (stage === 'finetune' && point.epoch === 1)
      say({ type: 'stage', stage: 'finetune', message: 'Fine-tuning the last blocks' });
    say({ type: 'epoch', epochs: 12, ...point });
  }
  const message = 'Fine-tuning the last blocks';
  const progress = { stage: 'finetune', message, done: 212, total: 400, unit: 'photos' } as const;
  changeJob(world, events, id, { progress: { ...progress, rate: 34.2, eta: 64 } });
  return id;
}

it('sees a word that has changed and a button that has moved, and no smoothed edge', async () => {
  const screen = (text: string, x: number): Promise<Buffer> =>
    sharp(
      Buffer.from(
        `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="600"><rect width="900" height="600" fill="#fff"/><rect x="${x}" y="300" width="90" height="30" fill="#247"/><text x="40" y="80" font-size="16">${text}</text></svg>`,
      ),
    )
      .png()
      .toBuffer();
  const baseline = await screen('Train', 400);
  expect(await differenceOf(baseline, baseline)).toBeNull();
  expect(await differenceOf(await screen('Train', 400.3), baseline)).toBeNull();
  expect(await differenceOf(await screen('Start again', 400), baseline)).not.toBeNull();
  expect((await differenceOf(await screen('Train', 408), baseline))?.share).toBeGreaterThan(0.0004);
});

describe.skipIf(browserPath === undefined)(`every screen looks as it did${whySkipped}`, () => {
  let lab: PageLab;
  let why = '';
  beforeAll(async () => {
    lab = await openLab();
    const { page } = await openFakePage(lab, createFakeEngine());
    why = await whyNotComparable(await probeFonts(page));
    if (why !== '') console.warn(`Pictures of screens are not compared: ${why}.`);
    await page.context().close();
  });
  afterAll(() => lab?.close());

  it.for(scenes)('$name', async ({ name, hash = '', prepare, stage }, { skip }) => {
    skip(why !== '', why);
    const engine = engineAt(now, prepare);
    const { page } = await openFakePage(lab, engine, {
      hash,
      prepare: (opened) => opened.clock.setFixedTime(now),
    });
    await stage(page);
    // Where the pointer is, something may be lit.
    await page.mouse.move(0, 0);
    const changed: string[] = [];
    for (const { theme, width, height } of looks) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height });
      await drawn(page);
      const take = (): Promise<Buffer> => page.screenshot({ animations: 'disabled', caret: 'hide' });
      changed.push(await compareWithBaseline(`${name}-${theme}-${width}`, take));
    }
    await page.context().close();
    expect(changed.filter((words) => words !== '')).toEqual([]);
  });
});

/** Until fonts and the pictures in the window are there, and what follows from a new size is drawn. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
  });
  // Pictures below the window's edge are fetched when somebody scrolls there.
  await page.waitForFunction(() =>
    [...document.images].every((image) => {
      const { top, bottom, left, right } = image.getBoundingClientRect();
      const inside = bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
      return image.complete || !inside;
    }),
  );
}

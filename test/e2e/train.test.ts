import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import type { JobSummary } from '../../src/contract/jobs.ts';
import { adviseOnBalance } from '../../src/engine/evaluate/advice-data.ts';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { changeJob, tell } from '../renderer/fake/jobs.ts';
import { addResult, curvesOf, runId } from '../renderer/fake/results.ts';
import { addTraining } from '../renderer/fake/train.ts';
import { leaves, leavesOf, startWorld, type FakeProject } from '../renderer/fake/world.ts';
import {
  axe,
  browserPath,
  openFakePage,
  openLab,
  picture,
  tooWide,
  whySkipped,
  type OpenPage,
  type PageLab,
  type PageOptions,
} from './fake-page.ts';
import { expectSoon } from './expect-soon.ts';

// The two that differ most, as for the other screens: each page costs seconds. Every look of every screen is compared
// in visual.test.ts.
const looks = [
  { dark: false, size: { width: 900, height: 600 } },
  { dark: true, size: { width: 1440, height: 900 } },
];

describe.skipIf(browserPath === undefined)(`the screen "Train"${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  interface Opened extends OpenPage {
    readonly engine: FakeEngine;
    readonly project: () => FakeProject;
  }

  async function open(
    setup: (engine: FakeEngine, project: FakeProject) => void = () => undefined,
    options: PageOptions = {},
    heading = 'All settings',
  ): Promise<Opened> {
    const engine = createFakeEngine(startWorld({ photos: 120 }));
    const project = (): FakeProject => leavesOf(engine.world);
    setup(engine, project());
    const opened = await openFakePage(lab, engine, { hash: `#/project/${leaves}/train`, ...options });
    await opened.page.getByRole('heading', { name: heading }).waitFor();
    return { ...opened, engine, project };
  }

  /** A training that has told of so many epochs; 0: it is at the features yet. */
  function training(engine: FakeEngine, epochs: number, change: Partial<JobSummary> = {}): string {
    const { world, events } = engine;
    const id = addTraining(world, events, leaves);
    const say = (body: Parameters<typeof tell>[3]): void => tell(world, events, id, body);
    for (const stage of ['scan', 'backbone', 'features'] as const)
      say({ type: 'stage', stage, message: stage });
    if (epochs > 0) say({ type: 'stage', stage: 'head', message: 'Training the head' });
    for (const { stage, ...point } of curvesOf(0.93).slice(0, epochs)) {
      if (stage === 'finetune' && point.epoch === 1) say({ type: 'stage', stage, message: 'Fine-tuning' });
      say({ type: 'epoch', epochs: stage === 'head' ? 12 : 8, ...point });
    }
    changeJob(world, events, id, {
      progress: {
        stage: epochs > 12 ? 'finetune' : epochs > 0 ? 'head' : 'features',
        message: epochs > 12 ? 'Fine-tuning the last blocks' : 'Looking at each photo',
        done: 212,
        total: 400,
        unit: 'photos',
        rate: 34.2,
        eta: 64,
      },
      ...change,
    });
    return id;
  }
  const sent = (engine: FakeEngine, method: string): unknown[] =>
    engine.calls.filter((call) => call.method === method).map(({ input }) => input);
  const wide = (page: Page): Promise<string[]> => tooWide(page, 'html, .train, .train-card');

  /** Each state the screen can be in, and what is seen then. */
  const states: readonly {
    readonly name: string;
    readonly setup: (engine: FakeEngine, project: FakeProject) => void;
    readonly seen: (page: Page) => Promise<unknown>;
  }[] = [
    {
      name: 'ready',
      setup: () => undefined,
      seen: (page) => page.getByText('Under a minute, or up to 22 minutes if it fine-tunes').waitFor(),
    },
    {
      name: 'planning',
      setup: (engine) => {
        engine.hold('train.plan');
        engine.hold('models.list');
      },
      seen: (page) => page.getByRole('status', { name: 'Working out what training would do' }).waitFor(),
    },
    {
      name: 'plan-failed',
      setup: (engine) => {
        engine.fail('train.plan', new HolotypeError('storage', 'The photos could not be read.'));
        engine.fail('models.list', new HolotypeError('storage', 'The models could not be listed.'));
      },
      seen: async (page) => {
        await page.getByRole('heading', { name: 'The photos could not be read.' }).waitFor();
        await page.getByRole('heading', { name: 'The models could not be listed.' }).waitFor();
      },
    },
    {
      name: 'obstacles',
      setup: ({ world }) => {
        const text = { message: 'No photo has a label yet.', action: 'Label some of two classes.' };
        world.plan = {
          obstacles: [{ ...text, remedy: 'labels' }],
          warnings: ['The folder is still being looked through: more photos may be found.'],
          steps: [],
          seconds: null,
        };
      },
      seen: async (page) => {
        await page.getByRole('button', { name: 'Go to the labels' }).waitFor();
        expect(await page.getByRole('button', { name: 'Train', exact: true }).isDisabled()).toBe(true);
      },
    },
    {
      name: 'running-features',
      setup: (engine) => void training(engine, 0),
      seen: (page) => page.getByText('Curves come with the first epoch of the head.').waitFor(),
    },
    {
      name: 'running-head',
      setup: (engine) => void training(engine, 1),
      seen: (page) => page.getByText('1 of 12', { exact: true }).waitFor(),
    },
    {
      name: 'running-finetune',
      setup: (engine) => void training(engine, 18),
      seen: (page) => page.getByText('6 of 8', { exact: true }).waitFor(),
    },
    {
      name: 'paused-and-queue',
      setup: (engine) => {
        tell(engine.world, engine.events, training(engine, 4, { state: 'paused' }), {
          type: 'warning',
          message: 'The graphics card gave up; the processor goes on.',
        });
        addTraining(engine.world, engine.events, leaves);
        addTraining(engine.world, engine.events, leaves);
      },
      seen: async (page) => {
        await page.getByRole('heading', { name: 'Waiting, first in line' }).waitFor();
        await page.getByRole('heading', { name: 'Waiting, second in line' }).waitFor();
        await page.getByText('The graphics card gave up; the processor goes on.').waitFor();
        await page.getByRole('button', { name: 'Add to the queue' }).waitFor();
      },
    },
    {
      name: 'failed',
      setup: (engine) => {
        const error = { code: 'storage', message: 'The disk is full.', remedy: 'Make room.' } as const;
        training(engine, 4, { state: 'failed', canResume: true, error });
      },
      seen: (page) => page.getByText('The disk is full.').first().waitFor(),
    },
    {
      name: 'interrupted',
      setup: (engine) => void training(engine, 4, { state: 'interrupted', canResume: true }),
      seen: (page) => page.getByText('A training was interrupted.').waitFor(),
    },
    {
      name: 'cancelled',
      setup: (engine) => void training(engine, 4, { state: 'cancelled' }),
      seen: (page) => page.getByText('The last training was cancelled.').waitFor(),
    },
    {
      name: 'done',
      setup: (engine, project) => {
        addResult(project, { number: 1 });
        training(engine, 20, { state: 'done', run: runId(1) });
      },
      seen: async (page) => {
        await page.getByRole('heading', { name: /^Right on \d+\.\d% of the photos/ }).waitFor();
        await page.getByRole('button', { name: 'See how good it is' }).waitFor();
      },
    },
  ];

  it.each(looks)(
    'shows every state without barriers (dark: $dark, $size.width wide)',
    async ({ dark, size }) => {
      for (const { name, setup, seen } of states) {
        const { page, complaints } = await open(setup, { dark, size });
        await seen(page);
        await picture(page, `train-${name}-${size.width}${dark ? '-dark' : ''}`);
        expect(await axe(page), name).toEqual([]);
        expect(await wide(page), name).toEqual([]);
        expect(complaints, name).toEqual([]);
        await page.context().close();
      }
    },
    180_000,
  );

  it('trains by keys alone, and is paused, gone on with, and stopped', async () => {
    const { page, engine, complaints } = await open();
    await page.getByText('Under a minute').waitFor();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Training', exact: true }).waitFor();
    expect(sent(engine, 'train.start')).toEqual([{ project: leaves, settings: {} }]);
    const press = async (name: string): Promise<void> => {
      const button = page.getByRole('button', { name, exact: true });
      await button.waitFor();
      await button.focus();
      await page.keyboard.press('Enter');
    };
    await press('Pause');
    await page.getByRole('heading', { name: 'Paused' }).waitFor();
    await press('Continue');
    await page.getByRole('heading', { name: 'Training', exact: true }).waitFor();
    // Once more: it waits, and a waiting one is cancelled without a question.
    await page.keyboard.press('Control+Enter');
    await page.getByRole('heading', { name: 'Waiting, first in line' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).nth(1).press('Enter');
    await page.getByRole('heading', { name: 'Waiting, first in line' }).waitFor({ state: 'detached' });
    // What has learned something is only thrown away when a person is sure.
    await press('Cancel');
    await page.getByRole('alertdialog').waitFor();
    await page.keyboard.press('Escape');
    expect(sent(engine, 'jobs.cancel')).toHaveLength(1);
    await press('Stop and keep');
    await page.getByRole('heading', { name: 'Training is done' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('remembers what was chosen, and plans anew', async () => {
    const { page, engine, project } = await open();
    const saved = () => project().state.settings['training'];
    const radio = (name: string) => page.getByRole('radio', { name, exact: true });
    await radio('Balanced').focus();
    await page.keyboard.press('ArrowLeft');
    // The focus follows the arrow a moment later.
    await page.locator('[role="radio"]:focus', { hasText: 'Quick' }).waitFor();
    await page.keyboard.press('Enter');
    await expectSoon(saved, { quality: 'quick' });
    await page.getByText('About 24 to 48 seconds').waitFor();
    // The arrow chooses among backbones that are there, and none that would have to be downloaded.
    await page.getByRole('radio', { name: /^MobileNetV2 1.0/ }).focus();
    await page.keyboard.press('ArrowRight');
    await expectSoon(saved, { quality: 'quick', backbone: 'resnet-18' });
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expectSoon(saved, { quality: 'quick', backbone: 'herbarium-net' });
    await page.getByRole('button', { name: 'Show all settings' }).press('Enter');
    await page.getByRole('searchbox', { name: 'Search the settings' }).fill('epochs of the head');
    const epochs = page.getByRole('textbox', { name: 'Epochs of the head' });
    await epochs.fill('0');
    await page.getByText('At least 1.').waitFor();
    await epochs.fill('7');
    await expectSoon(saved, { quality: 'quick', backbone: 'herbarium-net', epochs: 7 });
    await page.getByRole('button', { name: 'Reset Epochs of the head' }).press('Enter');
    await expectSoon(() => epochs.inputValue(), '');
    await page.getByRole('searchbox', { name: 'Search the settings' }).fill('nothing at all');
    await page.getByRole('heading', { name: 'No setting is called that' }).waitFor();
    await page.getByRole('searchbox', { name: 'Search the settings' }).fill('');
    expect(await axe(page)).toEqual([]);
    await picture(page, 'train-all-settings');
    await page.getByRole('button', { name: 'Back to the defaults' }).press('Enter');
    await expectSoon(saved, {});
    await page.reload();
    await page.getByText('Under a minute').waitFor();
    expect(sent(engine, 'train.plan').at(-1)).toEqual({ project: leaves, settings: {} });
    await page.context().close();
  });

  it('shows what each way to change photos does', async () => {
    const { page, project, complaints } = await open();
    const examples = page.getByRole('list', { name: 'Some of your photos as they would be learned from' });
    const addresses = (): Promise<(string | null)[]> =>
      examples.getByRole('img').evaluateAll((images) => images.map((image) => image.getAttribute('src')));
    await page.getByRole('radio', { name: 'Any orientation' }).press('Enter');
    await expectSoon(() => project().state.settings['training'], { augment: 'any-orientation' });
    await page.getByText(/^Any orientation: as from a microscope/).waitFor();
    const seen = await addresses();
    expect(new Set(seen).size).toBe(6);
    for (const address of seen) expect(address).toMatch(/\/any-orientation\/auto\/[123]$/);
    expect(await axe(page)).toEqual([]);
    await examples.scrollIntoViewIfNeeded();
    await picture(page, 'train-changing-photos');
    await page.getByRole('radio', { name: 'None' }).press('Enter');
    await examples.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('finds a running training again after a reload, with all its curves', async () => {
    const { page, engine } = await open((engine) => void training(engine, 14));
    await page.getByText('2 of 8', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('2 of 8', { exact: true }).waitFor();
    const [job = ''] = engine.world.jobs.keys();
    const point = curvesOf(0.93)[14];
    if (point === undefined) throw new Error('There are fewer epochs than that.');
    const { stage: _, ...figures } = point;
    tell(engine.world, engine.events, job, { type: 'epoch', epochs: 8, ...figures });
    await page.getByText('3 of 8', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'As a table' }).first().press('Enter');
    const rows = page.getByRole('table', { name: 'Accuracy' }).getByRole('row');
    await expectSoon(() => rows.count(), 16);
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });

  it('goes on from the last checkpoint, and leads to Judge when it is done', async () => {
    const { page, engine, complaints } = await open((engine, project) => {
      addResult(project, { number: 1 });
      training(engine, 4, { state: 'interrupted', canResume: true });
    });
    await page.getByRole('button', { name: 'Continue from the last checkpoint' }).press('Enter');
    await page.getByRole('heading', { name: 'Training', exact: true }).waitFor();
    const job = [...engine.world.jobs.keys()].at(-1) ?? '';
    changeJob(engine.world, engine.events, job, {
      state: 'done',
      run: runId(1),
      createdAt: new Date(Date.now() + 1000).toISOString(),
    });
    await page.getByRole('button', { name: 'See how good it is' }).press('Enter');
    await page.getByText(/on photos it did not learn from/).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('trains with balanced classes in one click, from Judge and before it begins', async () => {
    const unequal = adviseOnBalance({
      classCounts: [
        { class: 'healthy', train: 90 },
        { class: 'rust', train: 9 },
      ],
    });
    if (unequal === null) throw new Error('There is nothing to advise.');
    const { page, engine, project, complaints } = await open(
      ({ world }, own) => {
        addResult(own, { number: 1 });
        const detail = own.details.get(runId(1));
        if (detail !== undefined) own.details.set(runId(1), { ...detail, advice: [unequal] });
        world.plan = { advice: [unequal] };
      },
      { hash: `#/project/${leaves}/judge` },
      'What to look at',
    );
    const saved = () => project().state.settings['training'];
    const balance = page.getByRole('button', { name: 'Train with balanced classes' });
    await balance.press('Enter');
    await expectSoon(saved, { sampling: 'balanced' });
    await page.getByRole('button', { name: 'Train', exact: true }).press('Enter');
    await expectSoon(() => sent(engine, 'train.start').at(-1), {
      project: leaves,
      settings: { sampling: 'balanced' },
    });

    await page.goto(`${page.url().split('#')[0]}#/project/${leaves}/train`);
    await page.getByRole('button', { name: 'Show all settings' }).press('Enter');
    await page.getByRole('button', { name: 'Back to the defaults' }).press('Enter');
    await expectSoon(saved, {});
    await picture(page, 'train-advice');
    await balance.press('Enter');
    await expectSoon(saved, { sampling: 'balanced' });
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('leads to the labels where there are none', async () => {
    const { page, complaints } = await open(({ world }) => {
      const obstacle = { message: 'No photo has a label yet.', action: 'Label some.' };
      world.plan = { obstacles: [{ ...obstacle, remedy: 'labels' }] };
    });
    await page.getByRole('button', { name: 'Go to the labels' }).press('Enter');
    await page.getByRole('listbox', { name: /^Photos/ }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['take-over', 'Take over', 'projects.takeOver'],
    ['download', 'Download MobileNetV2 1.0', 'models.fetch'],
    ['look-again', 'Look again', 'train.plan'],
    ['defaults', 'Back to the default settings', 'projects.changeSettings'],
    ['device', 'Take the fastest device that works', 'projects.changeSettings'],
    ['backbone', 'Take the usual backbone', 'projects.changeSettings'],
  ] as const)('has a way round an obstacle: %s', async (remedy, name, method) => {
    const { page, engine } = await open(({ world }) => {
      world.plan = { obstacles: [{ message: 'It can’t be trained.', action: 'See to it.', remedy }] };
    });
    const button = page.getByRole('button', { name, exact: true });
    await button.waitFor();
    const before = engine.calls.length;
    await button.press('Enter');
    // Taken from somebody else only after a question.
    if (remedy === 'take-over') await page.getByRole('alertdialog').getByRole('button').last().press('Enter');
    await expect
      .poll(() => engine.calls.slice(before).some((call) => call.method === method), { timeout: 5_000 })
      .toBe(true);
    await page.context().close();
  });
});

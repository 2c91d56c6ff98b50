import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { addJob, changeJob } from '../renderer/fake/jobs.ts';
import { leaves } from '../renderer/fake/world.ts';
import {
  axe,
  browserPath,
  openFakePage,
  openLab,
  picture,
  whySkipped,
  type PageLab,
  type PageOptions,
} from './fake-page.ts';

const sizes = { small: { width: 900, height: 600 }, large: { width: 1440, height: 900 } } as const;
const longName = 'Mushrooms of the biosphere reserve '.repeat(6).trim();

/** One state of a screen: how the engine is, and how to get there. */
interface Scene {
  readonly name: string;
  readonly hash?: string;
  readonly engine?: (engine: FakeEngine) => void;
  /** Only this is looked at by axe; see there. */
  readonly within?: string;
  /** Until what the scene is about is on the screen. */
  readonly stage: (page: Page) => Promise<unknown>;
}

const heading = (name: string | RegExp) => (page: Page) =>
  page.getByRole('heading', { name }).first().waitFor();
const project = `#/project/${leaves}/label`;

const scenes: readonly Scene[] = [
  { name: 'home', stage: (page) => page.getByRole('link', { name: 'Leaf diseases' }).waitFor() },
  {
    name: 'home-first',
    engine: ({ world }) => (world.recent = []),
    stage: heading('Teach a classifier from your own photos'),
  },
  {
    name: 'home-loading',
    engine: (engine) => void engine.hold('projects.list'),
    stage: (page) => page.getByRole('status', { name: 'Loading projects' }).waitFor(),
  },
  {
    name: 'home-error',
    engine: (engine) =>
      engine.fail(
        'projects.list',
        new HolotypeError('storage', 'The drive reported an error.', { remedy: 'Check the drive.' }),
      ),
    stage: heading('The drive reported an error.'),
  },
  {
    name: 'home-menu',
    stage: async (page) => {
      await page.getByRole('button', { name: 'More for Leaf diseases' }).click();
      await page.getByRole('menuitem', { name: 'Take off this list' }).waitFor();
    },
  },
  {
    name: 'picker',
    stage: async (page) => {
      await page.getByRole('button', { name: 'Open a folder of photos' }).click();
      await page.getByRole('button', { name: 'ada', exact: true }).click();
      await page.getByRole('button', { name: 'Pictures', exact: true }).click();
      await page.getByRole('button', { name: 'ants 124 pictures' }).waitFor();
    },
  },
  {
    name: 'picker-error',
    engine: (engine) =>
      engine.fail('folders.list', new HolotypeError('storage', 'The folder can’t be read.')),
    stage: async (page) => {
      await page.getByRole('button', { name: 'Open a shared project' }).click();
      await heading('The folder can’t be read.')(page);
    },
  },
  {
    name: 'drop',
    stage: async (page) => {
      await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
      await drag(page, 'dragenter');
      await page.getByText('Drop to open').waitFor();
    },
  },
  {
    name: 'settings',
    hash: '#/settings',
    stage: (page) => page.getByRole('table', { name: 'Sizes of the caches' }).waitFor(),
  },
  {
    name: 'settings-select',
    hash: '#/settings',
    within: '.ui-select-list',
    stage: async (page) => {
      await page.getByRole('combobox', { name: 'Device' }).click();
      await page.getByRole('option', { name: 'Processor' }).waitFor();
    },
  },
  {
    name: 'models',
    hash: '#/models',
    engine: (engine) => {
      engine.world.models[0] = { ...(engine.world.models[0] ?? never()), asksForTrust: true };
    },
    stage: (page) => page.getByRole('article', { name: 'EfficientNet-Lite4' }).waitFor(),
  },
  {
    name: 'models-more',
    hash: '#/models',
    stage: async (page) => {
      await page.getByRole('button', { name: 'What to know about MobileNetV2 1.0', exact: true }).click();
      await page.getByRole('table', { name: 'Blocks of MobileNetV2 1.0' }).waitFor();
      await page.getByRole('article', { name: 'MobileNetV2 1.0', exact: true }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'models-download',
    hash: '#/models',
    stage: async (page) => {
      await page.getByRole('button', { name: /Download .* of EfficientNet/ }).click();
      await page.getByRole('progressbar', { name: 'Download of EfficientNet-Lite4' }).waitFor();
    },
  },
  {
    name: 'models-none',
    hash: '#/models',
    engine: ({ world }) => (world.models = []),
    stage: heading('No model is on this machine yet'),
  },
  { name: 'about', hash: '#/about', stage: (page) => page.getByText('3 packages').waitFor() },
  {
    name: 'project-loading',
    hash: project,
    engine: (engine) => void engine.hold('projects.reopen'),
    stage: (page) => page.getByRole('status', { name: 'Opening the project' }).waitFor(),
  },
  {
    name: 'project-gone',
    hash: '#/project/00000000000000a2/label',
    stage: heading(/is not where it was/),
  },
  {
    name: 'long-name',
    hash: project,
    engine: ({ world }) => {
      const it = world.projects.get(leaves) ?? never();
      it.state = { ...it.state, name: longName, readOnly: { holder: `ada on ${longName}` } };
      world.recent = world.recent.map((one) => (one.id === leaves ? { ...one, name: longName } : one));
    },
    stage: (page) => page.getByText('You can look at this project but not change it.').waitFor(),
  },
  {
    name: 'jobs',
    hash: project,
    engine: (engine) => startJobs(engine),
    stage: async (page) => {
      await page.getByRole('button', { name: /Training of Leaf diseases/ }).click();
      await page.getByText('The disk is full.').waitFor();
    },
  },
  {
    name: 'switcher',
    hash: project,
    stage: async (page) => {
      await page.getByRole('button', { name: 'Leaf diseases' }).click();
      await page.getByRole('menuitem', { name: 'Diatoms' }).waitFor();
    },
  },
  {
    name: 'shortcuts',
    hash: project,
    stage: async (page) => {
      await page.getByRole('link', { name: 'Train' }).waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    },
  },
  {
    name: 'report',
    stage: async (page) => {
      await page.getByRole('button', { name: 'Help' }).click();
      await page.getByRole('menuitem', { name: 'Report a problem' }).click();
      await page.getByRole('textbox', { name: 'What happened?' }).waitFor();
    },
  },
  {
    name: 'toast',
    engine: (engine) =>
      engine.fail(
        'projects.openDemo',
        new HolotypeError('storage', 'There is no room for the demo photos.', {
          remedy: 'Make 20 MB of room on the disk with your home folder.',
        }),
      ),
    stage: async (page) => {
      await page.getByRole('button', { name: 'Try the demo photos' }).click();
      await page.getByText('Make 20 MB of room').first().waitFor();
    },
  },
];

function never(): never {
  throw new Error('The fake world has it.');
}

function startJobs({ world, events }: FakeEngine): void {
  const progress = {
    stage: 'head',
    message: 'Training the head: epoch 12 of 30',
    done: 38,
    total: 100,
    unit: 'steps',
    rate: 12,
    eta: 95,
  } as const;
  addJob(world, events, {
    kind: 'train',
    title: 'Training of Leaf diseases',
    project: leaves,
    progress,
    canPause: true,
    canStop: true,
  });
  const queued = {
    kind: 'train',
    title: `Training of ${longName}`,
    state: 'queued',
    startedAt: null,
  } as const;
  addJob(world, events, queued);
  const failed = addJob(world, events, { kind: 'export', title: 'Export of Diatoms' });
  changeJob(world, events, failed, {
    state: 'failed',
    error: {
      code: 'storage',
      message: 'The disk is full.',
      remedy: 'Make 200 MB of room, then export again.',
    },
  });
}

/** Plays a drag of files, which a browser lets no script begin. */
async function drag(page: Page, type: 'dragenter' | 'drop', names: readonly string[] = []): Promise<void> {
  await page.evaluate(
    ({ type, names }) => {
      const data = new DataTransfer();
      for (const name of ['leaf.jpg', ...names])
        data.items.add(new File(['x'], name, { type: 'image/jpeg' }));
      window.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    { type, names },
  );
}

describe.skipIf(browserPath === undefined)(`the frame, home and settings in Chromium${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  const open = (engine: FakeEngine, options: PageOptions = {}) => openFakePage(lab, engine, options);

  describe.each(scenes)('$name', ({ name, hash = '', engine: prepare, within, stage }) => {
    it.each([
      ['light', 'small'],
      ['dark', 'large'],
    ] as const)('%s, %s: nothing for axe, no complaint, nothing cut off', async (theme, size) => {
      const engine = createFakeEngine();
      prepare?.(engine);
      const { page, complaints } = await open(engine, { dark: theme === 'dark', size: sizes[size], hash });
      await stage(page);
      expect(await axe(page, within)).toEqual([]);
      expect(complaints).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      await picture(page, `${name}-${theme}-${size}`);
      await page.context().close();
    });
  });

  it('remembers the theme from the first picture on, whatever the system says', async () => {
    const { page } = await open(createFakeEngine(), { hash: '#/settings' });
    await page.getByRole('radio', { name: 'Dark' }).click();
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark');
    const dark = await ground();
    await page.getByRole('radio', { name: 'Light' }).click();
    await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'light');
    expect(await ground()).not.toBe(dark);
    await page.getByRole('radio', { name: 'Dark' }).click();
    await page.waitForFunction(() => document.documentElement.dataset['theme'] === 'dark');
    await page.addInitScript(() => {
      document.addEventListener('DOMContentLoaded', () => {
        Reflect.set(window, 'themeAtFirst', document.documentElement.dataset['theme']);
      });
    });
    await page.reload();
    expect(await page.evaluate(() => Reflect.get(window, 'themeAtFirst'))).toBe('dark');
    await page.context().close();
  });

  it('opens a folder by keyboard alone, and finds it again after a reload', async () => {
    const { page } = await open(createFakeEngine());
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
    await page.getByRole('button', { name: 'Open a folder of photos' }).focus();
    await page.keyboard.press('Enter');
    const ada = page.getByRole('button', { name: 'ada', exact: true });
    await ada.waitFor();
    await ada.focus();
    await page.keyboard.press('Enter');
    // The first folder has the focus by itself.
    await page.getByRole('button', { name: 'Pictures', exact: true }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent?.startsWith('Pictures'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'leaves', exact: true }).waitFor();
    const openThis = page.getByRole('button', { name: 'Open this folder' });
    await openThis.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'New photos' }).waitFor();
    expect(page.url()).toMatch(/#\/project\/[0-9a-f]{16}\/label$/);
    await page.keyboard.press('Alt+2');
    await page.waitForURL(/\/train$/);
    await page.reload();
    await page.getByRole('button', { name: 'New photos' }).waitFor();
    expect(await page.getByRole('link', { name: 'Train' }).getAttribute('aria-current')).toBe('page');
    await page.goBack();
    await page.waitForURL(/\/label$/);
    await page.context().close();
  });

  it('sends dropped photos to the engine and opens them', async () => {
    const engine = createFakeEngine();
    const { page } = await open(engine);
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'PUT') sent.push(new URL(request.url()).pathname);
    });
    await drag(page, 'drop', ['a b.png', 'notes.docx', '.hidden.jpg']);
    await page.getByRole('button', { name: 'New photos' }).waitFor();
    expect(sent.toSorted()).toEqual([
      '/media/upload/upload0123456789abcdef/a%20b.png',
      '/media/upload/upload0123456789abcdef/leaf.jpg',
    ]);
    expect(engine.calls.find(({ method }) => method === 'projects.open')?.input).toEqual({
      source: { upload: 'upload0123456789abcdef' },
    });
    await page.context().close();
  });

  it('says that the connection is lost, keeps what is on the screen, and comes back by itself', async () => {
    let accept = true;
    const { page, cut } = await open(createFakeEngine(), { accepts: () => accept });
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
    accept = false;
    await cut();
    await page.getByText('The connection to the engine is lost.').waitFor();
    expect(await page.getByRole('link', { name: 'Leaf diseases' }).isVisible()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await picture(page, 'lost');
    accept = true;
    await page.getByText('The connection to the engine is lost.').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('takes over a project that is open elsewhere, when a person says so', async () => {
    const engine = createFakeEngine();
    const it = engine.world.projects.get(leaves) ?? never();
    it.state = { ...it.state, readOnly: { holder: 'ada on lab-2' } };
    const { page } = await open(engine, { hash: project });
    await page.getByRole('button', { name: 'Take over…' }).click();
    const question = page.getByRole('alertdialog', { name: 'Take over this project?' });
    await question.waitFor();
    expect(await axe(page)).toEqual([]);
    await picture(page, 'take-over');
    await question.getByRole('button', { name: 'Take over' }).click();
    await page.getByText('You can look at this project').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('pauses, goes on with and takes away jobs', async () => {
    const engine = createFakeEngine();
    startJobs(engine);
    const { page } = await open(engine);
    await page.getByRole('button', { name: /Training of Leaf diseases/ }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused. Training the head').waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('95 seconds left').or(page.getByText('2 minutes left')).waitFor();
    await page.getByRole('button', { name: 'Take off this list' }).click();
    await page.getByText('The disk is full.').waitFor({ state: 'detached' });
    expect([...engine.world.jobs.values()].map(({ summary }) => summary.state)).toEqual([
      'running',
      'queued',
    ]);
    await page.context().close();
  });

  it('asks before it downloads what nobody publishes a hash for', async () => {
    const engine = createFakeEngine();
    engine.world.models[0] = { ...(engine.world.models[0] ?? never()), asksForTrust: true };
    const { page } = await open(engine, { hash: '#/models' });
    await page.getByRole('button', { name: /Download .* of EfficientNet/ }).click();
    await page.getByRole('alertdialog').waitFor();
    expect(await axe(page)).toEqual([]);
    await picture(page, 'trust');
    await page.getByRole('button', { name: 'Download', exact: true }).click();
    await page.getByRole('progressbar').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('progressbar').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('leaves the frame standing when a screen breaks, and reports the problem', async () => {
    const engine = createFakeEngine();
    const { page } = await open(engine, { hash: '#/about' });
    await page.getByText('3 packages').waitFor();
    // Plays a defect in the middle of drawing: the search asks every package's name for its lower case.
    await page.evaluate(() => {
      Reflect.set(String.prototype, 'toLowerCase', function lower(this: string): string {
        if (this.startsWith('onnxruntime')) throw new Error('A defect.');
        return this.toLocaleLowerCase('en');
      });
    });
    await page.getByRole('searchbox', { name: 'Find a package' }).fill('r');
    await page.getByRole('heading', { name: 'Something in this screen went wrong' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await picture(page, 'broken');
    await page.getByRole('button', { name: 'Report a problem…' }).click();
    await page.getByRole('dialog', { name: 'Report a problem' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Holotype: all projects' }).click();
    await page.getByRole('link', { name: 'Leaf diseases' }).waitFor();
    await page.context().close();
  });
});

import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import type { CameraAnswer } from '../../src/contract/use.ts';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { changeJob } from '../renderer/fake/jobs.ts';
import { addRun } from '../renderer/fake/runs.ts';
import { addAnswers, cameraAnswer, compareAnswers, growAnswers } from '../renderer/fake/use.ts';
import { leaves, leavesOf, startWorld, type FakeProject } from '../renderer/fake/world.ts';
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
const hash = `#/project/${leaves}/use`;
const longWord = 'Coleoptera-'.repeat(18);

const projectOf = ({ world }: FakeEngine): FakeProject => leavesOf(world);

/** An engine with a finished run. */
function trained(): FakeEngine {
  const engine = createFakeEngine(startWorld({ photos: 40 }));
  addRun(projectOf(engine));
  return engine;
}

const answer = (engine: FakeEngine, count: number, total = count): string =>
  addAnswers(engine.world, engine.events, leaves, { count, total });
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).first().waitFor();
const tab = (page: Page, name: string) => page.getByRole('tab', { name }).click();
const tiles = (page: Page) => page.getByRole('listbox', { name: /Answers/ }).getByRole('option');

interface Scene {
  readonly name: string;
  readonly engine?: (engine: FakeEngine) => unknown;
  readonly stage: (page: Page) => Promise<unknown>;
}

const scenes: readonly Scene[] = [
  {
    name: 'use-no-run',
    engine: (engine) => (projectOf(engine).runs = []),
    stage: (page) => heading(page, 'No model to use yet'),
  },
  {
    name: 'use-loading',
    engine: (engine) => engine.hold('runs.list'),
    stage: (page) => page.getByRole('status', { name: 'Loading the runs' }).waitFor(),
  },
  {
    name: 'use-failed',
    engine: (engine) => engine.fail('runs.list', new HolotypeError('storage', 'The drive is gone.')),
    stage: (page) => heading(page, 'The drive is gone.'),
  },
  { name: 'use-begin', stage: (page) => heading(page, 'Let the model answer for new photos') },
  {
    name: 'use-queued',
    engine: (engine) => changeJob(engine.world, engine.events, answer(engine, 0, 1), { state: 'queued' }),
    stage: (page) => heading(page, 'Waiting for other work'),
  },
  {
    name: 'use-running',
    engine: (engine) => answer(engine, 30, 120),
    stage: (page) => tiles(page).first().waitFor(),
  },
  {
    name: 'use-grid',
    engine: (engine) => answer(engine, 5_000),
    stage: (page) => tiles(page).first().waitFor(),
  },
  {
    name: 'use-compared',
    engine: (engine) => compareAnswers(engine.world, answer(engine, 120)),
    stage: async (page) => {
      await page.getByText(/At least 24 of these 120 photos .* perhaps 31/).waitFor();
      await page.getByRole('button', { name: 'Show the unknown' }).press('Enter');
      await page.getByRole('button', { name: /Unknown/, pressed: true }).waitFor();
    },
  },
  {
    name: 'use-table',
    engine: (engine) => answer(engine, 5_000),
    stage: async (page) => {
      await page.getByRole('radio', { name: 'Table' }).click();
      await page.getByRole('gridcell', { name: 'unknown' }).first().waitFor();
    },
  },
  {
    name: 'use-one',
    engine: (engine) => answer(engine, 20),
    stage: async (page) => {
      await tiles(page).nth(5).click();
      await page
        .getByRole('dialog')
        .getByText(/Unknown: most like/)
        .waitFor();
    },
  },
  {
    name: 'use-not-readable',
    engine: (engine) =>
      addAnswers(engine.world, engine.events, leaves, {
        count: 3,
        failed: [{ path: `garden/${longWord}.jpg`, reason: 'The file ends before the picture does.' }],
      }),
    stage: async (page) => {
      await page.getByRole('button', { name: /Not readable/ }).click();
      await page.getByText('The file ends before the picture does.').waitFor();
    },
  },
  {
    name: 'use-nothing-found',
    engine: (engine) => answer(engine, 12),
    stage: async (page) => {
      await page.getByRole('searchbox', { name: 'Find by name' }).fill('whale');
      await heading(page, 'No photo here is called “whale”');
    },
  },
  {
    name: 'use-answers-gone',
    engine: (engine) => {
      answer(engine, 12);
      engine.fail('predict.answers', new HolotypeError('not-found', 'These answers are no longer there.'));
    },
    stage: (page) => heading(page, 'These answers are no longer there.'),
  },
  {
    name: 'use-long-names',
    engine: (engine) => {
      const project = projectOf(engine);
      project.state = {
        ...project.state,
        name: longWord,
        readOnly: { holder: longWord },
        classes: project.state.classes.map((one, at) => ({ ...one, name: `${longWord}${at}` })),
      };
      const job = answer(engine, 40);
      changeJob(engine.world, engine.events, job, { title: `Answers for ${longWord}` });
    },
    stage: (page) => tiles(page).first().waitFor(),
  },
  {
    name: 'use-camera-off',
    stage: async (page) => {
      await tab(page, 'Camera');
      await heading(page, 'Hold things in front of the camera');
    },
  },
  {
    name: 'use-camera-refused',
    stage: async (page) => {
      await tab(page, 'Camera');
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await heading(page, 'This page can’t use a camera.');
    },
  },
  {
    name: 'use-export',
    stage: async (page) => {
      await tab(page, 'Export and share');
      await page.getByRole('checkbox', { name: /Holotype model/ }).check();
      await page.getByRole('button', { name: 'Export 2 formats' }).click();
      await page.getByText('by at most 0.000002 on 32 of your photos').waitFor();
      await page.getByText('It was not compared').waitFor();
    },
  },
  {
    name: 'use-export-failed',
    engine: (engine) => engine.fail('export.formats', new HolotypeError('failed', 'The engine is too old.')),
    stage: async (page) => {
      await tab(page, 'Export and share');
      await heading(page, 'The engine is too old.');
    },
  },
];

describe.skipIf(browserPath === undefined)(`the tab Use in Chromium${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  const open = (engine: FakeEngine, options: PageOptions = {}) =>
    openFakePage(lab, engine, { hash, ...options });

  describe.each(scenes)('$name', ({ name, engine: prepare, stage }) => {
    it.each([
      ['light', 'small'],
      ['dark', 'large'],
    ] as const)('%s, %s: nothing for axe, no complaint, nothing cut off', async (theme, size) => {
      const engine = trained();
      prepare?.(engine);
      const { page, complaints } = await open(engine, { dark: theme === 'dark', size: sizes[size] });
      await stage(page);
      expect(await axe(page)).toEqual([]);
      expect(complaints).toEqual([]);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(wide).toBeLessThanOrEqual(0);
      await picture(page, `${name}-${theme}-${size}`);
      await page.context().close();
    });
  });

  it('shows answers as they come, pauses, and keeps what was answered when it is stopped', async () => {
    const engine = trained();
    const { page } = await open(engine);
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    await page.getByRole('button', { name: 'ada', exact: true }).click();
    await page.getByRole('button', { name: 'Open this folder' }).click();
    await page.getByRole('button', { name: 'All answers 40' }).waitFor();
    const [job = ''] = engine.world.jobs.keys();
    growAnswers(engine.world, engine.events, job, 25);
    await page.getByRole('button', { name: 'All answers 65' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused at 65 of 120 photos').waitFor();
    expect(engine.world.jobs.get(job)?.summary.state).toBe('paused');
    await page.getByRole('button', { name: 'Continue' }).click();
    const copy = page.getByRole('button', { name: 'Copy into folders' });
    expect(await copy.isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Stop and keep' }).click();
    await copy.and(page.locator(':enabled')).waitFor();
    expect(await tiles(page).first().getAttribute('aria-setsize')).toBe('65');
    await page.context().close();
  });

  it('cancels, and offers what was answered by then once more', async () => {
    const engine = trained();
    const job = answer(engine, 30, 120);
    const { page } = await open(engine);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await heading(page, 'Let the model answer for new photos');
    expect(engine.world.jobs.get(job)?.summary.state).toBe('cancelled');
    await page.getByRole('button', { name: 'Answers for garden' }).click();
    await tiles(page).first().waitFor();
    expect(await tiles(page).first().getAttribute('aria-setsize')).toBe('30');
    await page.context().close();
  });

  it('shares a project that has no model yet', async () => {
    const engine = trained();
    projectOf(engine).runs = [];
    const { page } = await open(engine);
    await heading(page, 'No model to use yet');
    await page.getByRole('button', { name: 'Make the archive' }).click();
    await expect
      .poll(() => engine.calls.find(({ method }) => method === 'projects.share')?.input)
      .toMatchObject({ project: leaves, photos: true });
    await page.context().close();
  });

  it('answers for what is dropped anywhere on it', async () => {
    const engine = trained();
    const { page } = await open(engine);
    await heading(page, 'Let the model answer for new photos');
    await tab(page, 'Export and share');
    await page.evaluate(() => {
      const data = new DataTransfer();
      for (const name of ['a.jpg', 'b.jpg']) data.items.add(new File(['x'], name, { type: 'image/jpeg' }));
      const options = { dataTransfer: data, bubbles: true, cancelable: true };
      window.dispatchEvent(new DragEvent('dragenter', options));
    });
    await page.getByText('Drop to let the model answer').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.evaluate(() => {
      const data = new DataTransfer();
      for (const name of ['a.jpg', 'b.jpg']) data.items.add(new File(['x'], name, { type: 'image/jpeg' }));
      const options = { dataTransfer: data, bubbles: true, cancelable: true };
      window.dispatchEvent(new DragEvent('drop', options));
    });
    await tiles(page).first().waitFor();
    expect(engine.calls.findLast(({ method }) => method === 'predict.start')?.input).toMatchObject({
      source: { upload: 'upload0123456789abcdef' },
    });
    await page.context().close();
  });

  it('filters, sorts, and opens an answer by keyboard alone', async () => {
    const engine = trained();
    answer(engine, 400);
    const { page } = await open(engine);
    await tiles(page).first().waitFor();
    const unknown = page.getByRole('button', { name: /^Unknown/ });
    await unknown.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('[role=option]')?.ariaSetSize === '36');
    await page.getByRole('radio', { name: 'Table' }).focus();
    await page.keyboard.press('Space');
    const table = page.getByRole('grid');
    await table.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const current = await table.getAttribute('aria-activedescendant');
    expect(await page.locator(`[id="${current}"]`).getAttribute('aria-rowindex')).toBe('3');
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.querySelector('[aria-rowindex="37"][aria-selected="true"]'));
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/Unknown: most like/).waitFor();
    const name = () => dialog.getByRole('heading').innerText();
    const last = await name();
    await page.keyboard.press('ArrowLeft');
    expect(await name()).not.toBe(last);
    await page.keyboard.press('ArrowRight');
    expect(await name()).toBe(last);
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'grid');
    await page.context().close();
  });

  it('shows several labels, and numbers, as what they are', async () => {
    const several = trained();
    addAnswers(several.world, several.events, leaves, { count: 40, task: 'multi-label' });
    const { page } = await open(several);
    await tiles(page).first().waitFor();
    expect(await page.getByRole('button', { name: /^Unknown/ }).count()).toBe(0);
    const strange = /^IMG_0005\.jpg.*unlike the photos it learned from: don't trust these labels/;
    await page.getByRole('option', { name: strange }).waitFor();
    await picture(page, 'use-grid-labels');
    await page.getByRole('radio', { name: 'Table' }).click();
    await page.getByRole('gridcell', { name: 'no label' }).waitFor();
    await page.getByRole('gridcell', { name: /don't trust these labels/ }).waitFor();
    await page.context().close();

    const numbers = trained();
    addAnswers(numbers.world, numbers.events, leaves, { count: 40, task: 'regression' });
    const other = await open(numbers);
    await tiles(other.page).first().waitFor();
    expect(await other.page.getByRole('button', { name: 'Copy into folders' }).count()).toBe(0);
    await other.page.getByRole('combobox', { name: 'Sort by' }).click();
    await other.page.getByRole('option', { name: 'Smallest first' }).click();
    await other.page.getByRole('radio', { name: 'Table' }).click();
    await other.page.getByRole('gridcell', { name: '2.5', exact: true }).click();
    await other.page.getByRole('dialog').getByText('The model says 2.5.').waitFor();
    expect(await axe(other.page)).toEqual([]);
    await other.page.keyboard.press('Escape');
    await other.page.getByRole('button', { name: 'Unlike 1' }).click();
    await picture(other.page, 'use-table-numbers');
    await other.page.getByRole('gridcell', { name: '90 unlike', exact: true }).click();
    const why = "The model says 90. But it is unlike the photos it learned from: don't trust this number.";
    await other.page.getByRole('dialog').getByText(why).waitFor();
    await other.page.context().close();
  });

  it('keeps but a screenful of thousands of answers in the page', async () => {
    const engine = trained();
    answer(engine, 12_000);
    const { page } = await open(engine);
    await page.getByRole('button', { name: 'All answers 12,000' }).waitFor();
    await page.getByRole('listbox', { name: /Answers/ }).focus();
    await page.keyboard.press('End');
    await page.getByRole('option', { name: /IMG_12000/ }).waitFor();
    expect(await tiles(page).count()).toBeLessThan(120);
    await page.getByRole('radio', { name: 'Table' }).click();
    await page.getByText('garden/2025/IMG_12000.jpg').waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(60);
    await page.context().close();
  });

  it('saves the answers as CSV, and the photos as an archive', async () => {
    const engine = trained();
    answer(engine, 30);
    const { page } = await open(engine);
    const [table] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as CSV' }).click(),
    ]);
    expect(table.suggestedFilename()).toBe('garden.csv');
    await page.getByRole('button', { name: 'Copy into folders' }).click();
    await page.getByRole('menuitem', { name: 'As one archive to download' }).click();
    await page.getByText('Copying photos: 15 of 30 photos').waitFor();
    const sorting = [...engine.world.jobs.values()].find(({ summary }) => summary.kind === 'sort');
    changeJob(engine.world, engine.events, sorting?.summary.id ?? '', { state: 'done' });
    const [archive] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the archive' }).click(),
    ]);
    expect(archive.suggestedFilename()).toBe('garden, sorted.zip');
    await page.context().close();
  });

  it('copies photos into a folder that is chosen', async () => {
    const engine = trained();
    answer(engine, 30);
    const { page } = await open(engine);
    await page.getByRole('button', { name: 'Copy into folders' }).click();
    await page.getByRole('menuitem', { name: 'Into a folder I choose' }).click();
    await page.getByRole('button', { name: 'ada', exact: true }).click();
    await page.getByRole('button', { name: 'Use this folder' }).click();
    await page.getByText('Copying photos: 15 of 30 photos').waitFor();
    const input = engine.calls.findLast(({ method }) => method === 'predict.sort')?.input;
    expect(input).toHaveProperty('into');
    await page.context().close();
  });

  it('says which model answered when another one is chosen', async () => {
    const engine = trained();
    const project = projectOf(engine);
    const [run] = project.runs;
    if (run === undefined) throw new Error('A run was added.');
    const second = { ...run, id: '20250302T101500-123Z-0a1b2c3d', number: 2, accuracy: 0.95 };
    project.runs = [run, second];
    const { page } = await open(engine);
    // The newest is proposed, whatever their order.
    await page.getByRole('combobox', { name: 'Model' }).getByText('Run 2, 95.0%').waitFor();
    await page.getByRole('button', { name: 'Choose a folder' }).click();
    await page.getByRole('button', { name: 'ada', exact: true }).click();
    await page.getByRole('button', { name: 'Open this folder' }).click();
    await tiles(page).first().waitFor();
    await page.getByRole('combobox', { name: 'Model' }).click();
    await page.getByRole('option', { name: /Run 1/ }).click();
    const by = page.getByText('by Run 2, 95.0%');
    await by.waitFor();
    expect(await by.innerText()).toBe('by Run 2, 95.0%, not the model chosen above');
    await page.context().close();
  });

  describe('with a camera', () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: browserPath ?? '',
        args: [
          '--no-sandbox',
          '--use-fake-device-for-media-stream',
          '--use-fake-ui-for-media-stream',
          // Cameras and the clipboard are for secure pages, as those of this machine are.
          '--unsafely-treat-insecure-origin-as-secure=http://holotype.test',
        ],
      });
    });
    afterAll(() => browser?.close());

    /** Opens the page; what is sent to the camera's address is kept. */
    async function openCamera(
      options: PageOptions = {},
      status = { now: 200 },
      answer: CameraAnswer = cameraAnswer,
    ) {
      const it = await openFakePage({ browser, folder: lab.folder }, trained(), { hash, ...options });
      const sent: { type: string; first: number | undefined }[] = [];
      await it.page.route('**/media/camera/**', (route) => {
        const body = route.request().postDataBuffer();
        sent.push({ type: route.request().method(), first: body?.[0] });
        return status.now === 200
          ? route.fulfill({ json: answer })
          : route.fulfill({ status: status.now, body: 'This run has no model.' });
      });
      await tab(it.page, 'Camera');
      await it.page.getByRole('button', { name: 'Start the camera' }).click();
      return { ...it, sent };
    }
    /** The camera's track: it outlives the video it was shown in. */
    const trackOf = (page: Page) =>
      page.evaluateHandle(() => {
        const stream = document.querySelector('video')?.srcObject;
        return stream instanceof MediaStream ? stream.getTracks()[0] : undefined;
      });
    const isOn = (page: Page) =>
      page.evaluate(() => {
        const stream = document.querySelector('video')?.srcObject;
        return (
          stream instanceof MediaStream && stream.getTracks().some((track) => track.readyState === 'live')
        );
      });

    it('says a number it does not trust with why, and a class as unknown', async () => {
      const strange = { unknown: true, unlike: true, probabilities: [], classes: [], confidence: 0 };
      const number = await openCamera({}, undefined, { label: '2.5', value: 2.5, ...strange });
      await number.page.getByRole('heading', { name: '2.5' }).waitFor();
      const why = "This is unlike the photos it learned from: don't trust this number.";
      await number.page.getByText(why).waitFor();
      await picture(number.page, 'use-camera-number');
      expect(await axe(number.page)).toEqual([]);
      await number.page.context().close();

      const { page } = await openCamera({}, undefined, { ...cameraAnswer, unknown: true, unlike: true });
      await page.getByRole('heading', { name: 'unknown' }).waitFor();
      await page.getByText('Most like rust, but unlike the photos it learned from.').waitFor();
      await page.context().close();
    });

    it.each([
      ['light', 'small'],
      ['dark', 'large'],
    ] as const)('%s, %s: says what it sees; nothing for axe', async (theme, size) => {
      const { page, complaints, sent } = await openCamera({ dark: theme === 'dark', size: sizes[size] });
      await page.getByRole('heading', { name: 'rust' }).waitFor();
      await page.getByText('87.0%').first().waitFor();
      expect(await axe(page)).toEqual([]);
      expect(complaints).toEqual([]);
      // A JPEG begins with FF D8.
      expect(sent[0]).toEqual({ type: 'POST', first: 0xff });
      await picture(page, `use-camera-${theme}-${size}`);
      await page.context().close();
    });

    it('stands still when it is frozen, and is released when it is stopped', async () => {
      const { page, sent } = await openCamera();
      await page.getByRole('heading', { name: 'rust' }).waitFor();
      await page.getByRole('button', { name: 'Freeze' }).click();
      await page.getByText('Frozen').waitFor();
      // One picture may be under way.
      await page.waitForTimeout(300);
      const before = sent.length;
      await page.waitForTimeout(1_000);
      expect(sent.length).toBe(before);
      expect(await isOn(page)).toBe(true);
      await page.getByRole('button', { name: 'Go on' }).click();
      await expect.poll(() => sent.length, { timeout: 15_000 }).toBeGreaterThan(before);
      const track = await trackOf(page);
      await page.getByRole('button', { name: 'Stop the camera' }).click();
      await heading(page, 'Hold things in front of the camera');
      expect(await track.evaluate((one) => one?.readyState)).toBe('ended');
      await page.context().close();
    });

    it('is released when the page is left', async () => {
      const { page, sent } = await openCamera();
      await page.getByRole('heading', { name: 'rust' }).waitFor();
      const track = await trackOf(page);
      await tab(page, 'Photos');
      await expect.poll(() => track.evaluate((one) => one?.readyState), { timeout: 15_000 }).toBe('ended');
      await page.waitForTimeout(300);
      const before = sent.length;
      await page.waitForTimeout(700);
      expect(sent.length).toBe(before);
      await page.context().close();
    });

    it('says why there is no answer, and goes on by itself when there is one again', async () => {
      const status = { now: 404 };
      const { page } = await openCamera({}, status);
      await page.getByRole('alert').getByText('This run has no model.').waitFor();
      status.now = 200;
      await page.getByRole('heading', { name: 'rust' }).waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
      await page.context().close();
    });

    it('says so when a person does not allow it', async () => {
      const { page } = await openFakePage({ browser, folder: lab.folder }, trained(), { hash });
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
      });
      await tab(page, 'Camera');
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await heading(page, 'The camera was not allowed.');
      expect(await page.getByText('Allow the camera for Holotype').isVisible()).toBe(true);
      expect(await page.getByRole('button', { name: 'Try again' }).isEnabled()).toBe(true);
      await page.context().close();
    });

    it('copies a program to the clipboard', async () => {
      const { page } = await openFakePage({ browser, folder: lab.folder }, trained(), { hash });
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await tab(page, 'Export and share');
      await page.getByRole('button', { name: 'Export', exact: true }).click();
      await page.getByRole('tab', { name: 'Command line' }).click();
      await page.getByRole('button', { name: 'Copy the Command line program' }).click();
      await page.getByRole('button', { name: 'Copied the Command line program' }).waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
        'holotype predict "leaves-onnx" photo.jpg\n',
      );
      await page.context().close();
    });
  });
});

import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { addResult, runId, withClasses } from '../renderer/fake/results.ts';
import { addTaskResult } from '../renderer/fake/tasks.ts';
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
const longName =
  'a class that was named by somebody who wanted to say everything at once, with the place, the plot, the year of the visit and the light on that day';
const forty = Array.from({ length: 40 }, (_, n) => (n % 9 === 2 ? `${n} ${longName}` : `Genus species-${n}`));

describe.skipIf(browserPath === undefined)(`the screen "Judge"${whySkipped}`, () => {
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
    setup: (project: FakeProject, engine: FakeEngine) => void,
    options: PageOptions = {},
  ): Promise<Opened> {
    const engine = createFakeEngine(startWorld({ photos: 240 }));
    const project = (): FakeProject => leavesOf(engine.world);
    setup(project(), engine);
    const opened = await openFakePage(lab, engine, { hash: `#/project/${leaves}/judge`, ...options });
    await opened.page.getByRole('heading', { name: 'Judge', level: 1 }).waitFor({ state: 'attached' });
    return { ...opened, engine, project };
  }
  const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });
  const cell = (page: Page, name: string) => page.getByRole('gridcell', { name, exact: true });
  const wide = (page: Page): Promise<string[]> =>
    tooWide(page, 'html, .judge, .ui-tabs-content[data-state="active"], .judge-card');
  const one = (project: FakeProject): void => addResult(project, { number: 1 });

  /** Each state the screen can be in, how it is come to, and what is seen then. */
  const states: readonly {
    readonly name: string;
    readonly setup: (project: FakeProject, engine: FakeEngine) => void;
    readonly seen: (page: Page) => Promise<unknown>;
  }[] = [
    {
      name: 'no-runs',
      setup: () => undefined,
      seen: (page) => page.getByRole('button', { name: 'Go to Train' }).waitFor(),
    },
    {
      name: 'loading',
      setup: (project, engine) => {
        one(project);
        engine.hold('runs.get');
      },
      seen: (page) => page.getByRole('status', { name: 'Loading the run', exact: true }).waitFor(),
    },
    {
      name: 'failed',
      setup: (project, engine) => {
        one(project);
        engine.fail('runs.get', new HolotypeError('storage', 'The run could not be read.'));
      },
      seen: (page) => page.getByRole('heading', { name: 'The run could not be read.' }).waitFor(),
    },
    {
      name: 'answers-failed',
      setup: (project, engine) => {
        one(project);
        engine.fail('runs.photos', new HolotypeError('storage', 'The answers could not be read.'));
      },
      seen: (page) => page.getByRole('heading', { name: 'The answers could not be read.' }).waitFor(),
    },
    {
      name: 'two-classes',
      setup: (project) => {
        withClasses(project, ['ants', 'bees']);
        one(project);
      },
      seen: async (page) => {
        await page.getByRole('img', { name: /^ROC curve/ }).waitFor();
        await page.getByRole('img', { name: /^Precision-recall curve/ }).waitFor();
      },
    },
    {
      name: 'forty-classes',
      setup: (project) => {
        withClasses(project, forty);
        one(project);
      },
      seen: (page) => page.getByRole('list', { name: 'Confused most often' }).waitFor(),
    },
    {
      name: 'old-run',
      setup: (project) => addResult(project, { number: 1, old: true }),
      seen: async (page) => {
        await page.getByText('This run is of an older version and did not keep its answers.').waitFor();
        await tab(page, 'Photos').click();
        await page.getByRole('heading', { name: 'This run did not keep its answers' }).waitFor();
      },
    },
    {
      name: 'photos',
      setup: one,
      seen: async (page) => {
        await tab(page, 'Photos').click();
        await page.getByRole('option').first().waitFor();
      },
    },
    {
      name: 'one-photo',
      setup: (project) => {
        withClasses(project, ['ants', 'bees', longName]);
        one(project);
      },
      seen: async (page) => {
        await tab(page, 'Photos').click();
        await page.getByRole('option').first().click();
        await page.getByRole('img', { name: /Where the model looked/ }).waitFor();
      },
    },
    {
      name: 'no-suspects',
      setup: one,
      seen: async (page) => {
        await tab(page, 'Likely label errors').click();
        await page.getByRole('heading', { name: 'No label looks wrong' }).waitFor();
      },
    },
    {
      name: 'suspects',
      setup: (project) => {
        withClasses(project, ['ants', 'bees', longName]);
        addResult(project, { number: 1, suspects: 12 });
      },
      seen: async (page) => {
        await tab(page, 'Likely label errors').click();
        await page.getByText(/^12 labels that models/).waitFor();
      },
    },
    {
      name: 'compare',
      setup: (project) => {
        addResult(project, { number: 1, wrongEvery: 4 });
        addResult(project, { number: 2, wrongEvery: 7, settings: { hidden: [64] } });
      },
      seen: async (page) => {
        await tab(page, 'Compare').click();
        await page.getByText(/that both were checked on/).waitFor();
        await page.getByRole('row', { name: /Hidden layers of the head default 64/ }).waitFor();
      },
    },
  ];

  it.each(looks)(
    'shows every state without barriers (dark: $dark, $size.width wide)',
    async ({ dark, size }) => {
      for (const { name, setup, seen } of states) {
        const { page, complaints } = await open(setup, { dark, size });
        await seen(page);
        await picture(page, `judge-${name}-${size.width}${dark ? '-dark' : ''}`);
        expect(await axe(page), name).toEqual([]);
        expect(await wide(page), name).toEqual([]);
        expect(complaints, name).toEqual([]);
        await page.context().close();
      }
    },
    180_000,
  );

  it('is walked by keys alone: the matrix, the photos behind a number, a label mended, trained again', async () => {
    const { page, engine, project, complaints } = await open(one);
    await cell(page, '28 of healthy called healthy').or(page.getByRole('gridcell').nth(1)).first().waitFor();
    // One cell is where the Tab key comes to; arrows go on from there, and the table remembers.
    await page.locator('[data-cell="0,0"]').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowRight');
    const place = () => page.evaluate(() => document.activeElement?.getAttribute('data-cell'));
    expect(await place()).toBe('0,1');
    await page.keyboard.press('End');
    expect(await place()).toBe('0,2');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    expect(await place()).toBe('0,1');
    const name = (await page.locator('[data-cell="0,1"]').getAttribute('aria-label')) ?? '';
    const number = Number(name.split(' ')[0]);
    expect(number).toBeGreaterThan(0);
    await page.keyboard.press('Enter');
    await page.getByText(`healthy called rust: ${number} photo`).waitFor();
    await expectSoon(() => page.getByRole('option').count(), number);
    // A photo, its label, and back.
    await page.getByRole('listbox').focus();
    await page.keyboard.press('Enter');
    await page
      .getByRole('dialog')
      .getByText(/^Labelled healthy; the model says rust/)
      .waitFor();
    await page.getByRole('button', { name: 'Change the label' }).press('Enter');
    await page.getByRole('menuitem', { name: 'rust' }).press('Enter');
    const photo = project()
      .runPhotos.get(runId(1))
      ?.find((answer) => answer.truth === 'healthy' && answer.predicted === 'rust');
    expect(photo).toBeDefined();
    await expectSoon(() => engine.calls.filter(({ method }) => method === 'labels.assign').length, 1);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('1 label mended').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Train again' }).press('Enter');
    await page.getByRole('heading', { name: 'Training', exact: true }).waitFor();
    expect(engine.calls.some(({ method }) => method === 'train.start')).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows numbers as far from the truth, and leads from a dot to its photo', async () => {
    const { page, complaints } = await open((project) => addTaskResult(project, 'regression'));
    await page.getByRole('heading', { name: /^Off by 3/ }).waitFor();
    await page.getByText('R²').waitFor();
    expect(await page.getByText('What is taken for what').count()).toBe(0);
    expect(await page.getByRole('tab', { name: 'Likely label errors' }).count()).toBe(1);
    await page
      .getByRole('button', { name: /^Said .*, is / })
      .first()
      .press('Enter');
    await page
      .getByRole('dialog')
      .getByText(/^Its number is .*; the model says/)
      .waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('radio', { name: 'Farthest off' }).click();
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows several labels one by one, and the photos with the most wrong ones first', async () => {
    const { page, complaints } = await open((project) => addTaskResult(project, 'multi-label'));
    await page.getByRole('heading', { name: /all labels right$/ }).waitFor();
    await page.getByRole('table', { name: 'Figures of each label' }).getByText('Average precision').waitFor();
    expect(await page.getByText('What is taken for what').count()).toBe(0);
    await tab(page, 'Photos').click();
    await page.getByRole('option').first().click();
    await page
      .getByRole('dialog')
      .getByText(/^Labelled .*; the model says/)
      .waitFor();
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows the final test beside the photos it was checked on, each with its own photos', async () => {
    const { page, project } = await open((fake) => addResult(fake, { number: 1, test: true }));
    const answers = () => project().runPhotos.get(runId(1)) ?? [];
    const right = (split: string): number =>
      answers().filter((one) => one.split === split && one.truth === 'healthy' && one.predicted === 'healthy')
        .length;
    await page.getByText(/^Final test: \d+\.\d% right$/).waitFor();
    await page.getByRole('radio', { name: 'Final test' }).click();
    await cell(page, `${right('test')} of healthy called healthy`).click();
    await expectSoon(() => page.getByRole('option').count(), right('test'));
    await page.getByRole('button', { name: 'Back to the table' }).click();
    expect(right('val')).not.toBe(right('test'));
    await cell(page, `${right('val')} of healthy called healthy`).waitFor();
    await page.context().close();
  });

  it('says what a threshold would do, live', async () => {
    const { page, complaints } = await open(one);
    const slider = page.getByRole('slider', { name: 'Least confidence' });
    await slider.focus();
    await page.keyboard.press('End');
    await page.getByText('Below 100.0%: unknown').waitFor();
    await page.getByText(/^0 of \d+ photos$/).waitFor();
    await page.keyboard.press('Home');
    await page.getByText(/^(\d+) of \1 photos$/).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('mends a likely label error on the spot', async () => {
    const { page, project, complaints } = await open((fake) => addResult(fake, { number: 1, suspects: 3 }));
    await tab(page, 'Likely label errors').click();
    const [suspect] = project().suspects.get(runId(1)) ?? [];
    if (suspect === undefined) throw new Error('There is no suspect.');
    await page
      .getByRole('button', { name: `It is ${suspect.suggested}` })
      .first()
      .press('Enter');
    await expectSoon(
      () => project().photos.find(({ id }) => id === suspect.photo)?.labels,
      [suspect.suggested],
    );
    await page.getByText('1 label mended').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('adds a label that is probably missing in one click, and leads to a number to be mended', async () => {
    const several = await open((fake) => addTaskResult(fake, 'multi-label'));
    await tab(several.page, 'Likely label errors').click();
    const [suspect] = several.project().suspects.get(runId(1)) ?? [];
    const name = suspect?.label?.name ?? '';
    expect(await axe(several.page)).toEqual([]);
    await picture(several.page, 'judge-suspects-labels');
    await several.page
      .getByRole('button', { name: `Add ${name}` })
      .first()
      .press('Enter');
    await expectSoon(
      () =>
        several
          .project()
          .photos.find(({ id }) => id === suspect?.photo)
          ?.labels.includes(name),
      true,
    );
    await several.page.getByText(`has ${name}`, { exact: true }).waitFor();
    expect(several.complaints).toEqual([]);
    await several.page.context().close();

    const { page, project, complaints } = await open((fake) => addTaskResult(fake, 'regression'));
    await tab(page, 'Likely label errors').click();
    await page.getByText('2 numbers that models').waitFor();
    await picture(page, 'judge-suspects-numbers');
    expect(await axe(page)).toEqual([]);
    const [first] = project().suspects.get(runId(1)) ?? [];
    await page.getByRole('button', { name: 'Look and mend' }).first().press('Enter');
    await expectSoon(() => page.url().endsWith(`/label/${first?.photo}`), true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('deletes a run only when a person is sure, and shows the one before', async () => {
    const { page, project } = await open((fake) => {
      one(fake);
      addResult(fake, { number: 2, wrongEvery: 9 });
    });
    const remove = page.getByRole('button', { name: 'Delete this run' });
    await remove.press('Enter');
    await page.getByRole('alertdialog', { name: /^Delete Run 2/ }).waitFor();
    await page.keyboard.press('Escape');
    expect(project().runs).toHaveLength(2);
    await remove.press('Enter');
    await page.getByRole('button', { name: 'Delete the run' }).press('Enter');
    await page
      .getByRole('combobox', { name: 'Run' })
      .getByText(/^Run 1/)
      .waitFor();
    expect(project().runs).toHaveLength(1);
    await page.context().close();
  });
});

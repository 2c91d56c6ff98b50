import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { addRun } from '../renderer/fake/runs.ts';
import { leaves, leavesOf, startWorld, type FakeProject } from '../renderer/fake/world.ts';
import {
  axe,
  browserPath,
  openFakePage,
  openLab,
  picture,
  whySkipped,
  type OpenPage,
  type PageLab,
  type PageOptions,
} from './fake-page.ts';
import { expectSoon } from './expect-soon.ts';

const themes = [false, true];

describe.skipIf(browserPath === undefined)(`the screen "Label"${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  interface Labelled extends OpenPage {
    readonly engine: FakeEngine;
    /** As the engine has it now. */
    readonly project: () => FakeProject;
    /** The labels of the photo at a position of all, as the engine has them. */
    readonly labels: (at: number) => string[] | undefined;
  }

  async function open(
    setup: (project: FakeProject, engine: FakeEngine) => void = () => undefined,
    options: PageOptions = {},
  ): Promise<Labelled> {
    const engine = createFakeEngine(startWorld({ photos: 120 }));
    const project = (): FakeProject => leavesOf(engine.world);
    setup(project(), engine);
    const opened = await openFakePage(lab, engine, { hash: `#/project/${leaves}/label`, ...options });
    await opened.page.getByRole('heading', { name: 'Label', level: 1 }).waitFor({ state: 'attached' });
    return { ...opened, engine, project, labels: (at) => project().photos[at]?.labels };
  }
  const grid = (page: Page) => page.getByRole('listbox', { name: /^Photos/ });
  const tile = (page: Page, at: number) => page.locator(`[data-at="${at}"]`);
  const current = (page: Page) =>
    grid(page).evaluate((element) => {
      const id = element.getAttribute('aria-activedescendant') ?? '';
      return document.getElementById(id)?.getAttribute('aria-posinset');
    });
  const press = async (page: Page, ...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };

  it('is labelled from the first photo to the last by keys alone', async () => {
    const { page, complaints, labels, project } = await open();
    await grid(page).waitFor();
    // The grid has the keyboard from the beginning.
    await press(page, 'Home', '2');
    await expectSoon(() => labels(0), ['rust']);
    expect(await current(page)).toBe('2');
    // An arrow, a range, a class for all of it; it stays selected to be put right.
    await press(page, 'ArrowRight', 'Space', 'Shift+ArrowRight', 'Shift+ArrowRight', '3');
    await expectSoon(
      () => [2, 3, 4].map(labels),
      [['powdery mildew'], ['powdery mildew'], ['powdery mildew']],
    );
    await page.getByText('3 photos selected').waitFor();
    await press(page, '0');
    await expectSoon(() => [2, 3, 4].map(labels), [[], [], []]);
    await press(page, 'Control+z', 'Control+z');
    await expectSoon(() => labels(2), ['healthy']);
    await press(page, 'Control+y');
    await expectSoon(() => labels(2), ['powdery mildew']);
    await press(page, 'x');
    await expectSoon(() => project().photos.filter(({ excluded }) => excluded).length, 3);
    await press(page, 'Escape', 'Control+a');
    await page.getByText('120 photos selected').waitFor();
    await press(page, 'Escape');
    await page.getByText('120 photos selected').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('goes through the photos without a label until there is none left', async () => {
    const { page, project } = await open((fake) => {
      fake.photos = fake.photos.map((row, at) =>
        at < 4 ? { ...row, labels: [] } : { ...row, labels: ['rust'] },
      );
    });
    await page.getByRole('button', { name: /^Without a label/ }).click();
    await expectSoon(() => page.getByRole('option').count(), 4);
    await press(page, '1', '2', '1');
    await expectSoon(() => page.getByRole('option').count(), 1);
    expect(await current(page)).toBe('1');
    // The last one stays in sight until the keyboard goes elsewhere.
    await press(page, '2');
    await expectSoon(
      () =>
        project()
          .photos.slice(0, 4)
          .map(({ labels }) => labels[0]),
      ['healthy', 'rust', 'healthy', 'rust'],
    );
    await page.getByRole('button', { name: /^All photos/ }).click();
    await page.getByRole('button', { name: /^Without a label/ }).click();
    await page.getByRole('heading', { name: 'Every photo has a label' }).waitFor();
    await picture(page, 'label-all-labelled');
    await page.context().close();
  });

  it('selects with the pointer as file managers do', async () => {
    const { page } = await open();
    await tile(page, 1).click();
    await tile(page, 3).click({ modifiers: ['ControlOrMeta'] });
    await page.getByText('2 photos selected').waitFor();
    await tile(page, 6).click({ modifiers: ['Shift'] });
    await page.getByText('4 photos selected').waitFor();
    await tile(page, 0).click();
    await page.getByText('photos selected').waitFor({ state: 'detached' });
    // The context menu is about the photo it was asked for.
    await tile(page, 5).click({ button: 'right' });
    await page.getByRole('menuitem', { name: /^Leave out of training/ }).click();
    await expect.poll(() => tile(page, 5).getAttribute('aria-label')).toContain('left out of training');
    await page.context().close();
  });

  it('searches, sorts and finds its way back', async () => {
    const { page } = await open();
    await grid(page).waitFor();
    await press(page, '/');
    await page.keyboard.type('rust 002');
    await expectSoon(() => page.getByRole('option').count(), 5);
    await press(page, 'Enter');
    expect(await grid(page).evaluate((element) => element === document.activeElement)).toBe(true);
    await press(page, 'End', 'Enter');
    await page.getByText('5 of 5').first().waitFor();
    await press(page, 'ArrowLeft');
    await page.getByText('4 of 5').first().waitFor();
    await press(page, 'Escape');
    await grid(page).waitFor();
    expect(await current(page)).toBe('4');
    expect(await page.getByRole('searchbox').inputValue()).toBe('rust 002');
    await press(page, 'f');
    await page.getByText(/^Like leaf/).waitFor();
    await expectSoon(() => page.getByText('120 photos', { exact: true }).count(), 1);
    await page.context().close();
  });

  it('shows a photo alone after a reload, and labels it', async () => {
    const { page, labels } = await open();
    await grid(page).waitFor();
    await press(page, 'Home', 'ArrowRight', 'Enter');
    await page.getByText('2 of 120').first().waitFor();
    await page.reload();
    await page.getByText('2 of 120').first().waitFor();
    await press(page, '3');
    await expectSoon(() => labels(1), ['powdery mildew']);
    await page.getByText('3 of 120').first().waitFor();
    await press(page, '+', '+');
    await expect
      .poll(() => page.getByRole('button', { name: 'Whole photo', exact: true }).isEnabled())
      .toBe(true);
    await press(page, 'Control+0');
    await expect
      .poll(() => page.getByRole('button', { name: 'Whole photo', exact: true }).isEnabled())
      .toBe(false);
    await page.context().close();
  });

  it('makes, renames, merges and deletes classes, all of it undone by keys', async () => {
    const { page, project, complaints } = await open();
    const names = () => project().state.classes.map(({ name }) => name);
    await page.getByRole('button', { name: 'New class' }).click();
    await page.keyboard.type('rust');
    await page.getByText('There is a class of this name.').waitFor();
    await page.keyboard.type(' of wheat');
    await press(page, 'Enter');
    await expectSoon(names, ['healthy', 'rust', 'powdery mildew', 'rust of wheat']);
    await press(page, 'Escape');
    await page.getByRole('button', { name: 'Change rust', exact: true }).press('Enter');
    await page.getByRole('menuitem', { name: 'Rename…' }).press('Enter');
    await page.getByRole('textbox', { name: 'New name of rust' }).fill('leaf rust');
    await press(page, 'Enter');
    await expectSoon(names, ['healthy', 'leaf rust', 'powdery mildew', 'rust of wheat']);
    await page.getByRole('button', { name: 'Change leaf rust' }).click();
    await page.getByRole('menuitem', { name: 'Merge into' }).hover();
    await page.getByRole('menuitem', { name: 'rust of wheat' }).click();
    await page.getByRole('alertdialog').getByText('32 photos labelled').waitFor();
    await page.getByRole('button', { name: 'Merge' }).click();
    await expectSoon(names, ['healthy', 'powdery mildew', 'rust of wheat']);
    await page.getByRole('button', { name: 'Change healthy' }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete class' }).click();
    await expectSoon(names, ['powdery mildew', 'rust of wheat']);
    await press(page, 'Control+z', 'Control+z');
    await expectSoon(names, ['healthy', 'leaf rust', 'powdery mildew', 'rust of wheat']);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('gives photos several labels where they may have several, and keeps them in sight meanwhile', async () => {
    const { page, labels } = await open((fake) => {
      fake.state = { ...fake.state, task: 'multi-label' };
      fake.photos = fake.photos.map((row) => ({ ...row, labels: [] }));
    });
    // The keyboard is on the first photo, wherever the pointer was.
    await page.getByRole('button', { name: /^Without a label/ }).click();
    await press(page, '1', '3');
    await expectSoon(() => labels(0), ['healthy', 'powdery mildew']);
    await press(page, '1');
    await expectSoon(() => labels(0), ['powdery mildew']);
    expect(await current(page)).toBe('1');
    await grid(page).focus();
    await press(page, 'ArrowRight');
    await expectSoon(() => page.getByText('119 of 120').count(), 1);
    await page.context().close();
  });

  it('gives photos their numbers one after the other where a number is predicted', async () => {
    const { page, project } = await open((own) => {
      own.photos = own.photos.map((row) => ({ ...row, labels: [] }));
    });
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitemcheckbox', { name: 'A number' }).click();
    await page.getByText('This project predicts a number').waitFor();
    await grid(page).focus();
    await press(page, 'Home', 'n');
    const entry = page.getByRole('textbox', { name: 'Number of the photo' });
    await entry.fill('2,5');
    await press(page, 'Enter');
    await entry.fill('soon');
    await page.getByText('This is no number.').waitFor();
    await entry.fill('-3');
    await press(page, 'Enter');
    const targets = () =>
      project()
        .photos.slice(0, 3)
        .map(({ target }) => target);
    await expectSoon(targets, [2.5, -3, undefined]);
    expect(await current(page)).toBe('3');
    await page.context().close();
  });

  it('takes a label back, with words, when the engine refuses it', async () => {
    const { page, engine, labels } = await open();
    await grid(page).waitFor();
    engine.fail('labels.assign', new HolotypeError('storage', 'The disk is full.', { remedy: 'Make room.' }));
    await press(page, 'Home', '3');
    await page.getByText('The disk is full.', { exact: true }).waitFor();
    expect(labels(0)).toEqual(['healthy']);
    expect(await tile(page, 0).getAttribute('aria-label')).toContain('healthy');
    await page.context().close();
  });

  it('changes nothing in a project that is open elsewhere', async () => {
    const { page, engine } = await open((fake) => {
      fake.state = { ...fake.state, readOnly: { holder: 'another window' } };
    });
    await grid(page).waitFor();
    await press(page, 'Home', '2', '0', 'x', 'Control+z');
    await page.getByText('You can look at this project but not change it.').waitFor();
    expect(await page.getByRole('button', { name: 'New class' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Leave out of training' }).isDisabled()).toBe(true);
    expect(engine.calls.filter(({ method }) => /^(labels|classes|photos\.exclude)/.test(method))).toEqual([]);
    await page.context().close();
  });

  it('takes labels from a file and says which lines could not be used; saves them', async () => {
    const { page } = await open();
    const csv = { name: 'labels.csv', mimeType: 'text/csv', buffer: Buffer.from('filename,label\n') };
    await page.getByLabel('Labels file').setInputFiles(csv);
    await page.getByRole('dialog', { name: 'Labels imported' }).getByText('nowhere.jpg').waitFor();
    await picture(page, 'label-import');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'More', exact: true }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Export labels as CSV' }).click();
    expect((await download).suggestedFilename()).toBe('labels.csv');
    await page.context().close();
  });

  it.each(themes)('has no barriers that axe could find (dark: %s)', async (dark) => {
    const withRun = (fake: FakeProject): void => {
      addRun(fake);
      fake.photos = fake.photos.map((row, at) =>
        at % 17 === 3 ? { ...row, excluded: true } : at % 29 === 6 ? { ...row, missing: true } : row,
      );
    };
    const name = dark ? '-dark' : '';
    for (const size of [
      { width: 900, height: 600 },
      { width: 1440, height: 900 },
    ]) {
      const { page, complaints } = await open(withRun, { dark, size });
      const look = async (what: string): Promise<void> => {
        await picture(page, `label-${what}-${size.width}${name}`);
        expect(await axe(page), what).toEqual([]);
      };
      await grid(page).waitFor();
      await press(page, 'Home', 'Space', 'Shift+ArrowDown');
      await look('grid');
      await page.getByRole('button', { name: /^Model disagrees/ }).click();
      await look('disagrees');
      await grid(page).focus();
      await press(page, 'Home', 'Enter', 'h');
      await page.getByRole('img', { name: /Where the model looked/ }).waitFor();
      await look('photo');
      await press(page, 'm', 'Escape');
      await page.getByRole('button', { name: 'Hide filters and classes' }).click();
      await page.getByRole('searchbox').fill('nowhere');
      await page.getByRole('heading', { name: 'No photo matches' }).waitFor();
      await look('no-match');
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('says why there is nothing to see', async () => {
    const none = await open((fake) => {
      fake.photos = [];
    });
    await none.page.getByRole('button', { name: 'See why 3 files were left out' }).click();
    await none.page.getByText('The file ends before the picture does.').waitFor();
    await none.page.context().close();

    const failed = await open((_, engine) => {
      engine.fail('photos.list', new HolotypeError('storage', 'The photos could not be listed.'));
    });
    await failed.page.getByRole('heading', { name: 'The photos could not be listed.' }).waitFor();
    failed.engine.fail('photos.list', null);
    await failed.page.getByRole('button', { name: 'Try again' }).click();
    await grid(failed.page).waitFor();
    expect(await axe(failed.page)).toEqual([]);
    await failed.page.context().close();
  });
});

import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import type { FakeEngine } from '../renderer/fake-engine.ts';
import { changeJob } from '../renderer/fake/jobs.ts';
import { addSearch, aSearch, finishSearching, goOnSearching } from '../renderer/fake/search.ts';
import { leaves } from '../renderer/fake/world.ts';
import { expectSoon } from './expect-soon.ts';
import {
  axe,
  browserPath,
  openLab,
  picture,
  tooWide,
  whySkipped,
  type PageLab,
  type PageOptions,
} from './fake-page.ts';
import { openLeaves } from './open-leaves.ts';

describe.skipIf(browserPath === undefined)(`searching better settings${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  const open = (setup?: (engine: FakeEngine) => void, options?: PageOptions) =>
    openLeaves(lab, 'train/search', setup, options);
  const wide = (page: Page): Promise<string[]> => tooWide(page, 'html, .search, .search-card');
  const newestJob = ({ world }: FakeEngine): string => [...world.jobs.keys()].at(-1) ?? '';
  const rowsOf = (page: Page) => page.getByRole('table', { name: 'Trials, best first' }).getByRole('row');

  it('from the training screen, by keyboard: started, watched, and what was found used', async () => {
    const { page, complaints, engine } = await open(() => undefined, { hash: `#/project/${leaves}/train` });
    await page.getByRole('button', { name: 'Search for better settings' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Nothing was searched yet' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('radio', { name: 'Automatic' }).focus();
    await page.keyboard.press('ArrowRight');
    // The focus follows the arrow a moment later.
    await page.locator('[role="radio"]:focus', { hasText: 'Bayesian' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Learns from every trial where to look next').waitFor();
    await page.getByRole('combobox', { name: 'How long' }).focus();
    await page.keyboard.press('Enter');
    // The list is there before what is chosen has the focus.
    await page.locator('[role="option"]:focus', { hasText: '10 minutes' }).waitFor();
    await page.keyboard.press('ArrowUp');
    await page.locator('[role="option"]:focus', { hasText: '5 minutes' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Start the search' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Searching' }).getByText('Trial 3').waitFor();
    expect(engine.calls.findLast(({ method }) => method === 'search.start')?.input).toMatchObject({
      method: 'bayes',
      budget: 300,
    });
    // Two are under way beside the three that are done.
    await expectSoon(() => rowsOf(page).count(), 6);
    expect((await rowsOf(page).allInnerTexts()).slice(1, 3).join(' ')).toMatch(
      /^Trial 3\s+UNDER WAY[^]*Trial 4\s+UNDER WAY/i,
    );
    await page.getByText('3 trials so far · 2 heads trained at once').waitFor();
    await picture(page, 'searching');
    expect(await axe(page)).toEqual([]);

    const job = newestJob(engine);
    goOnSearching(engine.world, engine.events, job, leaves, 7);
    await page.getByText('7 trials so far').waitFor();
    await page.getByText('Failed: Training diverged').waitFor();
    finishSearching(engine.world, engine.events, job, leaves);
    await page.getByRole('heading', { name: /a difference that may be luck/ }).waitFor();
    await page.getByRole('button', { name: 'Use these settings' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: /ResNet-18/, checked: true }).waitFor();
    const saved = engine.calls.findLast(({ method }) => method === 'projects.changeSettings');
    expect(saved?.input).toMatchObject({
      settings: { training: { backbone: 'resnet-18', dropout: 0.25, hidden: [128], recipe: 'head' } },
    });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    { dark: false, size: { width: 900, height: 600 } },
    { dark: true, size: { width: 1440, height: 900 } },
  ])('what was found, as tables and a drawing ($size.width, dark: $dark)', async (look) => {
    const { page, complaints } = await open(({ world }) => addSearch(world, leaves), look);
    await page.getByText('37 trainings looked at the 60 photos to check on').waitFor();
    await page.getByText('The 30 photos for the final test were not looked at.').waitFor();
    await page.getByText('One training was under way when the time was up').waitFor();
    const finalists = page.getByRole('table', { name: 'The best, tried again' }).getByRole('row');
    expect((await finalists.allInnerTexts()).at(-1)).toContain('Without a search');
    const mattered = page.getByRole('table', { name: 'How much each setting mattered' }).getByRole('row');
    expect((await mattered.allInnerTexts())[1]).toMatch(/Learning rate\s+61\.0%/);

    await expectSoon(() => rowsOf(page).count(), 11);
    await page.getByRole('button', { name: 'Show all 25' }).click();
    await expectSoon(() => rowsOf(page).count(), 26);
    // Number 0 is no point of the space, and one failed.
    await expectSoon(() => page.locator('.search-line').count(), 23);
    const slider = page.getByRole('slider', { name: 'Trial shown, best first' });
    const first = await slider.getAttribute('aria-valuetext');
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => slider.getAttribute('aria-valuetext'), { timeout: 20_000 }).not.toBe(first);
    const said = (await slider.getAttribute('aria-valuetext')) ?? '';
    expect(said).toMatch(/^Trial \d+: loss 0\.\d{4}, 9\d\.\d% right$/);
    await page.locator('.search-shown').getByText(said).waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await wide(page)).toEqual([]);
    await picture(page, `search-${look.size.width}`);

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as a recipe' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('Leaf diseases, recipe.json');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('a cancelled search says what is kept, a failed one why; a number of trials is checked', async () => {
    const { page, engine } = await open();
    await page.getByRole('combobox', { name: 'How long' }).click();
    await page.getByRole('option', { name: 'A number of trials' }).click();
    await page.getByRole('textbox', { name: 'Trials' }).fill('0');
    await page.getByText('A whole number from 1 to 1000.').waitFor();
    const start = page.getByRole('button', { name: 'Start the search' });
    await expectSoon(() => start.isDisabled(), true);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('textbox', { name: 'Trials' }).fill('12');
    await start.click();
    await page.getByRole('region', { name: 'Searching' }).getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('3 trials kept: start the same search again').waitFor();
    const sent = engine.calls.findLast(({ method }) => method === 'search.start')?.input;
    expect(sent).toMatchObject({ method: 'auto', trials: 12 });
    expect(sent).not.toHaveProperty('budget');
    expect(await axe(page)).toEqual([]);

    await page.getByRole('button', { name: 'Start the search' }).click();
    await page.getByRole('region', { name: 'Searching' }).waitFor();
    changeJob(engine.world, engine.events, newestJob(engine), {
      state: 'failed',
      endedAt: new Date().toISOString(),
      error: { code: 'bad-input', message: 'There are too few photos.', remedy: 'Add photos.' },
    });
    await page.getByRole('alert').getByText('There are too few photos.').waitFor();
    await page.context().close();
  });

  it('where nothing better was found there is nothing to use', async () => {
    const { page } = await open(({ world }) => {
      const { result, ...rest } = aSearch();
      if (result === null) throw new Error('The search has a result.');
      const verdict = 'Nothing better than the usual settings was found in 24 trials.';
      addSearch(world, leaves, {
        ...rest,
        result: { ...result, verdict, finalists: result.finalists.toReversed(), importance: [] },
      });
    });
    await page.getByRole('heading', { name: /Nothing better than the usual settings/ }).waitFor();
    await page.getByText('Too few trials to tell which settings matter.').waitFor();
    expect(await page.getByRole('button', { name: 'Use these settings' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Save as a recipe' }).waitFor();
    await page.context().close();
  });

  it('what goes wrong is said, and can be tried again', async () => {
    const { page, engine } = await open((made) =>
      made.fail('search.result', new HolotypeError('storage', 'The last search can’t be read.')),
    );
    await page.getByRole('heading', { name: 'The last search can’t be read.' }).waitFor();
    expect(await axe(page)).toEqual([]);
    engine.fail('search.result', null);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Nothing was searched yet' }).waitFor();
    await page.context().close();
  });
});

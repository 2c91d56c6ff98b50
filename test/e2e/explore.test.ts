import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Task } from '../../src/contract/project.ts';
import { createFakeEngine, type FakeEngine } from '../renderer/fake-engine.ts';
import { addExploration } from '../renderer/fake/explore.ts';
import { leaves, leavesOf, startWorld } from '../renderer/fake/world.ts';
import {
  axe,
  browserPath,
  openFakePage,
  openLab,
  picture,
  whySkipped,
  type OpenPage,
  type PageLab,
} from './fake-page.ts';

describe.skipIf(browserPath === undefined)(`exploring a project${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  async function open(
    explored: boolean,
    dark = false,
    task: Task = 'single-label',
  ): Promise<OpenPage & { engine: FakeEngine }> {
    const engine = createFakeEngine(startWorld({ photos: 60 }));
    const own = leavesOf(engine.world);
    own.state = { ...own.state, task };
    if (explored) addExploration(engine.world, leaves);
    const size = dark ? { width: 1440, height: 900 } : { width: 900, height: 600 };
    const opened = await openFakePage(lab, engine, { hash: `#/project/${leaves}/label/explore`, dark, size });
    await opened.page.getByRole('heading', { name: 'Explore', level: 1 }).waitFor();
    return { ...opened, engine };
  }
  const tab = (page: Page, name: string) => page.getByRole('tab', { name, exact: true });
  const labelsOf = (engine: FakeEngine, group: string): string[][] =>
    (engine.world.projects.get(leaves)?.photos ?? [])
      .filter(({ path }) => path.startsWith(`${group}/`))
      .map(({ labels }) => labels);

  it('from nothing to a map, and what axe says of every page in both themes', async () => {
    const { page, complaints } = await open(false);
    await page.getByRole('heading', { name: 'See what is in your photos' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Explore the photos' }).click();
    await page.getByRole('img', { name: /^Map of 60 photos/ }).waitFor();
    expect(complaints).toEqual([]);
    await page.close();

    const { page: wide } = await open(true, true);
    for (const name of ['Groups', 'Photos', 'Odd', 'Copies', 'Labels', 'Next']) {
      await tab(wide, name).click();
      expect(await axe(wide), name).toEqual([]);
    }
    await wide.close();
  });

  it('by keyboard: a group is selected and labelled, a photo is left out, and the next ones are come to', async () => {
    const { page, engine } = await open(true);
    await page.getByRole('button', { name: 'Select Group 1', exact: true }).focus();
    await page.keyboard.press('Enter');
    const bar = page.getByRole('group', { name: 'What is selected' });
    await bar.getByText('20 photos selected').waitFor();
    await bar.getByRole('button', { name: 'rust', exact: true }).press('Enter');
    await expect.poll(() => labelsOf(engine, 'healthy').every(([label]) => label === 'rust')).toBe(true);

    // Naming a group labels what in it has no label.
    await page.getByRole('button', { name: 'Name Group 3' }).press('Enter');
    await page.getByRole('menuitem', { name: 'powdery mildew' }).press('Enter');
    await expect
      .poll(() => labelsOf(engine, 'powdery mildew').every(({ length }) => length === 1))
      .toBe(true);

    await tab(page, 'Photos').click();
    await page.getByRole('listbox', { name: 'Photos by group, 60' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Space');
    await bar.getByText('19 photos selected').waitFor();

    await tab(page, 'Odd').click();
    // A photo whose file is odd says so; what is odd by what it shows has to be looked at.
    const reason = page.getByText('smaller than most: 180 px on the short side, most have 333 to 424');
    await reason.waitFor();
    expect(await page.getByText(/than most/).count()).toBe(1);
    await picture(page, 'explore-odd');
    const first = page.getByRole('button', { name: /^Look at / }).first();
    const oddest = await first.getAttribute('aria-label');
    await page.getByRole('radio', { name: 'Content alone' }).focus();
    await page.keyboard.press('Space');
    await expect.poll(() => first.getAttribute('aria-label')).not.toBe(oddest);
    await page.getByRole('radio', { name: 'Content and file' }).press('Space');
    await page.getByRole('button', { name: 'Leave out', exact: true }).first().press('Enter');
    await page.getByRole('button', { name: 'Take back' }).waitFor();

    await tab(page, 'Next').click();
    await page.getByRole('button', { name: 'Label these next' }).press('Enter');
    await page.getByRole('heading', { name: 'Label', level: 1 }).waitFor({ state: 'attached' });
    await page.getByRole('combobox', { name: 'Sort by' }).getByText('Worth labelling').waitFor();
    await page.close();
  });

  it('several labels and numbers: what is wrong is mended, and it is said what the next ones are chosen by', async () => {
    const { page, engine } = await open(true, false, 'multi-label');
    const third = () => engine.world.projects.get(leaves)?.photos[2]?.labels;
    await tab(page, 'Labels').click();
    expect(await axe(page)).toEqual([]);
    expect(third()).toContain('healthy');
    await picture(page, 'explore-labels-several');
    await page.getByRole('button', { name: 'Remove healthy' }).press('Enter');
    await expect.poll(third).not.toContain('healthy');
    await page.close();

    const { page: numbers } = await open(true, false, 'regression');
    await tab(numbers, 'Labels').click();
    await numbers.getByText('40 rather 12.5').waitFor();
    await picture(numbers, 'explore-labels-numbers');
    expect(await axe(numbers)).toEqual([]);
    await tab(numbers, 'Next').click();
    await numbers.getByText('A model of numbers does not say how unsure it is').waitFor();
    await numbers.close();
  });

  it('by pointer: a line round photos selects them', async () => {
    const { page, complaints } = await open(true);
    const map = page.getByRole('img', { name: /^Map of 60 photos/ });
    const box = await map.boundingBox();
    if (box === null) throw new Error('no map');
    const corners = [
      [0.02, 0.02],
      [0.98, 0.02],
      [0.98, 0.98],
      [0.02, 0.98],
      [0.02, 0.1],
    ];
    const [first, ...rest] = corners.map(([x = 0, y = 0]) => [box.x + x * box.width, box.y + y * box.height]);
    await page.mouse.move(first?.[0] ?? 0, first?.[1] ?? 0);
    await page.mouse.down();
    for (const [x = 0, y = 0] of rest) await page.mouse.move(x, y, { steps: 4 });
    await page.mouse.up();
    await page.getByText('60 photos selected').waitFor();
    await page.getByRole('button', { name: 'Clear the selection' }).click();
    await page.getByText('No photo selected').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });
});

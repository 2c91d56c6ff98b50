import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import type { FakeEngine } from '../renderer/fake-engine.ts';
import { addComparison, aNumberComparison, finishComparing } from '../renderer/fake/compare.ts';
import { leaves } from '../renderer/fake/world.ts';
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

describe.skipIf(browserPath === undefined)(`comparing backbones${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  const open = (setup?: (engine: FakeEngine) => void, options?: PageOptions) =>
    openLeaves(lab, 'train/compare', setup, options);
  const wide = (page: Page): Promise<string[]> => tooWide(page, 'html, .compare, .compare-card');

  it('from the training screen: compared, watched, and the best one used', async () => {
    const { page, complaints, engine } = await open(() => undefined, { hash: `#/project/${leaves}/train` });
    await page.getByRole('button', { name: 'Compare on my photos' }).click();
    await page.getByRole('heading', { name: 'Nothing was compared yet' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Compare 3 backbones' }).click();
    await page.getByText('Looking at the photos with ResNet-18 (2 of 3)').waitFor();
    expect(await axe(page)).toEqual([]);
    const [job = ''] = [...engine.world.jobs.keys()].slice(-1);
    finishComparing(engine.world, engine.events, job, leaves);
    await page
      .getByRole('heading', { name: /MobileNetV2 1\.0 may be just as good, and is 2\.7 times/ })
      .waitFor();
    await page.getByRole('button', { name: /^Use this one.*ResNet-18/ }).click();
    await page.getByRole('radio', { name: /ResNet-18/, checked: true }).waitFor();
    const saved = engine.calls.findLast(({ method }) => method === 'projects.changeSettings');
    expect(saved?.input).toMatchObject({ settings: { training: { backbone: 'resnet-18' } } });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    { dark: false, size: { width: 900, height: 600 } },
    { dark: true, size: { width: 1440, height: 900 } },
  ])('the ranking, as a drawing and a table ($size.width, dark: $dark)', async (look) => {
    const { page, complaints } = await open(({ world }) => addComparison(world, leaves), look);
    await page.getByRole('img', { name: /Accuracy against the time/ }).waitFor();
    const rows = page.getByRole('table', { name: 'Backbones, best first' }).getByRole('row');
    expect(await rows.count()).toBe(4);
    const told = await rows.allInnerTexts();
    expect(told[1]).toContain('far off: 24.0% sure, of its own about 69.8%');
    expect(told[2]).toContain('as good, for all we know');
    expect(told[3]).toContain('not measurable');
    expect(await axe(page)).toEqual([]);
    expect(await wide(page)).toEqual([]);
    await picture(page, `compare-${look.size.width}`);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('numbers: by how far off, in words, drawing and table', async () => {
    const { page, complaints } = await open(({ world }) => addComparison(world, leaves, aNumberComparison));
    await page.getByRole('heading', { name: /^ResNet-18 is off by 2\.4 on average\. MobileNetV2/ }).waitFor();
    const drawing = page.getByRole('img', { name: /Mean error against the time/ });
    // Best is at the top.
    const heights = await drawing
      .locator('circle')
      .evaluateAll((dots) => dots.map((dot) => Number(dot.getAttribute('cy'))));
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
    const rows = await page
      .getByRole('table', { name: 'Backbones, best first' })
      .getByRole('row')
      .allInnerTexts();
    expect(rows[0]).toContain('Off by');
    await picture(page, 'compare-numbers');
    expect(rows[1]).toMatch(/2\.4\s+R² 0\.840\s+2\.1 to 2\.8/);
    expect(await axe(page)).toEqual([]);
    expect(await wide(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.evaluate(() => (location.hash = '#/models'));
    await page.getByText('On your photos off by 2.4 on average, 47 ms a photo on this device.').waitFor();
    await page.context().close();
  });

  it('what goes wrong is said, and can be tried again', async () => {
    const { page, engine } = await open((made) =>
      made.fail('compare.latest', new HolotypeError('storage', 'The last comparison can’t be read.')),
    );
    await page.getByRole('heading', { name: 'The last comparison can’t be read.' }).waitFor();
    expect(await axe(page)).toEqual([]);
    engine.fail('compare.latest', null);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: 'Nothing was compared yet' }).waitFor();
    await page.context().close();
  });

  it('the page of models says how each did, and leads to the comparison', async () => {
    const { page } = await open(({ world }) => addComparison(world, leaves));
    await page.getByRole('img', { name: /Accuracy against the time/ }).waitFor();
    await page.evaluate(() => (location.hash = '#/models'));
    await page.getByText('On your photos 94.2% right, 47 ms a photo on this device.').waitFor();
    await page.getByRole('button', { name: 'What to know about ResNet-18' }).click();
    await page.getByText('far off: 24.0% sure, of its own about 69.8%').waitFor();
    await page.getByText('By Microsoft Research (2015).').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: /^Compare on my photos/ }).click();
    await page.getByRole('heading', { name: 'Compare backbones on your photos' }).waitFor();
    await page.context().close();
  });
});

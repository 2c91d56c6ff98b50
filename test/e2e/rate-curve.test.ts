import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeEngine } from '../renderer/fake-engine.ts';
import { addResult } from '../renderer/fake/results.ts';
import { leaves, startWorld } from '../renderer/fake/world.ts';
import { axe, browserPath, openFakePage, openLab, whySkipped, type PageLab } from './fake-page.ts';

const points = Array.from({ length: 100 }, (_, i) => ({
  rate: 10 ** (i / 15 - 6),
  loss: i < 80 ? 1.1 - i / 80 : 0.1 + (i - 79) ** 2 / 10,
}));

describe.skipIf(browserPath === undefined)(`a learning rate that was found${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  it('of fine-tuning has a curve of its own', async () => {
    const engine = createFakeEngine(startWorld({ photos: 60 }));
    const project = engine.world.projects.get(leaves);
    if (project === undefined) throw new Error('The fake project is gone.');
    addResult(project, { number: 1 });
    const finetune = { tried: true, kept: true, why: 'It is better.' };
    for (const { result } of project.details.values())
      Object.assign(result?.chosen ?? {}, {
        finetune: { ...finetune, rateSearch: { points, chosen: 0.00043, found: true } },
      });
    const { page, complaints } = await openFakePage(lab, engine, { hash: `#/project/${leaves}/judge` });
    await page.getByRole('heading', { name: 'How the learning rate of fine-tuning was found' }).waitFor();
    expect(await page.getByRole('heading', { name: 'How the learning rate was found' }).count()).toBe(0);
    await page.getByRole('img', { name: /^Loss by learning rate of fine-tuning; taken: 0.00043$/ }).waitFor();
    expect(await page.getByText('The trained blocks and the head learned for a moment').count()).toBe(1);
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['is shown with its curve', true, 'training took a tenth of that rate, 0.018'],
    ['or was not', false, 'training took the usual rate, 0.018'],
  ])('%s', async (_, found, words) => {
    const engine = createFakeEngine(startWorld({ photos: 60 }));
    const project = engine.world.projects.get(leaves);
    if (project === undefined) throw new Error('The fake project is gone.');
    addResult(project, { number: 1 });
    for (const { result } of project.details.values())
      Object.assign(result?.chosen ?? {}, { rateSearch: { points, chosen: 0.018, found } });
    const hash = `#/project/${leaves}/judge`;
    const { page, complaints } = await openFakePage(lab, engine, { hash });
    await page.getByRole('heading', { name: 'How the learning rate was found' }).waitFor();
    expect(await page.getByText(words).count()).toBe(1);
    expect(await page.getByRole('img', { name: /^Loss by learning rate; taken: 0.018$/ }).count()).toBe(
      found ? 1 : 0,
    );
    expect(await page.locator('.judge-rate-plot polyline').getAttribute('points')).toMatch(
      /^([\d.]+,[\d.]+ ?){100}$/,
    );
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFakeEngine } from '../renderer/fake-engine.ts';
import { addResult } from '../renderer/fake/results.ts';
import { leaves, leavesOf, startWorld } from '../renderer/fake/world.ts';
import { axe, browserPath, openFakePage, openLab, picture, whySkipped, type PageLab } from './fake-page.ts';

describe.skipIf(browserPath === undefined)(`landscapes and advice${whySkipped}`, () => {
  let lab: PageLab;
  beforeAll(async () => {
    lab = await openLab();
  });
  afterAll(() => lab?.close());

  it('are measured, seen as maps and tables, beside another run and on the way to it', async () => {
    const engine = createFakeEngine(startWorld({ photos: 240 }));
    const project = leavesOf(engine.world);
    addResult(project, { number: 1 });
    addResult(project, { number: 2 });
    const { page, complaints } = await openFakePage(lab, engine, { hash: `#/project/${leaves}/judge` });
    await page.getByRole('tab', { name: 'Landscape', exact: true }).click();
    await page.getByRole('heading', { name: 'How flat is the place where training ended?' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Measure the landscape' }).press('Enter');
    await page.getByRole('img', { name: /^Run 2: training loss around the model, from 0.05/ }).waitFor();
    await page.getByRole('img', { name: /^Run 2: validation loss/ }).waitFor();
    await page.getByText('The model lies in a steep place').waitFor();
    // The same figures as a table.
    await page.getByRole('button', { name: /^As a table ?: Run 2: training loss/ }).press('Enter');
    await page.getByRole('region', { name: 'Run 2: training loss, table' }).getByText('0.0500').waitFor();
    // Another run beside it, and the way there.
    await page.getByRole('combobox', { name: /Run to look at beside it/ }).click();
    await page.getByRole('option', { name: /^Run 1/ }).click();
    await page.getByText('Run 1 was not measured yet.').waitFor();
    await page.getByRole('button', { name: 'Measure Run 1' }).press('Enter');
    await page.getByRole('img', { name: /^Run 1: training loss/ }).waitFor();
    await page.getByRole('button', { name: 'Measure the way to Run 1' }).press('Enter');
    await page.getByText('Loss on the way to Run 1').waitFor();
    await page.getByText('A ridge of 0.45').waitFor();
    await picture(page, 'judge-landscape');
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('advice changes the settings of the next training at the press of a button', async () => {
    const engine = createFakeEngine(startWorld({ photos: 240 }));
    const project = leavesOf(engine.world);
    addResult(project, { number: 1 });
    const [id, detail] = [...project.details].at(-1) ?? [];
    if (id === undefined || detail === undefined) throw new Error('There is no run.');
    const advice = {
      code: 'overfitting',
      severity: 'warning',
      message: 'It learns its photos by heart.',
      evidence: 'Validation loss rose from 0.2 to 0.8.',
      action: 'Hold it back.',
      fix: { label: 'Train with a dropout of 0.3', settings: { dropout: 0.3 } },
    } as const;
    const places = {
      ...advice,
      code: 'labels-suspect',
      fix: { label: 'Review these labels', go: 'suspects' },
    } as const;
    project.details.set(id, { ...detail, advice: [advice, places] });
    const { page, complaints } = await openFakePage(lab, engine, { hash: `#/project/${leaves}/judge` });
    await page.getByText('Validation loss rose from 0.2 to 0.8.').first().waitFor();
    await page.getByRole('button', { name: 'Review these labels' }).press('Enter');
    await page.getByRole('heading', { name: 'No label looks wrong' }).waitFor();
    await page.getByRole('tab', { name: 'Results', exact: true }).click();
    await page.getByRole('button', { name: 'Train with a dropout of 0.3' }).press('Enter');
    await page.getByText('The settings of the next training were changed.', { exact: true }).waitFor();
    await expect
      .poll(() => engine.calls.findLast(({ method }) => method === 'train.plan')?.input)
      .toMatchObject({ settings: { dropout: 0.3 } });
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

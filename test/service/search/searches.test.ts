/** Searching settings as the window does it: a job of a project. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recipeFileSchema } from '../../../src/contract/search.ts';
import { readRecipe } from '../../../src/service/search/recipe-file.ts';
import { ProjectForTests, startWork, useFolders, type WorkForTests } from '../runs/work-testing.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let project: ProjectForTests;
let work: WorkForTests;

const start = {
  method: 'random' as const,
  trials: 3,
  settings: { epochs: 4, testFraction: 0.2, flips: 'off' as const },
};
const search = () => work.call('search.result', { project: project.id });
/** All that lies in the folder of the photos. */
const looks = (): string[] =>
  readdirSync(photos, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const bytes = readFileSync(join(parentPath, name));
      return `${name} ${createHash('sha256').update(bytes).digest('hex')}`;
    })
    .sort();

beforeAll(async () => {
  useFolders(scratch);
  writeBackbone(join(scratch, 'models'));
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  await writePhotos(photos, { red: 10, blue: 10 });
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  work = startWork(project, scratch);
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  rmSync(scratch, { recursive: true, force: true });
});

test('what was cancelled is kept, and gone on with; what came of it is there after a restart, too', async () => {
  const before = looks();
  expect(await search()).toBeNull();
  await expect(work.call('search.recipe', { project: project.id })).rejects.toMatchObject({
    code: 'not-found',
  });

  const cut = await work.call('search.start', { project: project.id, ...start });
  await expect(work.call('search.start', { project: project.id, ...start })).rejects.toMatchObject({
    code: 'busy',
  });
  // Number 0 is on the disk when trial 1 begins.
  await expect
    .poll(async () => (await search())?.tried ?? 0, { interval: 20, timeout: 20_000 })
    .toBeGreaterThan(0);
  // There is always something under way until the end, but for the moment between two.
  await expect
    .poll(async () => (await search())?.underWay.length ?? 0, { interval: 20, timeout: 20_000 })
    .toBeGreaterThan(0);
  expect((await search())?.atOnce).toBeGreaterThanOrEqual(1);
  work.jobs.cancel(cut.job);
  expect((await work.jobs.ended(cut.job)).state).toBe('cancelled');
  const partly = await search();
  expect(partly).toMatchObject({ job: cut.job, method: 'random', result: null });
  expect(partly).toMatchObject({ underWay: [], atOnce: null });
  const kept = partly?.tried ?? 0;
  expect(kept).toBeGreaterThan(0);

  const { job } = await work.call('search.start', { project: project.id, ...start });
  expect(await work.jobs.ended(job)).toMatchObject({ state: 'done', kind: 'search', error: null });
  const found = await search();
  expect(found).toMatchObject({
    job,
    tried: 4,
    chosen: { method: 'random' },
    wanted: { trials: 3, budget: null },
    result: { looks: { test: 0 }, counts: { test: 4 } },
  });
  // Those of before are the same ones, not made again.
  for (const trial of partly?.trials ?? []) expect(found?.trials).toContainEqual(trial);
  const losses = found?.trials.map(({ score }) => score?.loss ?? Infinity) ?? [];
  expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  expect(found?.result?.finalists.every(({ seeds }) => seeds.length === 3)).toBe(true);
  expect(JSON.stringify(found)).not.toContain(scratch);
  expect(looks()).toEqual(before);

  const later = startWork(project, scratch);
  expect(await later.call('search.result', { project: project.id })).toEqual(found);
  const offered = await later.call('search.recipe', { project: project.id });
  expect(offered.name).toBe('Leaves, recipe.json');
  const { content } = later.downloads.get(offered.download);
  expect(content).toBeInstanceOf(Uint8Array);
  const text = Buffer.from(content as Uint8Array).toString();
  expect(recipeFileSchema.parse(JSON.parse(text)).note).toBe(found?.result?.verdict);
  // As `train --recipe FILE` reads it.
  writeFileSync(join(scratch, 'recipe.json'), text);
  expect(await readRecipe(join(scratch, 'recipe.json'))).toEqual(found?.result?.settings);
  expect(found?.result?.settings).toMatchObject({ recipe: 'head', epochs: 4 });
  await later.close();
}, 60_000);

test('other settings are another search', async () => {
  const { job } = await work.call('search.start', {
    project: project.id,
    ...start,
    trials: 1,
    settings: { epochs: 2 },
  });
  expect((await work.jobs.ended(job)).state).toBe('done');
  expect((await search())?.tried).toBe(2);
}, 30_000);

test('what can’t be trained can’t be searched, and says why', async () => {
  const settings = { backbone: 'nowhere' };
  await expect(work.call('search.start', { project: project.id, settings })).rejects.toMatchObject({
    code: 'bad-input',
  });
  project.changes.state = { readOnly: { holder: 'Somebody' } };
  await expect(work.call('search.start', { project: project.id, ...start })).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringContaining('reading only') as string,
  });
  project.changes.state = {};
});

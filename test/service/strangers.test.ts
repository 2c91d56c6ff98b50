/** Photos that a model answers for in one go are compared with each other, wherever it is asked. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { predictResultSchema } from '../../src/contract/predict.ts';
import { predict } from '../../src/service/predict.ts';
import { openSavedModel, type OpenedModel } from '../../src/service/saved-model.ts';
import { openBatch } from '../../src/service/strangers.ts';
import { scratchFolder } from '../store/scratch.ts';
import { writeBackbone, writePhotos } from './train/training-fixtures.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from './runs/work-testing.ts';

const scratch = scratchFolder();
const both = join(scratch, 'both');
const fresh = join(scratch, 'fresh');
let model: OpenedModel;
let work: WorkForTests;
let project: ProjectForTests;
let run: string;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  const photos = join(scratch, 'photos');
  await writePhotos(photos, { red: 60, blue: 60 });
  await writePhotos(fresh, { red: 40, blue: 40 }, 2001);
  await writePhotos(both, { red: 40, blue: 40 }, 1001);
  const strange = join(scratch, 'strange');
  await writePhotos(strange, { green: 30 }, 3001);
  // Among the others, with names that tell nothing.
  for (const [at, name] of readdirSync(join(strange, 'green')).entries())
    copyFileSync(join(strange, 'green', name), join(both, ['red', 'blue'][at % 2] ?? '', `new ${at}.jpg`));
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  work = startWork(project, scratch);
  const settings = { recipe: 'head', epochs: 8, valFraction: 0.3, flips: 'off' } as const;
  const { job } = await work.call('train.start', { project: project.id, settings });
  run = (await work.jobs.ended(job)).run ?? '';
  model = await openSavedModel(join(scratch, 'project', 'models', run));
}, 60_000);
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

const isNew = ({ path }: { path: string }): boolean => path.includes('new ');

test('of a kind that was not learned many more are unknown, and how many there are is told', async () => {
  const result = predictResultSchema.parse(await predict(model, [both]));
  const { novelty, results } = result;
  expect(novelty).toMatchObject({ photos: 110, most: false });
  expect(novelty?.share).toBeGreaterThan(0.17);
  expect(novelty?.share).toBeLessThan(0.5);
  expect(novelty?.marked).toBeGreaterThanOrEqual(10);
  const marked = results.filter(({ unlike }) => unlike === true);
  expect(marked.length).toBeGreaterThanOrEqual(novelty?.marked ?? Infinity);
  expect(marked.filter(isNew).length).toBeGreaterThan(0.7 * marked.length);
  expect(marked.every(({ unknown, note }) => unknown && note === 'unlike the photos it learned from')).toBe(
    true,
  );
  expect(await predict(model, [both])).toEqual(result);
});

test('of known kinds are nothing new, and few are not compared', async () => {
  const known = await predict(model, [fresh]);
  expect(known.novelty).toMatchObject({ photos: 80, most: false });
  expect(known.novelty?.marked).toBeLessThanOrEqual(4);
  expect(await predict(model, [join(fresh, 'red')])).not.toHaveProperty('novelty');
});

test('only of a kind that was not learned are no verdict on single ones', async () => {
  const only = join(scratch, 'only');
  await writePhotos(only, { green: 60 }, 4001);
  const { novelty, results } = await predict(model, [only]);
  expect(novelty).toMatchObject({ photos: 60, most: true, marked: 0 });
  expect(novelty?.share).toBeGreaterThan(0.9);
  const alone = await predict(
    model,
    results.slice(0, 40).map(({ path }) => path),
  );
  expect(results.slice(0, 40)).toEqual(alone.results);
});

test('are not compared by a model that can’t: with numbers, or saved before', async () => {
  const as = (more: object): OpenedModel => ({ ...model, about: { ...model.about, ...more } });
  expect(await openBatch(model, 49)).toBeUndefined();
  expect(await openBatch(model, 50)).toBeDefined();
  expect(await openBatch(as({ task: 'regression' }), 50)).toBeUndefined();
  expect(await openBatch(as({ unlike: undefined }), 50)).toBeUndefined();
});

test('say the same in the window: answers, table and copies', async () => {
  const place = work.places.grant(both);
  const { job } = await work.call('predict.start', { project: project.id, run, source: { place } });
  expect(await work.jobs.ended(job)).toMatchObject({ state: 'done' });
  const { answers, novelty } = await work.call('predict.answers', { job, offset: 0 });
  const told = await predict(model, [both]);
  expect(novelty).toEqual(told.novelty);
  const unknown = told.results.filter((one) => one.unknown).map(({ path }) => path.slice(both.length + 1));
  expect(unknown.length).toBeGreaterThan(10);
  const sorted = (some: readonly string[]): string[] => [...some].sort((a, b) => a.localeCompare(b));
  expect(sorted(answers.filter((one) => one.unknown).map(({ path }) => path))).toEqual(sorted(unknown));

  const { download } = await work.call('predict.table', { job });
  const { content } = work.downloads.get(download);
  const rows = parse(readFileSync('path' in content ? content.path : '', 'utf8'), {
    columns: true,
  }) as Record<string, string>[];
  expect(rows.filter((row) => row['unknown'] === 'true')).toHaveLength(unknown.length);

  const to = join(scratch, 'sorted');
  mkdirSync(to);
  const sorting = await work.call('predict.sort', { job, into: work.places.grant(to) });
  await work.jobs.ended(sorting.job);
  expect(readdirSync(join(to, 'unknown'))).toHaveLength(unknown.length);
});

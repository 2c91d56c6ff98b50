/** Comparing backbones as the window does it: a job of a project. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ProjectForTests, startWork, useFolders, type WorkForTests } from '../runs/work-testing.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
let project: ProjectForTests;
let work: WorkForTests;

beforeAll(async () => {
  useFolders(scratch);
  writeBackbone(join(scratch, 'models'));
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  const photos = join(scratch, 'photos');
  await writePhotos(photos, { red: 9, blue: 8 });
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  work = startWork(project, scratch);
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  rmSync(scratch, { recursive: true, force: true });
});

test('a project’s labelled photos are compared on; what came of it is there after a restart, too', async () => {
  // Left out by a person: no backbone is judged on it.
  await project.patch((path) => path === 'red/red 0.jpg', { excluded: true });
  expect(await work.call('compare.latest', { project: project.id })).toBeNull();
  const { job } = await work.call('compare.start', { project: project.id });
  expect((await work.jobs.ended(job)).state).toBe('done');
  const found = await work.call('compare.latest', { project: project.id });
  expect(found).toMatchObject({ photos: 16, classes: ['blue', 'red'], folds: 5, failed: [] });
  expect(found?.backbones.map(({ id }) => id)).toEqual(['tiny']);
  expect(work.changes.map(({ progress }) => progress?.message)).toContain('Trying heads on tiny (1 of 1)');

  const later = startWork(project, scratch);
  expect(await later.call('compare.latest', { project: project.id })).toEqual(found);
  await later.close();
});

test('what can’t be compared is told', async () => {
  const { job } = await work.call('compare.start', { project: project.id, models: ['nowhere'] });
  expect(await work.jobs.ended(job)).toMatchObject({
    state: 'failed',
    error: { code: 'not-found', message: 'The backbone "nowhere" is not installed.' },
  });
});

test('a project of several labels is compared by them, one of numbers by the numbers', async () => {
  const latest = async () => {
    const { job } = await work.call('compare.start', { project: project.id });
    expect(await work.jobs.ended(job)).toMatchObject({ state: 'done', error: null });
    return work.call('compare.latest', { project: project.id });
  };
  await project.project.updateManifest({ task: 'multi-label' });
  await project.patch((path) => path.startsWith('red/'), { labels: ['red', 'blue'], target: 30 });
  await project.patch((path) => path.startsWith('blue/'), { labels: ['blue'], target: 10 });
  const several = await latest();
  expect(several).toMatchObject({ task: 'multi-label', photos: 16 });
  expect(several?.backbones[0]?.labels?.meanAveragePrecision).toBeGreaterThan(0.8);
  await project.project.updateManifest({ task: 'regression' });
  const numbers = await latest();
  expect(numbers).toMatchObject({ task: 'regression', photos: 16 });
  expect(numbers?.backbones[0]?.numbers?.mae).toBeLessThan(10);
});

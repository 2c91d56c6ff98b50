/** Exploring a project, as a window asks for it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from '../runs/work-testing.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let project: ProjectForTests;
let work: WorkForTests;
let id: string;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 10, blue: 10 });
  writeFileSync(join(photos, 'blue', 'strip.jpg'), await blobs(5, 120, 32).jpeg({ quality: 90 }).toBuffer());
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  ({ id } = project);
  work = startWork(project, scratch);
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

test('before anybody has looked there is nothing; then all photos have a place and a group', async () => {
  expect(await work.call('explore.result', { project: id })).toBeNull();
  await project.patch((path) => path.startsWith('blue/') && path !== 'blue/blue 1.jpg', { labels: [] });
  await project.patch((path) => path === 'red/red 9.jpg', { excluded: true });
  // As the project's folder is read.
  await project.patch((path) => path !== 'blue/strip.jpg', { width: 40, height: 32 });
  await project.patch((path) => path === 'blue/strip.jpg', { width: 120, height: 32 });
  const { job } = await work.call('explore.start', { project: id, settings: { groups: 2, next: 6 } });
  expect(await work.jobs.ended(job)).toMatchObject({ kind: 'explore', state: 'done', project: id });
  const found = await work.call('explore.result', { project: id });
  if (found === null) throw new Error('nothing was found');
  expect(found).toMatchObject({ job, complete: true, map: 'neighbors', groupCount: 2, method: 'k-means' });
  expect(found.photos).toHaveLength(20); // without the one that is left out
  expect(found.places).toHaveLength(40);
  expect(found.anomalies).toHaveLength(20);
  const shapes = found.anomalies.flatMap(({ photo, reason }) => (reason?.fact === 'shape' ? [photo] : []));
  const strip = [...project.project.assets.values()].find(({ path }) => path === 'blue/strip.jpg');
  expect(shapes.map((photo) => found.photos[photo])).toEqual([strip?.id]);
  const labelled = new Set(
    [...project.project.assets.values()].filter(({ labels }) => labels.length > 0).map((asset) => asset.id),
  );
  expect(found.next).toHaveLength(6);
  for (const { photo } of found.next) expect(labelled.has(found.photos[photo] ?? '')).toBe(false);

  // Another engine finds what this one has found out.
  const later = startWork(project, scratch);
  expect(await later.call('explore.result', { project: id })).toEqual(found);
  await later.close();
});

test('what an older version has found can be read', async () => {
  const found = await work.call('explore.result', { project: id });
  const { nextBy: _, ...older } = found ?? {};
  const mistake = { photo: 0, given: 'red', suggested: 'blue', score: 0.5 };
  writeFileSync(
    join(scratch, 'cache', 'explore', `${id}.json`),
    JSON.stringify({ ...older, labelErrors: [mistake] }),
  );
  const later = startWork(project, scratch);
  expect(await later.call('explore.result', { project: id })).toMatchObject({ labelErrors: [mistake] });
  await later.close();
});

test('of several labels and of numbers it is told what is probably wrong', async () => {
  const explored = async () => {
    const { job } = await work.call('explore.start', { project: id, settings: { groups: 2 } });
    expect(await work.jobs.ended(job)).toMatchObject({ state: 'done', error: null });
    return work.call('explore.result', { project: id });
  };
  await project.project.updateManifest({ task: 'multi-label' });
  await project.patch((path) => path.startsWith('red/'), { labels: ['red', 'blue'], target: 40 });
  await project.patch((path) => path.startsWith('blue/'), { labels: ['blue'], target: 10 });
  await project.patch((path) => path === 'red/red 2.jpg', { labels: ['blue'], target: 400 });
  await project.patch((path) => path === 'blue/blue 4.jpg', { target: 11 });
  await project.patch((path) => path === 'red/red 4.jpg', { target: 39 });
  const wrong = [...project.project.assets.values()].find(({ path }) => path === 'red/red 2.jpg')?.id;
  const several = await explored();
  const [first] = several?.labelErrors ?? [];
  expect(several?.photos[first?.photo ?? -1]).toBe(wrong);
  expect(first?.label).toMatchObject({ name: 'red', seems: 'missing' });
  await project.project.updateManifest({ task: 'regression' });
  const numbers = await explored();
  const [far] = numbers?.labelErrors ?? [];
  expect(numbers?.photos[far?.photo ?? -1]).toBe(wrong);
  expect(far?.number?.given).toBe(400);
  expect(numbers?.nextBy).toBe('diversity');
});

test('a project whose photos are all left out has nothing to look through', async () => {
  await project.patch(() => true, { excluded: true });
  await expect(work.call('explore.start', { project: id })).rejects.toMatchObject({ code: 'bad-input' });
});

/** What helps to understand a model, on a project with a training of a second. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainSettings } from '../../../src/contract/train-settings.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import type { Task } from '../../../src/service/jobs/task.ts';
import { tasks } from '../../../src/service/worker/tasks.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { inProcessWorkers } from '../jobs/fake-worker.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from '../runs/work-testing.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
/** Requests that came to the worker. */
const asked: unknown[] = [];
const counted: Task = async (request, tools) => {
  asked.push(request);
  const task = await tasks['explain']?.();
  return task?.(request, tools);
};

let project: ProjectForTests;
let work: WorkForTests;
let id: string;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 16, blue: 16 });
  renameSync(join(photos, 'red', 'red 3.jpg'), join(photos, 'blue', 'red 3.jpg'));
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  ({ id } = project);
  work = startWork(project, scratch, inProcessWorkers({ ...tasks, explain: async () => counted }));
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

async function train(more: TrainSettings = {}): Promise<string> {
  const settings = { recipe: 'head', epochs: 20, seed: 3, ...more } as const;
  const { job } = await work.call('train.start', { project: id, settings });
  return (await work.jobs.ended(job)).run ?? '';
}

const photoAt = (path: string): string =>
  [...project.project.assets.values()].find((asset) => asset.path === path)?.id ?? '';

test('before the first training, photos are alike by their looks, as far as these are known', async () => {
  const photo = photoAt('red/red 1.jpg');
  const similar = (limit?: number) =>
    work.call('photos.similar', { project: id, photo, ...(limit === undefined ? {} : { limit }) });
  // Nobody has looked through the folder yet.
  expect(await similar()).toEqual({ basis: 'looks', photos: [] });
  await openDataset(photos);
  await project.patch((path) => path === 'red/red 15.jpg', { replacedBy: photo });
  const { basis, photos: found } = await similar();
  expect(basis).toBe('looks');
  expect(found).toHaveLength(30); // all but itself and the one that was replaced
  expect(found.map(({ similarity }) => similarity)).toEqual(
    found.map(({ similarity }) => similarity).sort((a, b) => b - a),
  );
  expect((await similar(3)).photos).toEqual(found.slice(0, 3));
  await expect(work.call('photos.similar', { project: id, photo: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'not-found',
  });
  await project.project.undo();
});

describe('a run', () => {
  let run: string;
  beforeAll(async () => {
    run = await train();
  });

  test('says which labels are probably wrong', async () => {
    const suspects = await work.call('runs.suspects', { project: id, run });
    expect(suspects[0]).toMatchObject({
      photo: photoAt('blue/red 3.jpg'),
      path: 'blue/red 3.jpg',
      given: 'blue',
      suggested: 'red',
    });
    await expect(
      work.call('runs.suspects', { project: id, run: '2026-01-01T00-00-00-000Z-00000000' }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  test('says where its model looked: for its own answer, or another class', async () => {
    const answers = await work.call('runs.photos', { project: id, run });
    const answer = answers[0];
    if (answer === undefined) throw new Error('no validation photos');
    const { photo, predicted, confidence } = answer;
    const own = await work.call('runs.explain', { project: id, run, photo });
    expect(own).toMatchObject({ class: predicted, method: 'grad-cam', rows: 4, columns: 4 });
    expect(own.probability).toBeCloseTo(confidence, 3);
    expect(own.values).toHaveLength(16);
    expect(Math.max(...own.values)).toBe(1);
    // Squashed: the model sees all of it.
    expect(own.window).toEqual({ x: 0, y: 0, width: 1, height: 1 });
    const other = predicted === 'red' ? 'blue' : 'red';
    const against = await work.call('runs.explain', { project: id, run, photo, class: other });
    expect(against.class).toBe(other);
    expect(against.probability).toBeCloseTo(1 - own.probability, 4);
    expect(against.values).not.toEqual(own.values);
  });

  test('is asked once for what it said lately', async () => {
    const photo = photoAt('blue/blue 5.jpg');
    const before = asked.length;
    const first = await work.call('runs.explain', { project: id, run, photo });
    expect(asked).toHaveLength(before + 1);
    expect(await work.call('runs.explain', { project: id, run, photo })).toEqual(first);
    expect(asked).toHaveLength(before + 1);
  });

  test('lets photos be compared by what its backbone makes of them', async () => {
    const photo = photoAt('red/red 1.jpg');
    const { basis, photos: found } = await work.call('photos.similar', { project: id, photo });
    expect(basis).toBe('features');
    expect(found).toHaveLength(31);
    expect(found.map(({ id: other }) => other)).not.toContain(photo);
    const colours = found.slice(0, 8).map(({ id: other }) => project.asset(other).path.split(' ')[0]);
    expect(colours.filter((path) => path?.endsWith('red')).length).toBeGreaterThan(5);
    expect(found[0]?.similarity).toBeLessThanOrEqual(1);
    const far = found.at(-1)?.id ?? '';
    const back = await work.call('photos.similar', { project: id, photo: far });
    expect(back.photos.find((one) => one.id === photo)?.similarity).toBeCloseTo(
      found.at(-1)?.similarity ?? 9,
      5,
    );
  });

  test('can not be asked about what is not there', async () => {
    const photo = photoAt('red/red 1.jpg');
    await expect(work.call('runs.explain', { project: id, run, photo, class: 'green' })).rejects.toThrow(
      /no class "green"/,
    );
    await expect(
      work.call('runs.explain', { project: id, run, photo: '0'.repeat(64) }),
    ).rejects.toMatchObject({
      code: 'not-found',
    });
    const lost = photoAt('red/red 7.jpg');
    renameSync(join(photos, 'red', 'red 7.jpg'), join(scratch, 'red 7.jpg'));
    await expect(work.call('runs.explain', { project: id, run, photo: lost })).rejects.toMatchObject({
      code: 'storage',
    });
    renameSync(join(scratch, 'red 7.jpg'), join(photos, 'red', 'red 7.jpg'));
    expect(await work.call('runs.explain', { project: id, run, photo: lost })).toMatchObject({ rows: 4 });
  });

  test('several runs side by side, more than stay loaded, each with its own window', async () => {
    const [cut, padded] = [await train({ resize: 'crop' }), await train({ resize: 'pad' })];
    const photo = photoAt('red/red 2.jpg');
    const all = [run, cut, padded, run, cut].map((one, index) =>
      work.call('runs.explain', { project: id, run: one, photo, class: index < 3 ? 'red' : 'blue' }),
    );
    // Photos are 40 x 32 pixels, models see 16 x 16.
    expect((await Promise.all(all)).map(({ window }) => window)).toEqual([
      { x: 0, y: 0, width: 1, height: 1 },
      { x: expect.closeTo(0.1, 9), y: 0, width: expect.closeTo(0.8, 9), height: 1 },
      { x: 0, y: -0.125, width: 1, height: 1.25 },
      { x: 0, y: 0, width: 1, height: 1 },
      { x: expect.closeTo(0.1, 9), y: 0, width: expect.closeTo(0.8, 9), height: 1 },
    ]);
  });
});

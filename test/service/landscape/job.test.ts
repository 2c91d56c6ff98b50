/** The landscape of a project's run, as a window asks for it. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scratchFolder } from '../../store/scratch.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from '../runs/work-testing.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let project: ProjectForTests;
let work: WorkForTests;
const runs: string[] = [];

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 12, blue: 12 });
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  work = startWork(project, scratch);
  for (const weightDecay of [0.01, 1]) {
    const settings = { recipe: 'head' as const, epochs: 5, weightDecay };
    const { job } = await work.call('train.start', { project: project.id, settings });
    runs.push((await work.jobs.ended(job)).run ?? '');
  }
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

describe('a landscape', () => {
  test('is a job, and there is none before', async () => {
    const [run = '', other = ''] = runs;
    const asked = { project: project.id, run };
    expect(await work.call('landscape.get', asked)).toBeNull();
    const { job } = await work.call('landscape.start', { ...asked, to: other, grid: 5 });
    expect(await work.jobs.ended(job)).toMatchObject({
      kind: 'landscape',
      run,
      state: 'done',
      error: null,
      title: 'Loss landscape of run 1',
    });
    const found = await work.call('landscape.get', asked);
    expect(found).toMatchObject({ run, notes: [], between: { run: other } });
    expect(found?.plane.train).toHaveLength(5);
    expect(await work.call('landscape.get', { ...asked, run: other })).toBeNull();
    // The run itself is as it was.
    expect((await work.call('runs.get', asked)).summary.state).toBe('finished');
  });

  test('fails in words, and is refused where nothing can be kept', async () => {
    const [run = ''] = runs;
    const { job } = await work.call('landscape.start', { project: project.id, run, to: run, grid: 5 });
    const ended = await work.jobs.ended(job);
    expect(ended.state).toBe('failed');
    expect(ended.error?.message).toContain('they are the same');
    project.changes.readOnly = true;
    await expect(work.call('landscape.start', { project: project.id, run })).rejects.toMatchObject({
      code: 'busy',
    });
    delete project.changes.readOnly;
  });
});

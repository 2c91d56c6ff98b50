/** Projects of several labels and of numbers, trained as the window does it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Task } from '../../../src/contract/project.ts';
import type { RunDetail } from '../../../src/contract/runs.ts';
import type { TrainSettings } from '../../../src/contract/train-settings.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from './work-testing.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let project: ProjectForTests;
let work: WorkForTests;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  await writePhotos(photos, { red: 16, blue: 16 });
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  work = startWork(project, scratch);
  // Every other photo is odd, too; red ones have larger numbers.
  const odd = (path: string): boolean => /[13579]\.jpg$/.test(path);
  await project.project.step(() => ({
    description: 'Add a class',
    photos: [],
    classes: { names: ['blue', 'odd', 'red'], colors: {}, folders: {} },
  }));
  await project.project.updateManifest({ task: 'multi-label' });
  for (const label of ['red', 'blue']) {
    const own = (path: string): boolean => path.startsWith(label);
    await project.patch(own, { target: label === 'red' ? 20 : 5 });
    await project.patch((path) => own(path) && odd(path), { labels: [label, 'odd'] });
  }
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

async function train(task: Task, more: TrainSettings = {}): Promise<{ detail: RunDetail; labels: string }> {
  await project.project.updateManifest({ task });
  const settings: TrainSettings = {
    backbone: 'tiny',
    recipe: 'head',
    epochs: 40,
    batchSize: 8,
    valFraction: 0.3,
    ...more,
  };
  const { job } = await work.call('train.start', { project: project.id, settings });
  const ended = await work.jobs.ended(job);
  expect(ended).toMatchObject({ state: 'done', error: null });
  const run = ended.run ?? '';
  const detail = await work.call('runs.get', { project: project.id, run });
  const labels = readFileSync(join(project.folder, 'runs', run, 'labels.csv'), 'utf8');
  return { detail, labels };
}

describe('a project', () => {
  test('of several labels is trained, listed, and its answers are kept', async () => {
    const { detail, labels } = await train('multi-label', { classWeights: 'balanced' });
    expect(labels).toContain('red/red 1.jpg,red;odd,,');
    const { summary, result } = detail;
    expect(summary).toMatchObject({ task: 'multi-label', state: 'finished' });
    expect(result?.classes).toEqual(['blue', 'odd', 'red']);
    const found = Object.fromEntries(
      (result?.metrics.val.perClass ?? []).map(({ class: name, recall }) => [name, recall]),
    );
    expect(found).toMatchObject({ red: 1, blue: 1 });
    const answers = await work.call('runs.photos', { project: project.id, run: summary.id });
    expect(answers.every(({ labels: own }) => own !== undefined)).toBe(true);
  });

  test('of numbers is trained, listed, and its answers are kept', async () => {
    const { detail, labels } = await train('regression');
    expect(labels.split('\r\n')[0]).toBe('filename,target,split,group');
    const { summary, result } = detail;
    expect(summary).toMatchObject({ task: 'regression', accuracy: null });
    expect(summary.mae).toBeLessThan(4);
    expect(summary.r2).toBeGreaterThan(0.6);
    const last = { task: 'regression', accuracy: null, mae: summary.mae };
    expect(work.finished.at(-1)).toEqual({ run: summary.id, last });
    const answers = await work.call('runs.photos', { project: project.id, run: summary.id });
    expect(answers).toHaveLength(result?.counts.val ?? 0);
    for (const { value } of answers) expect([5, 20]).toContain(value?.truth);
    const export_ = await work.call('export.start', {
      project: project.id,
      run: summary.id,
      formats: ['onnx', 'tfjs'],
    });
    expect(await work.jobs.ended(export_.job)).toMatchObject({ state: 'done', error: null });
    const made = await work.call('export.result', { job: export_.job });
    for (const { parity } of made) {
      expect(parity?.photos).toBeGreaterThan(2);
      expect(parity?.difference).toBeLessThan(parity?.tolerance ?? 0);
    }
  });
});

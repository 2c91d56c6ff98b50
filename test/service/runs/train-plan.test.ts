import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetail } from '../../../src/contract/runs.ts';
import type { TrainPlan, TrainSettings } from '../../../src/contract/train-settings.ts';
import { changesOf } from '../../../src/renderer/components/advice/changes-of.ts';
import { optionsOf, settled } from '../../../src/service/runs/quality.ts';
import { openSavedModel } from '../../../src/service/saved-model.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writeBackbone, writePhotos } from '../train/training-fixtures.ts';
import { ProjectForTests, remove, startWork, useFolders, type WorkForTests } from './work-testing.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
let backbone: string;
let project: ProjectForTests;
let work: WorkForTests;

beforeAll(async () => {
  useFolders(scratch);
  process.env['HOLOTYPE_MODELS'] = join(scratch, 'models');
  writeBackbone(join(scratch, 'models'));
  backbone = 'tiny';
  await writePhotos(photos, { red: 14, blue: 12, green: 4 });
  project = await ProjectForTests.create(join(scratch, 'project'), photos);
  work = startWork(project, scratch);
});
afterAll(async () => {
  await work.close();
  delete process.env['HOLOTYPE_MODELS'];
  remove(scratch);
});

const plan = (settings: TrainSettings = {}): Promise<TrainPlan> =>
  work.call('train.plan', { project: project.id, settings: { backbone, ...settings } });

describe('the plan of a training', () => {
  test('says what will happen, to how many photos, how long it takes, and on what grounds', async () => {
    const { obstacles, counts, device, backbone: model, steps, seconds, settings } = await plan();
    expect(obstacles).toEqual([]);
    expect(counts.train + counts.val).toBe(30);
    expect(counts.val).toBeGreaterThanOrEqual(5);
    expect(counts.test).toBe(0);
    expect(device).toEqual({ id: 'cpu', name: 'Processor' });
    expect(model).toEqual({ id: 'tiny', name: 'tiny', installed: true, downloadBytes: 0 });
    expect(steps[0]).toContain(`${counts.train} to learn from, ${counts.val} to check on`);
    expect(steps.join(' ')).toMatch(/10 minutes/);
    expect(seconds?.low).toBeLessThanOrEqual(seconds?.high ?? 0);
    expect(seconds?.high).toBeGreaterThan(0);
    expect(seconds?.basis).toMatch(/4 of your photos/);
    expect(settings).toEqual({ quality: 'balanced', recipe: 'auto', backbone: 'tiny', device: 'cpu' });
  });

  test('says that a learning rate will be looked for', async () => {
    const [usual, looked] = [await plan(), await plan({ findLearningRate: 'on' })];
    expect(usual.steps.join(' ')).not.toContain('learning rates');
    expect(looked.steps.join(' ')).toContain('Try ever higher learning rates');
    const tuned = await plan({ findFinetuneLearningRate: 'on' });
    expect(tuned.steps.join(' ')).toContain('with the head, at a learning rate that is looked for first, if');
  });

  test('says how often photos are looked at, and why they will not be mixed', async () => {
    const looks = async (settings: TrainSettings) => (await plan(settings)).steps.join(' ');
    expect(await looks({})).toContain('in each photo, and of its mirror image, on');
    expect(await looks({ augment: 'none' })).toContain('sees in each photo, on');
    expect(await looks({ augment: 'strong' })).toContain(
      'of its mirror image and of 4 changed views (6 passes over the photos to learn from instead of 1)',
    );
    const { warnings } = await plan({ mixup: 0.2 });
    expect(warnings).toContainEqual(expect.stringMatching(/^Photos are not mixed .* are too few for it/));
    expect((await plan({ mixup: 0.2, recipe: 'head' })).warnings.join(' ')).toContain('the recipe "head"');
  });

  test('remembers how fast the backbone is: it is tried once', async () => {
    const note = join(scratch, 'cache', 'training-speeds.json');
    const before = readFileSync(note, 'utf8');
    expect(JSON.parse(before)).toMatchObject({ speeds: { 'cpu tiny': { tried: true } } });
    await plan({ seed: 4 });
    expect(readFileSync(note, 'utf8')).toBe(before);
  });

  test('warns of few and unequal photos, and of photos without labels', async () => {
    await project.patch((path) => path.startsWith('green/green 1'), { labels: [] });
    const { warnings, advice, counts } = await plan();
    expect(counts.train + counts.val).toBe(29);
    expect(warnings).toEqual([
      expect.stringContaining('"green" has 3'),
      '1 photo has no label and will not be learned from.',
    ]);
    expect(advice).toMatchObject([
      {
        code: 'classes-unequal',
        evidence: '14 photos of “red”, 3 of “green”.',
        fix: { settings: { sampling: 'balanced' } },
      },
    ]);
    expect((await plan(advice[0]?.fix?.settings)).advice).toEqual([]);
    expect((await plan({ classWeights: 'balanced' })).advice).toEqual([]);
    await project.patch((path) => path.startsWith('green/green 1'), { labels: ['green'] });
  });

  test('advises what the training then does, from its plan and from an earlier run', async () => {
    const quick: TrainSettings = { backbone, recipe: 'head', epochs: 5, batchSize: 8 };
    const train = async (settings: TrainSettings): Promise<RunDetail> => {
      const { job } = await work.call('train.start', { project: project.id, settings });
      const { run, error } = await work.jobs.ended(job);
      expect(error).toBeNull();
      return work.call('runs.get', { project: project.id, run: run ?? '' });
    };
    const before = await train(quick);
    const unequal = ({ advice }: Pick<RunDetail, 'advice'>) =>
      advice.find(({ code }) => code === 'classes-unequal');
    const fix = unequal(before)?.fix;
    expect(fix).toEqual(unequal(await plan(quick))?.fix);
    const after = await train({ ...quick, ...changesOf(fix ?? { label: '' }) });
    expect(after.settings.sampling).toBe('balanced');
    expect(unequal(after)?.fix).toBeUndefined();
    const told = async ({ summary }: RunDetail) =>
      (await openSavedModel(join(project.folder, 'models', summary.id))).about.recipe.sampling;
    expect([await told(before), await told(after)]).toEqual(['shuffle', 'balanced']);
  });

  test('leaves out what a person excluded and what is gone', async () => {
    await project.patch((path) => path.startsWith('red/red 1'), { excluded: true });
    await project.patch((path) => path.startsWith('blue/blue 1'), { missing: true });
    const { counts } = await plan();
    expect(counts.train + counts.val).toBe(30 - 5 - 3);
    await project.patch((path) => path.startsWith('red/red 1'), { excluded: false });
    await project.patch((path) => path.startsWith('blue/blue 1'), { missing: false });
  });

  test.each<[string, TrainSettings, RegExp]>([
    ['an unknown backbone', { backbone: 'nonsense' }, /no backbone "nonsense"/],
    ['one that isn’t there', { backbone: 'inception-v3' }, /not on this machine/],
    ['an unknown device', { device: 'abacus' }, /abacus/],
    ['fractions that leave nothing', { valFraction: 0.6, testFraction: 0.5 }, /nothing to train on/],
    ['freezing with the recipe head', { recipe: 'head', freezeUntil: 'block_1' }, /recipe "head"/],
    ['a pattern that is none', { groupBy: '(' }, /./],
  ])('names an obstacle: %s', async (_, settings, message) => {
    const found = await plan(settings);
    expect(found.obstacles).toHaveLength(1);
    expect(found.obstacles[0]?.message).toMatch(message);
    expect(found.obstacles[0]?.action).toMatch(/\w/);
    expect(found.steps).toEqual([]);
    const start = work.call('train.start', { project: project.id, settings: { backbone, ...settings } });
    await expect(start).rejects.toThrow(found.obstacles[0]?.message);
  });

  test('names what is wrong with the project', async () => {
    const messages = async (): Promise<string[]> => (await plan()).obstacles.map(({ message }) => message);
    project.changes.state = { readOnly: { holder: 'another window' } };
    expect(await messages()).toEqual([expect.stringContaining('another window')]);
    project.changes.state = { task: 'regression' };
    expect(await messages()).toEqual(['No photo has a number yet.']);
    await project.patch(() => true, { target: 1 });
    expect(await messages()).toEqual(['All photos have the same number.']);
    await project.patch((path) => path.startsWith('red'), { target: 2 });
    expect(await messages()).toEqual([]);
    project.changes.state = { task: 'multi-label' };
    expect(await messages()).toEqual([]);
    project.changes.state = {};
    renameSync(photos, `${photos}-elsewhere`);
    expect(await messages()).toEqual([expect.stringContaining('not where it was')]);
    renameSync(`${photos}-elsewhere`, photos);
    await project.patch((path) => !path.startsWith('red'), { labels: [] });
    expect(await messages()).toEqual([expect.stringContaining('of one class, "red"')]);
    await project.patch(() => true, { labels: [] });
    expect(await messages()).toEqual(['No photo has a label yet.']);
    for (const label of ['red', 'blue', 'green'])
      await project.patch((path) => path.startsWith(label), { labels: [label] });
    expect(await messages()).toEqual([]);
  });

  test('is refused for projects that aren’t open', async () => {
    const settings = {};
    await expect(work.call('train.plan', { project: '0'.repeat(16), settings })).rejects.toThrow(/not open/);
  });
});

describe('thoroughness', () => {
  test('decides what was left open, and nothing else', () => {
    expect(settled({}, 100)).toEqual({ quality: 'balanced', recipe: 'auto' });
    expect(settled({ quality: 'quick' }, 100)).toEqual({ quality: 'quick', recipe: 'head', flips: 'off' });
    expect(settled({ quality: 'quick', recipe: 'finetune', flips: 'on' }, 100)).toEqual({
      quality: 'quick',
      recipe: 'finetune',
      flips: 'on',
    });
    // Who says how photos are changed says whether they are mirrored.
    expect(settled({ quality: 'quick', augment: 'strong' }, 100)).toEqual({
      quality: 'quick',
      recipe: 'head',
      augment: 'strong',
    });
    expect(settled({ quality: 'best', augment: 'none' }, 100)).not.toHaveProperty('flips');
    const best = settled({ quality: 'best' }, 700);
    expect(best).toMatchObject({ recipe: 'finetune', flips: 'on' });
    expect(best.finetuneEpochs).toBe(30); // half as many again as the usual 20
    expect(settled({ quality: 'best', finetuneEpochs: 2 }, 700).finetuneEpochs).toBe(2);
    expect(optionsOf(best)).toMatchObject({ recipe: 'finetune', batchSize: 64, finetuneEpochs: 30 });
  });
});

/** Ranking backbones on photos, with backbones of random weights. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rankedBy, type Comparison } from '../../../src/contract/compare.ts';
import type { Task } from '../../../src/contract/project.ts';
import { exportOnnx } from '../../../src/engine/graph/export-onnx.ts';
import { comparePhotos } from '../../../src/service/compare/compare-photos.ts';
import type { ToldProgress } from '../../../src/service/jobs/jobs.ts';
import { Net } from '../../engine/graph/networks.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { tintedPhoto, writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const models = join(scratch, 'models');
const before = { ...process.env };

/** Sees nothing: every feature is 0, whatever the photo; ends in ImageNet's number of answers. */
function writeBlind(): void {
  const net = new Net([16, 16, 3]);
  const map = net.cbr('only', 'input', 4);
  const graph = net.graph(net.dense('fc', net.globalPool('pool', map), 1000));
  for (const { data } of graph.weights.values()) data.fill(0);
  const path = join(models, 'blind.onnx');
  writeFileSync(path, exportOnnx(graph, { inputLayout: 'nchw' }));
  const policy = { height: 16, width: 16, resize: 'squash', mean: [0, 0, 0], std: [255, 255, 255] };
  writeFileSync(`${path}.holotype.json`, JSON.stringify({ policy }));
}

beforeAll(async () => {
  Object.assign(process.env, {
    HOLOTYPE_CACHE: join(scratch, 'cache'),
    HOLOTYPE_DATA: join(scratch, 'data'),
    HOLOTYPE_MODELS: models,
  });
  writeBackbone(models);
  writeBlind();
  await writePhotos(join(photos, 'train'), { red: 14, blue: 14 });
  // Of another colour: were they looked at, there would be a third class.
  mkdirSync(join(photos, 'test', 'blue'), { recursive: true });
  writeFileSync(join(photos, 'test', 'blue', 'other.jpg'), await tintedPhoto('red', 77));
});
afterAll(() => {
  process.env = before;
  rmSync(scratch, { recursive: true, force: true });
});

const told: ToldProgress[] = [];
const compare = (models?: string[], signal?: AbortSignal): Promise<Comparison> =>
  comparePhotos(photos, { device: 'cpu', seed: 1, models }, (one) => void told.push(one), signal);

test('the backbone that sees the difference comes first, and the other is behind for sure', async () => {
  const { backbones, photos: count, folds, failed, classes } = await compare();
  expect(failed).toEqual([]);
  expect({ count, folds, classes }).toEqual({ count: 28, folds: 5, classes: ['blue', 'red'] });
  expect(backbones.map(({ id }) => id)).toEqual(['tiny', 'blind']);
  const [tiny, blind] = backbones;
  expect(tiny?.accuracy).toBeGreaterThan(0.9);
  expect(tiny?.behind).toBe(false);
  expect(blind?.accuracy).toBeLessThan(0.75);
  expect(blind?.behind).toBe(true);
  for (const backbone of backbones) {
    const { kind, value, interval } = rankedBy(backbone);
    expect(kind).toBe('right');
    expect(interval?.[0]).toBeLessThanOrEqual(value);
    expect(interval?.[1]).toBeGreaterThanOrEqual(value);
    expect(backbone.photosPerSecond).toBeGreaterThan(0);
  }
  expect(told.map(({ message }) => message)).toContain('Trying heads on blind (1 of 2)');
});

/** A labels file for all 28 photos, the red ones first. */
function table(name: string, column: string, of: (red: boolean, n: number) => string | number): string {
  const file = join(scratch, name);
  const rows = ['red', 'blue'].flatMap((colour) =>
    Array.from({ length: 14 }, (_, n) => `train/${colour}/${colour} ${n}.jpg,${of(colour === 'red', n)}`),
  );
  writeFileSync(file, [`filename,${column}`, ...rows].join('\n'));
  return file;
}
const compareBy = (task: Task, labels: string): Promise<Comparison> =>
  comparePhotos(photos, { device: 'cpu', seed: 1, task, labels, onlyListed: true }, () => undefined);

test('several labels: ranked by mean average precision, with an interval, and who is behind for sure', async () => {
  const labels = table('several.csv', 'label', (red, n) => (red ? 'leaf;warm' : n < 7 ? 'leaf' : 'leaf;old'));
  const { task, classes, folds, backbones } = await compareBy('multi-label', labels);
  expect({ task, classes, folds }).toEqual({
    task: 'multi-label',
    classes: ['leaf', 'old', 'warm'],
    folds: 5,
  });
  const [tiny, blind] = backbones;
  expect([tiny?.id, blind?.id, tiny?.behind, blind?.behind]).toEqual(['tiny', 'blind', false, true]);
  // Of two labels that some photos lack, chance alone gives a quarter and a half.
  expect(blind?.labels?.meanAveragePrecision).toBeLessThan(0.55);
  expect(tiny?.labels?.meanAveragePrecision).toBeGreaterThan(0.65);
  for (const { labels: own } of backbones) {
    expect(own?.interval?.[0]).toBeLessThanOrEqual(own?.meanAveragePrecision ?? 0);
    expect(own?.interval?.[1]).toBeGreaterThanOrEqual(own?.meanAveragePrecision ?? 1);
  }
  expect(tiny?.accuracy).toBeGreaterThan(0);
  expect(await compareBy('multi-label', labels)).toMatchObject({
    backbones: backbones.map(({ labels: own, behind }) => ({ labels: own, behind })),
  });
});

test('numbers: ranked by how far off, with R² and intervals of both', async () => {
  const labels = table('numbers.csv', 'target', (red, n) => (red ? 40 : 10) + (n % 4));
  const { task, backbones } = await compareBy('regression', labels);
  expect(task).toBe('regression');
  const [tiny, blind] = backbones;
  expect([tiny?.id, blind?.id, tiny?.behind, blind?.behind]).toEqual(['tiny', 'blind', false, true]);
  expect(tiny?.numbers?.mae).toBeLessThan(8);
  expect(tiny?.numbers?.r2).toBeGreaterThan(0.6);
  // One that sees nothing can only say the mean.
  expect(Math.abs((blind?.numbers?.mae ?? 0) - (blind?.numbers?.maeOfMean ?? 0))).toBeLessThan(1.5);
  for (const backbone of backbones) {
    const { kind, value, interval } = rankedBy(backbone);
    expect(kind).toBe('error');
    expect(interval?.[0]).toBeLessThan(value);
    expect(interval?.[1]).toBeGreaterThan(value);
    expect([backbone.accuracy, backbone.interval]).toEqual([null, null]);
  }
});

test('too few labels and numbers are told with a remedy', async () => {
  const all = table('all.csv', 'label', () => 'leaf;plant');
  await expect(compareBy('multi-label', all)).rejects.toMatchObject({
    code: 'bad-input',
    message: 'There are too few labels to compare backbones on.',
  });
  const few = join(scratch, 'few.csv');
  writeFileSync(few, 'filename,target\ntrain/red/red 0.jpg,1\ntrain/red/red 1.jpg,2\n');
  await expect(compareBy('regression', few)).rejects.toMatchObject({
    code: 'bad-input',
    message: 'There are too few photos with a number to compare backbones on.',
  });
});

test('how familiar photos are is measured where a network names ImageNet’s things, and nowhere else', async () => {
  const { backbones } = await compare();
  const [tiny, blind] = backbones;
  expect(tiny?.domain).toBeNull();
  // It is equally unsure of everything; how sure it should be nobody has said.
  expect(blind?.domain?.confidence).toBeCloseTo(0.001, 5);
  expect(blind?.domain?.entropy).toBeCloseTo(1, 5);
  expect(blind?.domain?.nearness).toBeNull();
});

test('the same seed gives the same ranking and figures', async () => {
  const figures = ({ backbones }: Comparison): unknown[] =>
    backbones.map(({ id, accuracy, interval, macroF1 }) => [id, accuracy, interval, macroF1]);
  expect(figures(await compare())).toEqual(figures(await compare()));
});

test('only the backbones that were named are tried; one that is not there is told', async () => {
  expect((await compare(['tiny'])).backbones.map(({ id }) => id)).toEqual(['tiny']);
  await expect(compare(['tiny', 'nowhere'])).rejects.toMatchObject({
    code: 'not-found',
    message: 'The backbone "nowhere" is not installed.',
  });
});

test('one that can’t be read does not stop the others', async () => {
  const path = join(models, 'broken.onnx');
  writeFileSync(path, 'no model');
  const { backbones, failed } = await compare(['broken', 'tiny']);
  rmSync(path);
  expect(backbones.map(({ id }) => id)).toEqual(['tiny']);
  expect(failed).toMatchObject([{ id: 'broken', error: { code: 'bad-input' } }]);
});

test('too few photos of a class are told with a remedy; a cancelled one ends', async () => {
  const few = join(scratch, 'few');
  await writePhotos(few, { red: 1, blue: 6 });
  await expect(comparePhotos(few, { device: 'cpu', seed: 1 }, () => undefined)).rejects.toMatchObject({
    code: 'bad-input',
    message: 'There are too few photos of "red" to compare backbones on.',
  });
  await expect(compare(['tiny'], AbortSignal.abort())).rejects.toBeDefined();
});

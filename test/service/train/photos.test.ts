import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Dataset } from '../../../src/contract/dataset.ts';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import type { TrainOptions } from '../../../src/contract/train.ts';
import { openDataset } from '../../../src/service/dataset.ts';
import { dividePhotos, withoutFailed } from '../../../src/service/train/photos.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { writePhotos } from './training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const cache = join(scratch, 'cache');
let dataset: Dataset;
const options = (more: object = {}): TrainOptions => trainOptionsSchema.parse({ photos, ...more });

beforeAll(async () => {
  await writePhotos(photos, { red: 10, blue: 10, green: 5 });
  copyFileSync(join(photos, 'red', 'red 1.jpg'), join(photos, 'red', 'copy.jpg'));
  dataset = await openDataset(photos, { cache });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('every photo is on one side, classes on both, copies together', () => {
  const divided = dividePhotos(dataset, options());
  const sides = [divided.train, divided.val, divided.test];
  expect(sides.map((side) => side.length)).toEqual([21, 5, 0]);
  expect(new Set(sides.flat().map(({ path }) => path)).size).toBe(26);
  expect(divided.classCounts.map(({ val }) => val)).toEqual([2, 1, 2]);
  const [copy, original] = ['red/copy.jpg', 'red/red 1.jpg'].map((path) =>
    sides.findIndex((side) => side.some((photo) => photo.path === path)),
  );
  expect(copy).toBe(original);
  expect(divided.trainGroups).toHaveLength(21);
});

test('what a pattern groups stays together', () => {
  const divided = dividePhotos(dataset, options({ groupBy: ' ([0-9])\\.jpg$' }));
  const numbers = (side: readonly { path: string }[]): Set<string> =>
    new Set(side.flatMap(({ path }) => /[0-9]/.exec(path)?.[0] ?? []));
  const [train, val] = [numbers(divided.train), numbers(divided.val)];
  expect([...val].filter((digit) => train.has(digit))).toEqual([]);
  expect(train.size + val.size).toBe(10);
  expect(val.size).toBeGreaterThan(0);
});

test('the hash names photos, labels and sides, not the order or the place', async () => {
  const { hash } = dividePhotos(dataset, options());
  const elsewhere = join(scratch, 'elsewhere');
  mkdirSync(elsewhere);
  for (const { path } of dataset.photos) {
    const [folder = '', name = ''] = path.split('/');
    mkdirSync(join(elsewhere, folder), { recursive: true });
    copyFileSync(join(photos, path), join(elsewhere, folder, name));
  }
  const moved = await openDataset(elsewhere, { cache });
  expect(dividePhotos(moved, options()).hash).toBe(hash);
  expect(dividePhotos(dataset, options({ seed: 1 })).hash).not.toBe(hash);
  const renamed = { ...dataset, classes: ['blue', 'green', 'rouge'] };
  expect(dividePhotos(renamed, options()).hash).not.toBe(hash);
});

test('photos that fail late are listed, and a class without photos goes', () => {
  const idOf = (path: string): string => dataset.photos.find((photo) => photo.path === path)?.id ?? '';
  const some = withoutFailed(dataset, new Map([[idOf('red/red 1.jpg'), 'gone']]));
  expect(some.classes).toEqual(dataset.classes);
  expect(some.skipped).toEqual([
    { path: 'red/copy.jpg', reason: 'gone', code: 'damaged' },
    { path: 'red/red 1.jpg', reason: 'gone', code: 'damaged' },
  ]);

  const greens = dataset.photos.filter(({ path }) => path.startsWith('green/'));
  const two = withoutFailed(dataset, new Map(greens.map(({ id }) => [id, 'gone'])));
  expect(two.classes).toEqual(['blue', 'red']);
  for (const { path, label } of two.photos)
    expect(path.startsWith(`${two.classes[label] ?? '?'}/`)).toBe(true);
  expect(two.warnings).toContainEqual({ code: 'class-lost', message: expect.stringContaining('"green"') });
  expect(dataset.classes).toHaveLength(3);
});

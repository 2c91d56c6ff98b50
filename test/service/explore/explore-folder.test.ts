import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ExploreOptionsInput, ExploreResult } from '../../../src/contract/explore.ts';
import { exploreFolder } from '../../../src/service/explore/explore-folder.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { tintedPhoto, writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const labelled = join(scratch, 'labelled');
const flat = join(scratch, 'flat');
let backbone: string;

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  process.env['HOLOTYPE_DATA'] = join(scratch, 'data');
  backbone = writeBackbone(join(scratch, 'models'));
  await writePhotos(labelled, { red: 12, blue: 12 });
  writeFileSync(join(labelled, 'red', 'broken.jpg'), 'no photo');
  mkdirSync(flat);
  for (let seed = 0; seed < 10; seed++)
    writeFileSync(join(flat, `${seed}.jpg`), await tintedPhoto(seed % 2 === 0 ? 'red' : 'blue', seed));
  copyFileSync(join(flat, '3.jpg'), join(flat, 'copy of 3.jpg'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function explored(options: ExploreOptionsInput): Promise<ExploreResult> {
  const work = exploreFolder({ backbone, device: 'cpu', ...options });
  for (;;) {
    const { value, done } = await work.next();
    if (done === true) return value;
  }
}

test('a folder without labels: every photo is in a group, on the map and in the list of anomalies', async () => {
  const result = await explored({ photos: flat });
  expect(result.total).toBe(11);
  expect(result.clusters.flatMap(({ paths }) => paths).sort()).toHaveLength(11);
  expect(result.map).toHaveLength(10);
  expect(result.anomalies).toHaveLength(10);
  expect(result.anomalies.map(({ score }) => score)).toEqual(
    result.anomalies.map(({ score }) => score).sort((a, b) => b - a),
  );
  expect(result.duplicates[0]).toMatchObject({ kind: 'exact', similarity: 1 });
  expect([...(result.duplicates[0]?.paths ?? [])].sort()).toEqual(['3.jpg', 'copy of 3.jpg']);
  expect(result.labelErrors).toEqual([]);
  expect(result.next[0]?.score).toBe(1);
});

test('a photo of another size is among the first odd ones, and it is said why', async () => {
  const sizes = join(scratch, 'sizes');
  await writePhotos(sizes, { red: 12, blue: 12 }, 7);
  writeFileSync(join(sizes, 'red', 'large.jpg'), await blobs(5, 120, 96).jpeg({ quality: 90 }).toBuffer());
  const { anomalies } = await explored({ photos: sizes });
  const at = anomalies.findIndex(({ path }) => path === 'red/large.jpg');
  expect(at).toBeLessThan(5);
  expect(anomalies[at]?.reason).toEqual({ fact: 'size', side: 'above', own: 96, most: [32, 32] });
  expect(anomalies.filter(({ reason }) => reason?.fact === 'size')).toHaveLength(1);
});

test('labels from a file: what it leaves out is what to label next', async () => {
  const labels = join(scratch, 'labels.csv');
  writeFileSync(labels, 'filename,label\n0.jpg,red\n1.jpg,blue\n2.jpg,red\n');
  const result = await explored({ photos: flat, labels, groups: 3, method: 'hierarchical', next: 4 });
  expect(result.clusters).toHaveLength(3);
  const open = result.next.map(({ path }) => path);
  expect(open).toHaveLength(4);
  for (const name of ['0.jpg', '1.jpg', '2.jpg']) expect(open).not.toContain(name);
});

test('several labels and numbers from a file: what is probably wrong, and what to label next', async () => {
  const names = Array.from({ length: 12 }, (_, n) => [`red/red ${n}.jpg`, `blue/blue ${n}.jpg`]).flat();
  const labels = join(scratch, 'several.csv');
  const several = names.map((name, at) => `${name},${at % 2 === 0 && at !== 4 ? 'warm;leaf' : 'leaf'}`);
  writeFileSync(labels, ['filename,label', ...several.slice(0, 22)].join('\n'));
  const ofLabels = await explored({ photos: labelled, labels, task: 'multi-label' });
  expect(ofLabels.labelErrors[0]).toMatchObject({
    path: names[4],
    given: 'not warm',
    suggested: 'warm',
    label: { name: 'warm', seems: 'missing' },
  });
  expect(ofLabels.next.map(({ path }) => path).sort()).toEqual(names.slice(22).sort());
  expect(ofLabels.nextBy).toBe('uncertainty');

  const targets = join(scratch, 'targets.csv');
  const numbers = names.map((name, at) => `${name},${at === 5 ? 60 : (at % 2 === 0 ? 40 : 20) + (at % 3)}`);
  writeFileSync(targets, ['filename,target', ...numbers.slice(0, 22)].join('\n'));
  const ofNumbers = await explored({ photos: labelled, labels: targets, task: 'regression' });
  expect(ofNumbers.labelErrors[0]).toMatchObject({ path: names[5], given: '60', number: { given: 60 } });
  expect(ofNumbers.nextBy).toBe('diversity');
  expect(ofNumbers.next).toHaveLength(2);
});

test('labelled folders: nothing is left to label, and what is no photo is told of', async () => {
  const result = await explored({ photos: labelled });
  expect(result.total).toBe(24);
  expect(result.next).toEqual([]);
  expect(result.skipped.map(({ path }) => path)).toEqual(['red/broken.jpg']);
  // The features are in the cache now: the same answer without reading photos.
  expect(await explored({ photos: labelled })).toEqual(result);
});

test('a folder without photos, and options that are none', async () => {
  const empty = join(scratch, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'notes.txt'), 'nothing');
  await expect(explored({ photos: empty })).rejects.toMatchObject({ code: 'bad-input' });
  await expect(explored({ photos: flat, groups: 0 })).rejects.toMatchObject({ code: 'bad-usage' });
});

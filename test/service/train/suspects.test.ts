import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TrainResult } from '../../../src/contract/train.ts';
import { readSuspects, writeSuspects } from '../../../src/store/suspects.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { runTraining, trained, writeBackbone, writePhotos } from './training-fixtures.ts';

const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');

const photos = join(scratch, 'photos');
const backbone = writeBackbone(join(scratch, 'models'));
const options = { photos, backbone, recipe: 'head' as const, device: 'cpu' };

describe('photos in the folder of another class', () => {
  const moved = new Map<string, { given: string; suggested: string }>();
  let result: TrainResult;

  beforeAll(async () => {
    await writePhotos(join(photos, 'train'), { red: 24, green: 24, blue: 24 });
    await writePhotos(join(photos, 'val'), { red: 8, green: 8, blue: 8 }, 2);
    for (const [split, from, to, n] of [
      ['train', 'red', 'blue', 3],
      ['train', 'blue', 'green', 12],
      ['val', 'green', 'blue', 5],
    ] as const) {
      const name = `${from} ${n}.jpg`;
      renameSync(join(photos, split, from, name), join(photos, split, to, name.replace('.', ' moved.')));
      moved.set(`${split}/${to}/${from} ${n} moved.jpg`, { given: to, suggested: from });
    }
    result = await trained({ ...options, out: join(scratch, 'model') });
  });

  test('are on top of the likely label errors, from whatever split, with what they rather are', async () => {
    const suspects = await readSuspects(result.run);
    const top = new Map(suspects.slice(0, 6).map(({ path, ...suspect }) => [path, suspect]));
    for (const [path, expected] of moved) expect(top.get(path)).toMatchObject(expected);
    for (const { photo, score } of suspects) {
      expect(photo).toMatch(/^[0-9a-f]{64}$/);
      expect(score).toBeGreaterThan(0);
    }
    const scores = suspects.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(result.warnings).toEqual([]);
  });
});

describe('what was said wrong of photos', () => {
  const folder = join(scratch, 'tasks');
  const names = Array.from({ length: 24 }, (_, n) => [`red/red ${n}.jpg`, `blue/blue ${n}.jpg`]).flat();
  const table = (name: string, column: string, of: (at: number) => string | number): string => {
    const file = join(scratch, name);
    const rows = names.map((path, at) => `${path},${of(at)},${at >= 36 ? 'val' : 'train'}`);
    writeFileSync(file, [`filename,${column},split`, ...rows].join('\n'));
    return file;
  };
  beforeAll(() => writePhotos(folder, { red: 24, blue: 24 }, 4));

  test('of several labels is listed label by label, from training and validation', async () => {
    // Red photos are warm, blue ones cold; one of each split is said otherwise, all are leaves.
    const labels = table('several.csv', 'label', (at) =>
      at === 6 ? 'leaf' : at === 41 ? 'leaf;cold;warm' : at % 2 === 0 ? 'leaf;warm' : 'leaf;cold',
    );
    const more = { task: 'multi-label', labels, epochs: 20 } as const;
    const result = await trained({ ...options, photos: folder, out: join(scratch, 'several'), ...more });
    const suspects = await readSuspects(result.run);
    const said = suspects.slice(0, 2).map(({ path, label }) => `${path} ${label?.name} ${label?.seems}`);
    expect(said.sort()).toEqual([`${names[41]} warm extra`, `${names[6]} warm missing`]);
  });

  test('as a number is listed with what is predicted', async () => {
    const labels = table('numbers.csv', 'target', (at) =>
      at === 8 ? 90 : at === 45 ? 80 : (at % 2 === 0 ? 10 : 30) + (at % 5),
    );
    const more = { task: 'regression', labels, epochs: 20 } as const;
    const result = await trained({ ...options, photos: folder, out: join(scratch, 'numbers'), ...more });
    const suspects = await readSuspects(result.run);
    expect(
      suspects
        .slice(0, 2)
        .map(({ path }) => path)
        .sort(),
    ).toEqual([names[45], names[8]]);
    for (const { number } of suspects.slice(0, 2)) expect(number?.deviations).toBeGreaterThan(3);
  });
});

test('a list of an older version can be read', async () => {
  const old = { photo: 'a'.repeat(64), path: 'red/1.jpg', given: 'red', suggested: 'blue', score: 0.5 };
  const run = join(scratch, 'old');
  mkdirSync(run);
  writeFileSync(join(run, 'suspects.json'), JSON.stringify({ version: 1, suspects: [old] }));
  expect(await readSuspects(run)).toEqual([old]);
});

test('a list that cannot be kept costs no training', async () => {
  await writePhotos(join(scratch, 'few'), { red: 6, green: 6 }, 3);
  const out = join(scratch, 'unkept');
  const { result, events } = await runTraining({ ...options, photos: join(scratch, 'few'), out }, (event) => {
    // A folder is where the file would go.
    if (event.type === 'started') mkdirSync(join(event.run ?? '', 'suspects.json', 'x'), { recursive: true });
  });
  expect(result?.warnings.join()).toMatch(/Labels could not be checked/);
  expect(events.at(-1)?.type).toBe('done');
  expect(existsSync(join(out, 'holotype.json'))).toBe(true);
});

test('a run of an older version has none', async () => {
  expect(await readSuspects(join(scratch, 'nowhere'))).toEqual([]);
  await writeSuspects(scratch, []);
  expect(await readSuspects(scratch)).toEqual([]);
});

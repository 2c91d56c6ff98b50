import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetSchema } from '../../src/contract/dataset.ts';
import type { Dataset } from '../../src/contract/dataset.ts';
import { groupPhotos } from '../../src/engine/data/groups.ts';
import { splitPhotos } from '../../src/engine/data/split.ts';
import { openDataset } from '../../src/service/dataset.ts';
import type { OpenDatasetOptions, OpenProgress } from '../../src/service/dataset.ts';
import { blobs } from '../engine/data/photo-fixtures.ts';

let base: string;
let folder: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'holotype-dataset-'));
  folder = join(base, 'photos');
  await mkdir(folder);
});
afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

async function put(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(join(folder, path, '..'), { recursive: true });
  await writeFile(join(folder, path), content);
}
let photos = 0;
/** A photo like no other, unless the seed says which. */
async function photo(seed = (photos += 1) + 1000): Promise<Buffer> {
  return blobs(seed, 40, 30).jpeg().toBuffer();
}
const openIt = (options: OpenDatasetOptions = {}): Promise<Dataset> =>
  openDataset(folder, { cache: join(base, 'cache'), ...options });
async function progressOf(options: OpenDatasetOptions = {}): Promise<OpenProgress | undefined> {
  let last: OpenProgress | undefined;
  await openIt({ ...options, onProgress: (progress) => (last = progress) });
  return last;
}

describe('opening a folder of photos', () => {
  it('finds classes and photos, and what is known of each', async () => {
    for (const path of ['bees/2.jpg', 'bees/1.jpg', 'ants/1.jpg']) await put(path, await photo());
    const dated = await blobs(1, 40, 30)
      .withExif({ IFD2: { DateTimeOriginal: '2024:05:17 09:31:04' } })
      .jpeg()
      .toBuffer();
    await put('ants/dated.jpg', dated);
    const dataset = await openIt();
    expect(datasetSchema.parse(dataset)).toEqual(dataset);
    expect(dataset.classes).toEqual(['ants', 'bees']);
    expect(dataset.photos.map(({ path, label, root }) => [path, label, root])).toEqual([
      ['ants/1.jpg', 0, 0],
      ['ants/dated.jpg', 0, 0],
      ['bees/1.jpg', 1, 0],
      ['bees/2.jpg', 1, 0],
    ]);
    expect(dataset.photos[1]).toMatchObject({
      takenAt: '2024-05-17T09:31:04',
      width: 40,
      height: 30,
      bytes: dated.length,
    });
    expect(dataset.skipped).toEqual([]);
    expect(dataset.warnings).toEqual([]);
  });

  it('goes on past everything that is no photo, and says why', async () => {
    const good = await photo();
    await put('ants/good.jpg', good);
    await put('bees/png called.jpg', await blobs(5, 40, 30).png().toBuffer());
    await put('bees/no extension', await photo());
    await put(`bees/${'ü'.repeat(100)}.jpg`, await photo());
    await put('ants/empty.jpg', '');
    await put('ants/text.jpg', 'this is text');
    await put('ants/cut.jpg', good.subarray(0, good.length / 2));
    await put('ants/vector.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await put('ants/.DS_Store', 'x');
    await put('Thumbs.db', 'x');
    await put('flies/damaged.jpg', 'x');
    await mkdir(join(folder, 'wasps'));
    const dataset = await openIt();
    expect(dataset.photos).toHaveLength(4);
    expect(dataset.classes).toEqual(['ants', 'bees']);
    expect(Object.fromEntries(dataset.skipped.map(({ path, code }) => [path, code]))).toEqual({
      'ants/empty.jpg': 'empty',
      'ants/text.jpg': 'not-a-photo',
      'ants/cut.jpg': 'truncated',
      'ants/vector.svg': 'unsupported-format',
      'flies/damaged.jpg': 'not-a-photo',
    });
    for (const { reason } of dataset.skipped) expect(reason.length).toBeGreaterThan(10);
    expect(dataset.warnings.map(({ code, message }) => `${code}: ${message}`)).toEqual([
      'empty-folder: The folder "wasps" holds no photos.',
      'class-lost: No photo of "flies" can be used: the class is left out.',
    ]);
  });

  it('finds copies, and contradictions, which it leaves out', async () => {
    const [copied, torn] = [await photo(), await photo()];
    await put('ants/1.jpg', copied);
    await put('ants/2.jpg', copied);
    await put('ants/3.jpg', torn);
    await put('bees/3.jpg', torn);
    await put('bees/4.jpg', await photo());
    const dataset = await openIt();
    expect(dataset.exactDuplicates).toEqual([['ants/1.jpg', 'ants/2.jpg']]);
    expect(dataset.conflicts).toMatchObject([
      { paths: ['ants/3.jpg', 'bees/3.jpg'], labels: ['ants', 'bees'] },
    ]);
    expect(dataset.photos.map(({ path }) => path)).toEqual(['ants/1.jpg', 'ants/2.jpg', 'bees/4.jpg']);
    expect(dataset.skipped.map(({ path, code }) => [path, code])).toEqual([
      ['ants/3.jpg', 'conflict'],
      ['bees/3.jpg', 'conflict'],
    ]);
  });

  it('keeps contradictions if asked to, always on one side of a split', async () => {
    for (let seed = 0; seed < 6; seed += 1) {
      const torn = await photo();
      await put(`ants/${seed}.jpg`, torn);
      await put(`bees/${seed}.jpg`, torn);
    }
    const dataset = await openIt({ conflicts: 'keep' });
    expect(dataset.photos).toHaveLength(12);
    for (const groups of [undefined, groupPhotos(dataset.photos)]) {
      const { splits } = splitPhotos(dataset.photos, {
        valFraction: 0.3,
        testFraction: 0,
        seed: 3,
        ...(groups === undefined ? {} : { groups }),
      });
      expect(splits.slice(0, 6)).toEqual(splits.slice(6));
      expect(splits).toContain('val');
    }
  });

  it('takes validation and test photos from other folders', async () => {
    for (const path of ['ants/1.jpg', 'bees/1.jpg']) await put(path, await photo());
    const main = folder;
    folder = join(base, 'more');
    for (const path of ['ants/1.jpg', 'bees/1.jpg', 'bees/bad.jpg']) await put(path, await photo());
    await put('bees/bad.jpg', 'bad');
    const more = folder;
    folder = main;
    const dataset = await openIt({ valFolder: more });
    expect(dataset.roots).toEqual([main, more]);
    expect(dataset.photos.map(({ path, root, split }) => [path, root, split])).toEqual([
      ['ants/1.jpg', 0, undefined],
      ['bees/1.jpg', 0, undefined],
      ['ants/1.jpg', 1, 'val'],
      ['bees/1.jpg', 1, 'val'],
    ]);
    expect(dataset.skipped[0]?.path).toBe(`${more}/bees/bad.jpg`);
    const tested = await openIt({ testFolder: more });
    expect(tested.photos.map(({ split }) => split)).toEqual([undefined, undefined, 'test', 'test']);
  });

  it('takes labels, splits and groups from a CSV, given or found', async () => {
    for (const name of ['1.jpg', '2.jpg', '3.jpg']) await put(name, await photo());
    await put(
      'about.csv',
      'filename,label,split,plant\n1.jpg,ant,,p\n2.jpg,bee,train,q\ngone.jpg,bee,val,q\n',
    );
    const given = await openIt({ labelsCsv: join(folder, 'about.csv'), groupBy: 'csv:plant' });
    expect(given.photos.map(({ path, label, split, group }) => [path, label, split, group])).toEqual([
      ['1.jpg', 0, undefined, 'p'],
      ['2.jpg', 1, 'train', 'q'],
    ]);
    expect(given.unlabeled.map(({ path }) => path)).toEqual(['3.jpg']);
    expect(given.skipped.map(({ path, code }) => [path, code])).toEqual([['gone.jpg', 'missing-file']]);
    expect(given.warnings.map(({ code }) => code)).toEqual(['not-listed', 'unlabeled']);
    const found = await openIt();
    expect(found.photos).toHaveLength(2);
    expect(found.warnings.map(({ code }) => code)).toContain('labels-found');
  });

  it('allows photos without labels where that is asked for', async () => {
    await put('1.jpg', await photo());
    const dataset = await openIt({ minClasses: 0 });
    expect([dataset.classes, dataset.photos.length, dataset.unlabeled.length]).toEqual([[], 0, 1]);
  });

  it('reports classes that validation lacks', async () => {
    for (const path of ['train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg']) await put(path, await photo());
    const { warnings } = await openIt();
    expect(warnings).toEqual([
      {
        code: 'class-missing-in-split',
        message: 'No val photo shows "b": the results say nothing about it.',
      },
    ]);
  });
});

describe('opening again', () => {
  it('reads only what is new or changed', async () => {
    for (const path of ['ants/1.jpg', 'bees/1.jpg', 'bees/2.jpg']) await put(path, await photo());
    await put('bees/bad.jpg', 'bad');
    const first = await openIt();
    expect(await progressOf()).toEqual({ done: 4, total: 4, read: 0 });
    expect(await openIt()).toEqual(first);
    await put('ants/2.jpg', await photo());
    expect(await progressOf()).toMatchObject({ total: 5, read: 1 });
    await put('bees/1.jpg', await photo()); // another size, most likely; another time, surely
    await utimes(join(folder, 'bees/1.jpg'), 1, 1);
    expect(await progressOf()).toMatchObject({ read: 1 });
  });

  it('yields the same from a cache cut at any place', async () => {
    for (const path of ['ants/1.jpg', 'bees/1.jpg']) await put(path, await photo());
    const first = await openIt();
    const path = join(base, 'cache', 'facts.jsonl');
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length += 37) {
      await writeFile(path, whole.subarray(0, length));
      expect(await openIt()).toEqual(first);
    }
  });

  it('does not need its cache', async () => {
    for (const path of ['ants/1.jpg', 'bees/1.jpg']) await put(path, await photo());
    await writeFile(join(base, 'file'), 'not a folder');
    expect((await openIt({ cache: join(base, 'file') })).photos).toHaveLength(2);
  });

  it('after cancelling goes on with what was done', async () => {
    const bytes = await photo();
    for (let index = 0; index < 30; index += 1) {
      await put(
        `${index % 2 === 0 ? 'ants' : 'bees'}/${index}.jpg`,
        Buffer.concat([bytes, Buffer.from([index])]),
      );
    }
    const controller = new AbortController();
    const run = openIt({
      signal: controller.signal,
      onProgress: ({ done }) => {
        if (done === 10) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    const progress = await progressOf();
    expect(progress?.total).toBe(30);
    expect(progress?.read).toBeLessThanOrEqual(20);
    expect(progress?.read).toBeGreaterThan(10); // it did stop
    await expect(openIt({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('what can not be opened is refused with a remedy', () => {
  const refused = async (options: OpenDatasetOptions = {}): Promise<unknown> =>
    openIt(options).then(
      () => 'It was accepted.',
      (error: unknown) => error,
    );
  const remedy = expect.stringMatching(/.{10}/) as unknown;
  const says = (words: string): unknown => expect.stringContaining(words);

  it('a folder that is not there', async () => {
    await rm(folder, { recursive: true });
    expect(await refused()).toMatchObject({ code: 'not-found', message: says(folder), remedy });
  });

  it('a file', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'x');
    expect(await refused()).toMatchObject({ code: 'bad-input', message: says('is a file'), remedy });
  });

  it('an empty folder', async () => {
    expect(await refused()).toMatchObject({ code: 'bad-input', message: says('no photos'), remedy });
  });

  it('a folder of nothing that can be used', async () => {
    await put('ants/1.jpg', 'text');
    const message = says('"ants/1.jpg": text, not a photo');
    expect(await refused()).toMatchObject({ code: 'bad-input', message, remedy });
  });

  it('a single class', async () => {
    await put('ants/1.jpg', await photo());
    await put('ants/2.jpg', await photo());
    expect(await refused()).toMatchObject({ code: 'bad-input', message: says('"ants"'), remedy });
  });

  it('photos without labels', async () => {
    await put('1.jpg', await photo());
    expect(await refused()).toMatchObject({ code: 'bad-input', message: says('no labels'), remedy });
  });

  it('validation classes that training lacks', async () => {
    for (const path of ['train/ants/1.jpg', 'train/bees/1.jpg', 'val/Ants/1.jpg'])
      await put(path, await photo());
    expect(await refused()).toMatchObject({
      code: 'bad-input',
      message: says('"Ants"'),
      remedy: says('upper and lower case'),
    });
    await rm(join(folder, 'val'), { recursive: true });
    for (const path of ['val/ants/1.jpg', 'val/wasps/1.jpg']) await put(path, await photo());
    expect(await refused()).toMatchObject({ message: says('"wasps"'), remedy: says('ants, bees') });
  });

  it('a labels file that is not there', async () => {
    await put('1.jpg', await photo());
    const labelsCsv = join(base, 'no.csv');
    expect(await refused({ labelsCsv })).toMatchObject({
      code: 'not-found',
      message: says('no.csv'),
      remedy,
    });
  });

  it('a bad --group-by', async () => {
    expect(await refused({ groupBy: '([' })).toMatchObject({ code: 'bad-usage', remedy });
    await put('ants/1.jpg', await photo());
    expect(await refused({ groupBy: 'csv:plant' })).toMatchObject({ code: 'bad-input', remedy });
  });
});

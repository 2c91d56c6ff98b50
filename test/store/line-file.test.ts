import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LineFile } from '../../src/store/line-file.ts';
import { createScratch } from '../../src/store/scratch-folder.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('reads lines by number while the file grows; half a line is none yet', async () => {
  const path = join(scratch, 'grows.jsonl');
  const file = new LineFile(path);
  expect(await file.count()).toBe(0);
  expect(await file.read(0, 10)).toEqual([]);
  writeFileSync(path, 'one\ntwo\nthr');
  expect(await file.count()).toBe(2);
  expect(await file.read(0, 10)).toEqual(['one', 'two']);
  appendFileSync(path, 'ee ü\n');
  expect(await file.read(1, 2)).toEqual(['two', 'three ü']);
  expect(await file.read(2, 1)).toEqual(['three ü']);
  expect(await file.read(3, 5)).toEqual([]);
  expect(await file.count()).toBe(3);
});

it('finds its way in files of any size, also when asked for many things at once', async () => {
  const path = join(scratch, 'large.jsonl');
  const lines = Array.from({ length: 5_000 }, (_, n) => `${n} ${'x'.repeat(n % 300)}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
  const file = new LineFile(path);
  const [count, first, middle, last] = await Promise.all([
    file.count(),
    file.read(0, 1),
    file.read(2_345, 700),
    file.read(4_999, 10),
  ]);
  expect(count).toBe(5_000);
  expect(first).toEqual(lines.slice(0, 1));
  expect(middle).toEqual(lines.slice(2_345, 3_045));
  expect(last).toEqual(lines.slice(4_999));
});

it('can’t read what is no file', async () => {
  await expect(new LineFile(scratch).count()).rejects.toMatchObject({ code: 'storage' });
});

it('a scratch folder is there when it is wanted, and gone afterwards', async () => {
  const parent = join(scratch, 'deep', 'scratch');
  const own = createScratch(parent);
  const path = await own.file('a.txt');
  writeFileSync(path, 'a');
  const other = await createScratch(parent).file('b.txt');
  writeFileSync(other, 'b');
  expect(await new LineFile(path).count()).toBe(0);
  await own.remove();
  await expect(new LineFile(path).count()).resolves.toBe(0);
  writeFileSync(other, 'another engine’s is still there\n');
  expect(await new LineFile(other).count()).toBe(1);
});

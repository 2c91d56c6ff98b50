import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { LastResults } from '../../src/service/last-results.ts';
import { scratchFolder } from '../store/scratch.ts';

const schema = z.object({ photos: z.number() });
let scratch: string;
let folder: string;
const results = () => new LastResults(folder, schema);

beforeEach(() => {
  scratch = scratchFolder();
  folder = join(scratch, 'cache', 'results');
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

test('what is kept is there again in the next process, for its own project', async () => {
  const own = results();
  expect(await own.of('a')).toBeNull();
  await own.keep('a', { photos: 3 });
  expect(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8'))).toEqual({ photos: 3 });
  expect(await results().of('a')).toEqual({ photos: 3 });
  expect(await results().of('b')).toBeNull();
});

test('what is only noted is at hand, and gone with the process', async () => {
  const own = results();
  await own.keep('a', { photos: 3 });
  own.note('a', { photos: 4 });
  expect(await own.of('a')).toEqual({ photos: 4 });
  expect(await results().of('a')).toEqual({ photos: 3 });
});

test('what another version wrote counts as nothing, and what can not be written is at hand all the same', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a.json'), '{"pictures": 3}');
  expect(await results().of('a')).toBeNull();
  folder = join(folder, 'a.json', 'no folder');
  const own = results();
  await own.keep('a', { photos: 5 });
  expect(await own.of('a')).toEqual({ photos: 5 });
  expect(await results().of('a')).toBeNull();
});

/** A search's file of trials. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openSearch, readSearchLines } from '../../src/store/search.ts';
import type { SearchLine } from '../../src/store/search.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const score = (loss: number) => ({ score: { loss, accuracy: null }, seconds: 1, elapsed: 1 });
const trial = (number: number, loss: number): SearchLine => ({
  type: 'trial',
  number,
  point: {},
  share: 1,
  ...score(loss),
});
const final = (number: number, seed: number, loss: number): SearchLine => ({
  type: 'final',
  number,
  seed,
  ...score(loss),
});

it('is read by the trials’ numbers, none twice, in whatever order they were done', async () => {
  const about = { space: 'some' };
  const folder = await openSearch(scratch, about, false);
  const lines = [trial(0, 1), trial(3, 2), trial(1, 3), final(3, 1, 4), trial(2, 5), final(3, 2, 6)];
  await Promise.all(lines.map((line) => folder.append(line)));
  await folder.close();
  // Somebody has put two copies of the file together.
  const twice = [...lines, trial(3, 9), final(3, 1, 9)].map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(join(scratch, 'trials.jsonl'), `${twice}\n{"type":"trial","num`);
  const wanted = [trial(0, 1), trial(1, 3), trial(2, 5), trial(3, 2), final(3, 1, 4), final(3, 2, 6)];
  expect(await readSearchLines(scratch)).toEqual(wanted);
  const again = await openSearch(scratch, about, true);
  expect(again.lines).toEqual(wanted);
  await again.close();
});

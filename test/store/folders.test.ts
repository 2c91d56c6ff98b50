import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freeBytes } from '../../src/store/folders.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('free space is that of the disk a folder is on, or will be on', async () => {
  const here = await freeBytes(scratch);
  expect(here).toBeGreaterThan(0);
  const later = await freeBytes(join(scratch, 'not', 'made', 'yet'));
  expect(Math.abs(later - here)).toBeLessThan(here / 2); // others write to the same disk
});

test('a folder below a file is on no disk', async () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  await expect(freeBytes(join(file, 'folder'))).rejects.toMatchObject({ code: 'storage' });
});

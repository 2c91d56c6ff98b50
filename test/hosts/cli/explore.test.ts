/** `holotype explore` as a process. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exploreResultSchema } from '../../../src/contract/explore.ts';
import { blobs } from '../../engine/data/photo-fixtures.ts';
import { writeBackbone, writePhotos } from '../../service/train/training-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { environment, run } from './cli-testing.ts';

const scratch = scratchFolder();
const env = environment(scratch);
const photos = join(scratch, 'photos');
let backbone: string;

beforeAll(async () => {
  await writePhotos(photos, { red: 8, blue: 8 });
  writeFileSync(join(photos, 'red', 'large.jpg'), await blobs(5, 120, 96).jpeg({ quality: 90 }).toBuffer());
  backbone = writeBackbone(join(scratch, 'models'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('--json prints one document; for people there are lists', async () => {
  const args = ['explore', photos, '--backbone', backbone, '--device', 'cpu', '--groups', '2'];
  const asked = await run([...args, '--json'], env);
  expect(asked.code, asked.stderr).toBe(0);
  const result = exploreResultSchema.parse(JSON.parse(asked.stdout));
  expect([result.total, result.clusters.length, result.anomalies.length]).toEqual([17, 2, 17]);
  expect(result.anomalies.find(({ path }) => path === 'red/large.jpg')?.reason).toMatchObject({ own: 96 });
  expect(asked.stderr).toContain('Grouping photos');

  const told = await run(args, env);
  expect(told.code).toBe(0);
  expect(told.stdout).toMatch(/^17 photos in 2 groups:$/m);
  expect(told.stdout).toContain('Photos that belong least (the first 10 of 17):');
  expect(told.stdout).toMatch(
    /^ {2}red\/large\.jpg: larger than most: 96 px on the short side, most have 32$/m,
  );
});

test('a wrong number of groups is bad usage, a folder that is not there bad input', async () => {
  const wrong = await run(['explore', photos, '--groups', '0', '--json'], env);
  expect([wrong.code, JSON.parse(wrong.stdout)]).toMatchObject([2, { error: { code: 'bad-usage' } }]);
  const gone = await run(['explore', join(scratch, 'nowhere'), '--backbone', backbone, '--json'], env);
  expect([gone.code, JSON.parse(gone.stdout)]).toMatchObject([3, { error: { code: 'not-found' } }]);
});

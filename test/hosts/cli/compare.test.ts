/** `holotype compare` as a process: what it prints where, and its exit code. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { comparisonSchema } from '../../../src/contract/compare.ts';
import { drawComparison } from '../../../src/hosts/cli/draw-comparison.ts';
import { writeBackbone, writePhotos } from '../../service/train/training-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { environment, run } from './cli-testing.ts';

const scratch = scratchFolder();
const env = { ...environment(scratch), HOLOTYPE_MODELS: join(scratch, 'models') };
const photos = join(scratch, 'photos');

beforeAll(async () => {
  await writePhotos(photos, { red: 8, blue: 8 });
  writeBackbone(join(scratch, 'models'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('--json prints one document; people get a table, and progress on stderr', async () => {
  const { code, stdout, stderr } = await run(
    ['compare', photos, '--folds', '4', '--device', 'cpu', '--json'],
    env,
  );
  expect(code).toBe(0);
  const comparison = comparisonSchema.parse(JSON.parse(stdout));
  expect(comparison).toMatchObject({ photos: 16, folds: 4, seed: 0, failed: [] });
  expect(stderr).toContain('Loading tiny (1 of 1)');
  const [one] = comparison.backbones;
  if (one === undefined) throw new Error('no backbone was judged');
  const domain = {
    photos: 16,
    confidence: 0.3,
    interval: [0.2, 0.4] as [number, number],
    sure: 0.1,
    entropy: 0.5,
    expected: 0.75,
    nearness: 'between' as const,
  };
  const other = {
    ...one,
    id: 'other',
    accuracy: 0.5,
    interval: [0.3, 0.7] as [number, number],
    behind: true,
  };
  const drawn = drawComparison({ ...comparison, backbones: [one, { ...other, domain }] });
  expect(drawn).toMatch(/^1 +tiny +[\d.]+% +[\d.]+% to [\d.]+% .* not measurable$/m);
  expect(drawn).toContain('some way off (30.0% sure; of ImageNet’s about 75.0%)');
  expect(drawn).toContain('tiny does better than the others for sure.');
});

test('numbers of a table are compared by how far off, and so is the table for people', async () => {
  const labels = join(scratch, 'targets.csv');
  const rows = Array.from({ length: 8 }, (_, n) => [`red/red ${n}.jpg,${20 + n}`, `blue/blue ${n}.jpg,${n}`]);
  writeFileSync(labels, ['filename,target', ...rows.flat()].join('\n'));
  const args = ['compare', photos, '--task', 'regression', '--labels', labels, '--device', 'cpu', '--json'];
  const { code, stdout } = await run(args, env);
  expect(code).toBe(0);
  const comparison = comparisonSchema.parse(JSON.parse(stdout));
  expect(comparison).toMatchObject({ task: 'regression', classes: [], photos: 16 });
  const drawn = drawComparison(comparison);
  expect(drawn).toMatch(/backbone +off by +95% interval +R² +95% interval/);
  expect(drawn).toMatch(/^1 +tiny +[\d.]+ +[\d.]+ to [\d.]+ +-?[\d.]+ +-?[\d.]+ to -?[\d.]+ /m);
  expect(drawn).toContain('16 photos with a number; each was judged');
  const [one] = comparison.backbones;
  if (one === undefined) throw new Error('no backbone was judged');
  const { numbers: _, ...rest } = one;
  const several = {
    ...comparison,
    task: 'multi-label' as const,
    classes: ['warm', 'leaf'],
    backbones: [
      { ...rest, accuracy: 0.5, macroF1: 0.7, labels: { meanAveragePrecision: 0.8, interval: null } },
    ],
  };
  expect(drawComparison(several)).toMatch(/^1 +tiny +80\.0% +– +70\.0% +50\.0% /m);
  expect(drawComparison(several)).toContain('16 photos of 2 labels;');
});

test('wrong usage exits with 2, a backbone that is not there with its reason', async () => {
  expect((await run(['compare', photos, '--folds', '1'], env)).code).toBe(2);
  const { code, stderr } = await run(['compare', photos, '--models', 'nowhere', '--device', 'cpu'], env);
  expect(code).toBe(3);
  expect(stderr).toContain('The backbone "nowhere" is not installed.');
});

/** `holotype train` with changed and mixed photos, as a process. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainResultSchema } from '../../../src/contract/train.ts';
import { writeBackbone, writePhotos } from '../../service/train/training-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { environment, run } from './cli-testing.ts';

const scratch = scratchFolder();
const env = { ...environment(scratch), HOLOTYPE_MODELS: join(scratch, 'models') };
const photos = join(scratch, 'photos');
const file = join(scratch, 'mine.json');
const wrong = join(scratch, 'wrong.json');
const train = (...more: string[]) =>
  run(['train', photos, '--backbone', join(scratch, 'models', 'tiny.onnx'), '--device', 'cpu', ...more], env);

beforeAll(async () => {
  await writePhotos(photos, { red: 10, blue: 10 });
  writeBackbone(join(scratch, 'models'));
  writeFileSync(file, '{"turn": {"probability": 0.5}, "noise": {"deviation": [1, 5]}, "headViews": 1}');
  writeFileSync(wrong, '{"flip": {"probability": 0.5, "often": true}}');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('trains with photos changed as a file says, and says why so few are not mixed', async () => {
  const out = join(scratch, 'model');
  const told = ['--augment', file, '--mixup', '0.2', '--cutmix', '1', '--epochs', '2', '--json'];
  const tuned = ['--recipe', 'finetune', '--freeze-until', 'block_1', '--finetune-epochs', '2'];
  const { code, stdout, stderr } = await train('--out', out, ...told, ...tuned);
  expect(code, stderr).toBe(0);
  const result = trainResultSchema.parse(JSON.parse(stdout));
  expect(result.chosen.finetune?.tried).toBe(true);
  expect(result.warnings).toContainEqual(
    expect.stringMatching(/^Photos are not mixed \(mixup, CutMix\): 16 /),
  );
});

test('refuses what is neither a way nor a file, a file by its key, and numbers that are none', async () => {
  const neither = await train('--augment', 'stronger');
  expect(neither.code).toBe(2);
  expect(neither.stderr).toContain('There is no way "stronger" to change photos');
  expect(neither.stderr).toContain('none, light, standard, strong, any-orientation, keep-colour');
  const unread = await train('--augment', wrong);
  expect(unread.code).toBe(3);
  expect(unread.stderr).toContain(
    'The augmentation in "wrong.json" can\'t be used: there is no "flip.often".',
  );
  const negative = await train('--mixup=-1');
  expect(negative.code).toBe(2);
  expect(negative.stderr).toContain('Give a number of 0 or more, at most 100.');
});

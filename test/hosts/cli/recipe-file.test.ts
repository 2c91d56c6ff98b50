/** `train --recipe` with a file of settings, as `search` writes it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainResultSchema } from '../../../src/contract/train.ts';
import { openRun } from '../../../src/store/runs.ts';
import { writeBackbone, writePhotos } from '../../service/train/training-fixtures.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { environment, run } from './cli-testing.ts';

const scratch = scratchFolder();
const env = environment(scratch);
const photos = join(scratch, 'photos');
const recipe = join(scratch, 'recipe.json');

beforeAll(async () => {
  await writePhotos(photos, { red: 8, blue: 8 });
  writeBackbone(join(scratch, 'models'));
  const settings = {
    recipe: 'head',
    backbone: join(scratch, 'models', 'tiny.onnx'),
    epochs: 5,
    weightDecay: 0.5,
    hidden: [6],
    learningRate: 0.01,
  };
  writeFileSync(recipe, JSON.stringify({ format: 'holotype-recipe', version: 1, settings }));
  writeFileSync(join(scratch, 'other.json'), '{"settings": {}}');
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('its settings are taken, and what is said on the command line goes before them', async () => {
  const out = join(scratch, 'model');
  const args = [
    'train',
    photos,
    '--out',
    out,
    '--recipe',
    recipe,
    '--epochs',
    '2',
    '--head',
    'linear',
    '--json',
  ];
  const { code, stdout, stderr } = await run(args, env);
  expect(code, stderr).toBe(0);
  const result = trainResultSchema.parse(JSON.parse(stdout));
  expect(result.recipe).toBe('head');
  const { config } = await openRun(result.run, { readOnly: true });
  expect(config).toMatchObject({
    options: { recipe: 'head', epochs: 2, hidden: [], weightDecay: 0.5, learningRate: 0.01 },
  });
});

test.each([
  ['a file that is not there', 'nonsense', 2, 'no such file'],
  ['a file of something else', join(scratch, 'other.json'), 3, "can't be used"],
])('%s is an error', async (_what, file, code, message) => {
  const ended = await run(['train', photos, '--recipe', file], env);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(message);
});

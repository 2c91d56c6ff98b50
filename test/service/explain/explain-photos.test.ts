import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainResultSchema } from '../../../src/contract/predict.ts';
import { explainPhotos } from '../../../src/service/explain/explain-photos.ts';
import { openSavedModel, type OpenedModel } from '../../../src/service/saved-model.ts';
import { scratchFolder } from '../../store/scratch.ts';
import { trained, writeBackbone, writePhotos } from '../train/training-fixtures.ts';

const scratch = scratchFolder();
const photos = join(scratch, 'photos');
const some = join(photos, 'red');
let model: OpenedModel;

beforeAll(async () => {
  process.env['HOLOTYPE_CACHE'] = join(scratch, 'cache');
  await writePhotos(photos, { red: 8, blue: 8 });
  const out = join(scratch, 'model');
  await trained({
    photos,
    out,
    backbone: writeBackbone(join(scratch, 'models')),
    recipe: 'head',
    epochs: 5,
    device: 'cpu',
  });
  model = await openSavedModel(out);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('pictures of where a model looks', () => {
  test('are made for every photo, beside what is there already; what is no photo is told', async () => {
    const out = join(scratch, 'pictures');
    mkdirSync(out);
    writeFileSync(join(out, 'red 0.jpg'), 'mine');
    writeFileSync(join(some, 'notes.txt'), 'no photo');
    const done: number[] = [];
    const options = { out, onProgress: (count: number) => void done.push(count) };
    const result = explainResultSchema.parse(await explainPhotos(model, [some], options));
    expect(result.results).toHaveLength(8);
    expect(result.failed.map(({ path }) => path)).toEqual([join(some, 'notes.txt')]);
    expect(readdirSync(out)).toHaveLength(9);
    expect(result.results[0]?.picture).toBe(join(out, 'red 0 (2).jpg'));
    expect(done.at(-1)).toBe(9);
    for (const { picture, method, values } of result.results) {
      expect(method).toBe('grad-cam');
      // Nothing may speak for an answer, with a network of random weights.
      expect([0, 1]).toContain(Math.max(...values));
      expect(await sharp(picture).metadata()).toMatchObject({ width: 40, height: 32, format: 'jpeg' });
    }
    rmSync(join(some, 'notes.txt'));
  });

  test('of a class that is asked for, by the method that is asked for', async () => {
    const out = join(scratch, 'asked');
    const photo = join(some, 'red 1.jpg');
    const { results } = await explainPhotos(model, [photo], { out, class: 'blue', method: 'occlusion' });
    expect(results).toMatchObject([{ path: photo, class: 'blue', method: 'occlusion', rows: 14 }]);
  });

  test('nothing is made for a class that the model lacks', async () => {
    const out = join(scratch, 'nothing');
    await expect(explainPhotos(model, [some], { out, class: 'green' })).rejects.toMatchObject({
      code: 'bad-usage',
      remedy: 'It knows: blue, red.',
    });
    expect(existsSync(out)).toBe(false);
  });
});

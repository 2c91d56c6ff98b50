import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { HolotypeError } from '../../src/contract/errors.ts';
import { namedPhotoSchema } from '../../src/contract/model-details.ts';
import { namePhoto } from '../../src/service/name-photo.ts';

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));

describe.skipIf(!existsSync(shared))('naming photos with ../shared weights', () => {
  const folder = `${shared}/datasets/flowers/val/daisy`;
  const photos = existsSync(folder) ? readdirSync(folder).sort().slice(0, 8) : [];

  test('a pretrained MobileNetV2 takes daisies for daisies', async () => {
    const model = `${shared}/weights/mobilenet_v2_1.0_224.onnx`;
    let daisies = 0;
    for (const photo of photos) {
      const named = namedPhotoSchema.parse(await namePhoto(model, `${folder}/${photo}`));
      const chances = named.answers.map(({ probability }) => probability);
      expect(chances).toEqual([...chances].sort((a, b) => b - a));
      if (named.answers[0]?.name === 'daisy') daisies += 1;
    }
    expect(daisies).toBeGreaterThanOrEqual(5);
  });

  test('a network that was cut off names nothing', async () => {
    const model = `${shared}/weights/resnet50_v2_stage3.onnx`;
    const error: unknown = await namePhoto(model, `${folder}/${photos[0] ?? ''}`).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HolotypeError);
    expect(error).toMatchObject({ code: 'not-supported' });
  });
});

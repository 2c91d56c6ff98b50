import { describe, expect, test } from 'vitest';
import { augmentations, augmentationSchema } from '../../../../src/contract/augment.ts';
import { augmentPresets } from '../../../../src/contract/choices.ts';
import type { Augmentation } from '../../../../src/contract/augment.ts';
import { drawView } from '../../../../src/engine/data/augment/draw-view.ts';
import { parseAugmentation } from '../../../../src/engine/data/augment/parse-augmentation.ts';
import { decodeViews } from '../../../../src/engine/data/decode.ts';
import { seededRandom } from '../../../../src/engine/data/random.ts';
import { blobs, plainPhoto, policyOf } from '../photo-fixtures.ts';

const viewsOf = (augmentation: Augmentation, count = 400) => {
  const random = seededRandom(11);
  return Array.from({ length: count }, () => drawView(augmentation, random));
};
const share = <T>(items: readonly T[], fits: (item: T) => boolean): number =>
  items.filter(fits).length / items.length;

describe('presets', () => {
  test.each(augmentPresets)('%s is what a file may say', (name) => {
    const text = JSON.stringify(augmentations[name]);
    expect(parseAugmentation(text, name)).toEqual(augmentations[name]);
  });

  test('none shows the photo as it is', () => {
    for (const view of viewsOf(augmentations.none)) expect(view).toEqual({ flip: false });
  });

  test('any-orientation shows every one of the four turns, mirrored and not', () => {
    const seen = viewsOf(augmentations['any-orientation']).map(({ flip, turns = 0 }) => `${flip} ${turns}`);
    expect(new Set(seen).size).toBe(8);
    for (const one of new Set(seen)) expect(share(seen, (other) => other === one)).toBeGreaterThan(0.08);
  });

  test('keep-colour leaves the colour of a flat picture as it is, strong does not', async () => {
    const photo = new Uint8Array(await plainPhoto(40, 30, '#5a8c14').png().toBuffer());
    const meansOf = async (name: 'keep-colour' | 'strong'): Promise<Set<string>> => {
      const pictures = await decodeViews(photo, policyOf(16, 16), viewsOf(augmentations[name], 40));
      return new Set(pictures.map((pixels) => String([...new Set(pixels)].toSorted((a, b) => a - b))));
    };
    expect([...(await meansOf('keep-colour'))]).toEqual(['20,90,140']);
    expect((await meansOf('strong')).size).toBeGreaterThan(20);
  });
});

describe('a drawn view', () => {
  test('is the same for the same seed', () => {
    expect(viewsOf(augmentations.strong)).toEqual(viewsOf(augmentations.strong));
  });

  test('has each operation as often as is said, at strengths within what is said', () => {
    const augmentation = augmentationSchema.parse({
      flip: { probability: 0.25 },
      crop: { probability: 0.5, area: [0.4, 0.6], stretch: 1 },
      rotate: { probability: 0.3, degrees: 20 },
      colour: { probability: 0.4, brightness: 0.2, hue: 30 },
      blur: { probability: 0.6, sigma: [1, 2] },
      noise: { deviation: [3, 5] },
      erase: { probability: 0.1, area: [0.1, 0.2] },
    });
    const views = viewsOf(augmentation, 2000);
    const near = (actual: number, wanted: number): void =>
      expect(Math.abs(actual - wanted)).toBeLessThan(0.04);
    near(
      share(views, ({ flip }) => flip),
      0.25,
    );
    near(
      share(views, ({ crop }) => crop !== undefined),
      0.5,
    );
    near(
      share(views, ({ change }) => change?.rotate !== undefined),
      0.3,
    );
    near(
      share(views, ({ change }) => change?.colour !== undefined),
      0.4,
    );
    near(
      share(views, ({ change }) => change?.blur !== undefined),
      0.6,
    );
    near(
      share(views, ({ change }) => change?.noise !== undefined),
      1,
    );
    near(
      share(views, ({ change }) => change?.erase !== undefined),
      0.1,
    );
    for (const { crop, change = {}, turns } of views) {
      expect(turns).toBeUndefined();
      const { x, y, ...part } = crop ?? { x: 0, y: 0, width: Math.SQRT1_2, height: Math.SQRT1_2 };
      expect(part.width).toBeCloseTo(part.height, 10);
      expect(part.width * part.height).toBeGreaterThan(0.399);
      expect(part.width * part.height).toBeLessThan(0.601);
      expect(Math.max(x + part.width, y + part.height)).toBeLessThanOrEqual(1 + 1e-12);
      expect(Math.abs(change.rotate ?? 0)).toBeLessThanOrEqual(20);
      expect(Math.abs(change.colour?.brightness ?? 0)).toBeLessThanOrEqual(0.2);
      expect(change.colour?.saturation ?? 0).toBeCloseTo(0, 12);
      expect(change.noise?.deviation).toBeGreaterThanOrEqual(3);
      expect(change.noise?.deviation).toBeLessThan(5);
      const { width, height } = change.erase ?? { width: 0.5, height: 0.3 };
      expect(width * height).toBeGreaterThan(0.099);
      expect(width * height).toBeLessThan(0.201);
    }
  });

  test('upside down is the lower half above, left still left', async () => {
    const photo = new Uint8Array(await blobs(3).png().toBuffer());
    const [view = { flip: false }] = viewsOf(augmentationSchema.parse({ upsideDown: {} }), 1);
    const [plain, down] = await decodeViews(photo, policyOf(8, 8), [{ flip: false }, view]);
    const rows = (pixels: Uint8Array | undefined): string[] =>
      Array.from({ length: 8 }, (_, row) => String(pixels?.subarray(row * 24, row * 24 + 24)));
    expect(rows(down)).toEqual(rows(plain).toReversed());
  });
});

describe('a file', () => {
  const problem = (text: string): string => {
    try {
      parseAugmentation(text, 'my.json');
      return 'none';
    } catch (error) {
      return error instanceof Error ? error.message : '';
    }
  };

  test('may leave out probabilities and what has a usual value', () => {
    expect(parseAugmentation('\uFEFF{"flip": {}, "colour": {"hue": 5}, "headViews": 2}', 'f')).toEqual({
      flip: { probability: 1 },
      colour: { probability: 1, brightness: 0, contrast: 0, saturation: 0, hue: 5 },
      headViews: 2,
    });
  });

  test.each([
    ['{"flop": {}}', 'there is no "flop"'],
    ['{"flip": {"chance": 1}}', 'there is no "flip.chance"'],
    ['{"blur": {"sigma": [2, 1]}}', '"blur.sigma": must be [from, to], the smaller number first'],
    ['{"erase": {"area": [0.1, 3]}}', '"erase.area.1"'],
    ['{"rotate": {}}', '"rotate.degrees"'],
    ['{"flip": {"probability": 2}}', '"flip.probability"'],
    ['{"flip": ', 'is no JSON'],
    ['[]', 'my.json'],
  ])('%s is refused by name', (text, words) => {
    expect(problem(text)).toContain(words);
  });

  test('that is refused says what there is', () => {
    expect(() => parseAugmentation('{"a": 1, "b": 2}', 'my.json')).toThrow(
      expect.objectContaining({
        code: 'bad-input',
        message: 'The augmentation in "my.json" can\'t be used: there is no "a" nor "b".',
        remedy: expect.stringContaining('upsideDown, turn, rotate, crop'),
      }),
    );
  });
});

test('a turned view of a photo that is not square is fitted lying and stands afterwards', async () => {
  const photo = new Uint8Array(await blobs(4, 60, 40).png().toBuffer());
  const tall = policyOf(30, 20);
  const [turned] = await decodeViews(photo, tall, [{ flip: false, turns: 1 }]);
  const [lying] = await decodeViews(photo, policyOf(20, 30), [{ flip: false }]);
  expect(turned).toHaveLength(1800);
  // The lower left corner of the photo is the upper left one of what was turned clockwise.
  expect(turned?.subarray(0, 3)).toEqual(lying?.subarray(19 * 90, 19 * 90 + 3));
});

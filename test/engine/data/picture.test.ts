import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { modelView, showablePicture, smallPicture } from '../../../src/engine/data/picture.ts';
import { plainPhoto, policyOf, quarters } from './photo-fixtures.ts';

/** Size and the colour of the top left and top right quarter. */
async function look(
  bytes: Uint8Array,
): Promise<{ width: number; height: number; left: string; right: string }> {
  const { data, info } = await sharp(bytes, { autoOrient: true }).raw().toBuffer({ resolveWithObject: true });
  const name = (x: number, y: number): string => {
    const at = (y * info.width + x) * info.channels;
    const [r = 0, g = 0, b = 0] = data.subarray(at, at + 3);
    return r > 150 ? (g > 150 ? 'yellow' : 'red') : g > 150 ? 'green' : b > 150 ? 'blue' : 'dark';
  };
  const { width, height } = info;
  const y = Math.floor(height / 4);
  return { width, height, left: name(Math.floor(width / 4), y), right: name(Math.floor((width * 3) / 4), y) };
}

describe('a small picture', () => {
  it('keeps the proportions', async () => {
    const { type, bytes } = await smallPicture(await quarters(640, 480).jpeg().toBuffer(), 256);
    expect(type).toBe('image/jpeg');
    expect(await look(bytes)).toEqual({ width: 256, height: 192, left: 'red', right: 'green' });
  });

  // EXIF: 6 is "turn by 90 degrees to the right to see it upright", 3 upside down, 2 mirrored.
  it.each([
    [6, { width: 96, height: 128, left: 'blue', right: 'red' }],
    [3, { width: 128, height: 96, left: 'yellow', right: 'blue' }],
    [2, { width: 128, height: 96, left: 'green', right: 'red' }],
  ])('stands upright for EXIF orientation %i, and says so no more', async (orientation, expected) => {
    const photo = await quarters(640, 480).jpeg().withMetadata({ orientation }).toBuffer();
    const { bytes } = await smallPicture(photo, 128);
    expect(await look(bytes)).toEqual(expected);
    expect((await sharp(bytes).metadata()).orientation).toBeUndefined();
  });

  it('is never larger than the photo', async () => {
    const { bytes } = await smallPicture(await quarters(40, 30).png().toBuffer(), 512);
    expect(await look(bytes)).toMatchObject({ width: 40, height: 30 });
  });

  it('of a photo of a single line of pixels is one, too', async () => {
    const { bytes } = await smallPicture(await plainPhoto(3000, 1, '#f00').png().toBuffer(), 128);
    expect(await look(bytes)).toMatchObject({ width: 128, height: 1 });
  });

  it('shows what is seen through as white', async () => {
    const clear = sharp({
      create: { width: 64, height: 64, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    });
    const { bytes } = await smallPicture(await clear.png().toBuffer(), 128);
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect(Math.min(...data.subarray(0, 3))).toBeGreaterThan(250);
  });

  it.each([
    ['nothing', async () => new Uint8Array(), 'empty'],
    ['text', async () => Buffer.from('hello there, this is text'), 'not-a-photo'],
    [
      'half of a photo',
      async () => (await quarters(640, 480).jpeg().toBuffer()).subarray(0, 1500),
      'truncated',
    ],
  ])('of %s is refused with the reason', async (_what, make, reason) => {
    await expect(smallPicture(await make(), 128)).rejects.toMatchObject({
      code: 'bad-input',
      details: { reason },
    });
  });
});

describe('a photo to be shown', () => {
  it.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)(
    'is its own file when it is a %s',
    async (format) => {
      const photo = await quarters().toFormat(format).toBuffer();
      const shown = await showablePicture(photo);
      expect(shown.type).toBe(`image/${format}`);
      expect(shown.bytes).toBe(photo);
    },
  );

  it('is its own file when it is a JPEG that browsers turn themselves', async () => {
    const photo = await quarters().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect((await showablePicture(photo)).bytes).toBe(photo);
  });

  it('is turned where browsers disagree', async () => {
    const photo = await quarters().webp().withMetadata({ orientation: 6 }).toBuffer();
    const shown = await showablePicture(photo);
    expect(shown.type).toBe('image/jpeg');
    expect(await look(shown.bytes)).toEqual({ width: 48, height: 64, left: 'blue', right: 'red' });
  });

  it('is converted when it is a TIFF', async () => {
    const shown = await showablePicture(await quarters().tiff().toBuffer());
    expect(shown.type).toBe('image/jpeg');
    expect(await look(shown.bytes)).toEqual({ width: 64, height: 48, left: 'red', right: 'green' });
  });

  it('has a bound where it is converted', async () => {
    const shown = await showablePicture(await plainPhoto(9000, 30, '#0f0').tiff().toBuffer());
    expect(await look(shown.bytes)).toMatchObject({ width: 8192 });
  });

  it('is refused when it is none', async () => {
    await expect(showablePicture(Buffer.from('%PDF-1.7'))).rejects.toMatchObject({ code: 'bad-input' });
  });
});

describe("a model's view", () => {
  it('is what the model gets, pixel for pixel', async () => {
    const photo = await quarters(640, 480).jpeg().toBuffer();
    const { type, bytes } = await modelView(photo, policyOf(32, 32, { resize: 'pad' }));
    expect(type).toBe('image/png');
    const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 32, height: 32, channels: 3 });
    // Padding is grey, above and below.
    expect([...data.subarray(0, 3)]).toEqual([128, 128, 128]);
  });
});

import { describe, expect, it } from 'vitest';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { HolotypeError } from '../../../src/contract/errors.ts';
import {
  checkFormat,
  decodeConcurrency,
  decodeSmall,
  decodePhoto,
  decodeViews,
  maxPixels,
  photoSize,
} from '../../../src/engine/data/decode.ts';
import { blobs, pixel, plainPhoto, policyOf, quarters } from './photo-fixtures.ts';

const small = policyOf(8, 8);

async function firstPixel(bytes: Uint8Array): Promise<number[]> {
  const pixels = await decodePhoto(bytes, small);
  expect(pixels).toHaveLength(8 * 8 * 3);
  return pixel(pixels, 8, 4, 4);
}

/** The greatest difference of any channel. */
function off(actual: readonly number[], expected: readonly number[]): number {
  return Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] ?? NaN))));
}

async function refusal(bytes: Uint8Array): Promise<{ reason: unknown; message: string }> {
  const error: unknown = await decodePhoto(bytes, small).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(HolotypeError);
  if (!(error instanceof HolotypeError)) throw new Error('unreachable');
  expect(error.code).toBe('bad-input');
  return { reason: error.details?.['reason'], message: error.message };
}

describe('formats', () => {
  const orange = (): ReturnType<typeof plainPhoto> => plainPhoto(40, 30, 'rgb(200, 100, 50)');

  it.each([
    ['jpeg', 3],
    ['png', 0],
    ['webp', 4],
    ['gif', 4],
    ['tiff', 3],
    ['avif', 6],
  ] as const)('decodes %s', async (format, tolerance) => {
    expect(
      off(await firstPixel(await orange().toFormat(format).toBuffer()), [200, 100, 50]),
    ).toBeLessThanOrEqual(tolerance);
  });

  it('decodes CMYK JPEG, with and without a profile', async () => {
    const bare = await orange().toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bare).metadata()).space).toBe('cmyk');
    expect(off(await firstPixel(bare), [200, 100, 50])).toBeLessThanOrEqual(40);
    const profiled = await orange().withIccProfile('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(profiled).metadata()).space).toBe('cmyk');
    expect(off(await firstPixel(profiled), [200, 100, 50])).toBeLessThanOrEqual(40);
  });

  it('brings 16 bits down to 8', async () => {
    const rgb16 = await orange().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(rgb16).metadata()).depth).toBe('ushort');
    expect(off(await firstPixel(rgb16), [200, 100, 50])).toBeLessThanOrEqual(2);
    const grey16 = await plainPhoto(9, 9, 'rgb(90, 90, 90)').toColourspace('grey16').png().toBuffer();
    expect((await sharp(grey16).metadata()).depth).toBe('ushort');
    expect(off(await firstPixel(grey16), [90, 90, 90])).toBeLessThanOrEqual(2);
  });

  it('makes three channels of grey', async () => {
    const grey = await plainPhoto(9, 9, 'rgb(90, 90, 90)').toColourspace('b-w').jpeg().toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    expect(off(await firstPixel(grey), [90, 90, 90])).toBeLessThanOrEqual(2);
  });

  it.each(['png', 'webp', 'gif', 'tiff', 'avif'] as const)('shows alpha of %s over white', async (format) => {
    const clear = sharp({
      create: { width: 16, height: 16, channels: 4, background: { r: 200, g: 0, b: 0, alpha: 0 } },
    });
    const options = format === 'tiff' ? { compression: 'lzw' as const } : {};
    const bytes = await clear.toFormat(format, options).toBuffer();
    expect((await sharp(bytes).metadata()).hasAlpha).toBe(true);
    expect(off(await firstPixel(bytes), [255, 255, 255])).toBeLessThanOrEqual(2);
  });

  it('blends half-transparent pixels with white', async () => {
    const half = { r: 200, g: 100, b: 0, alpha: 0.5 };
    const photo = sharp({ create: { width: 16, height: 16, channels: 4, background: half } });
    expect(off(await firstPixel(await photo.png().toBuffer()), [228, 178, 128])).toBeLessThanOrEqual(3);
    const grey = await photo.clone().toColourspace('b-w').png().toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(2);
    const [r, g, b] = await firstPixel(grey);
    expect(r).toBe(g);
    expect(g).toBe(b);
    expect(r).toBeGreaterThan(150);
  });

  it('reads palettes', async () => {
    const palette = await quarters().png({ palette: true, colours: 4 }).toBuffer();
    const pixels = await decodePhoto(palette, small);
    expect(off(pixel(pixels, 8, 1, 1), [230, 20, 20])).toBeLessThanOrEqual(8);
    expect(off(pixel(pixels, 8, 6, 6), [220, 220, 20])).toBeLessThanOrEqual(8);
  });

  it('converts an embedded profile to sRGB', async () => {
    // The same numbers mean a stronger red in Display P3 than in sRGB.
    const numbers = await plainPhoto(16, 16, 'rgb(200, 60, 60)').png().toBuffer();
    const p3 = await sharp(numbers).withIccProfile('p3').png().toBuffer();
    expect((await sharp(p3).metadata()).hasProfile).toBe(true);
    const stored = await sharp(p3, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs((stored[0] ?? 0) - 200)).toBeGreaterThan(5); // sharp converted on the way in
    expect(off(await firstPixel(p3), [200, 60, 60])).toBeLessThanOrEqual(3); // and we convert back
  });

  it.each(['gif', 'webp'] as const)('takes the first frame of an animated %s', async (format) => {
    const frames = await Promise.all(
      ['rgb(200, 0, 0)', 'rgb(0, 200, 0)'].map((colour) => plainPhoto(16, 16, colour).png().toBuffer()),
    );
    const animated = await sharp(frames, { join: { animated: true } })
      .toFormat(format)
      .toBuffer();
    expect((await sharp(animated).metadata()).pages).toBe(2);
    expect(off(await firstPixel(animated), [200, 0, 0])).toBeLessThanOrEqual(8);
    expect(await photoSize(animated)).toEqual({ width: 16, height: 16 });
  });

  it('takes the first page of a TIFF of several', async () => {
    const pages = await Promise.all(
      ['rgb(200, 0, 0)', 'rgb(0, 200, 0)'].map((colour) => plainPhoto(16, 12, colour).png().toBuffer()),
    );
    const tiff = await sharp(pages, { join: { animated: true } })
      .tiff({ compression: 'lzw' })
      .toBuffer();
    expect((await sharp(tiff).metadata()).pages).toBe(2);
    expect(off(await firstPixel(tiff), [200, 0, 0])).toBeLessThanOrEqual(2);
    expect(await photoSize(tiff)).toEqual({ width: 16, height: 12 });
  });

  it('takes the default picture of an animated PNG', async () => {
    const png = await orange().png().toBuffer();
    // An acTL chunk after IHDR (33 bytes in) makes it an APNG: two frames, for ever.
    const acTL = Buffer.from('000000086163544c0000000200000000f38d9370', 'hex');
    const animated = Buffer.concat([png.subarray(0, 33), acTL, png.subarray(33)]);
    expect(off(await firstPixel(animated), [200, 100, 50])).toBeLessThanOrEqual(0);
  });
});

describe('EXIF orientation', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i is applied', async (orientation) => {
    const upright = await quarters(64, 48).png().toBuffer();
    // What a camera held that way stores: the opposite of what a viewer must do.
    const stored: Record<number, (image: Sharp) => Sharp> = {
      1: (image) => image,
      2: (image) => image.flop(),
      3: (image) => image.rotate(180),
      4: (image) => image.flip(),
      5: (image) => image.flop().rotate(270), // sharp mirrors first
      6: (image) => image.rotate(270),
      7: (image) => image.flop().rotate(90),
      8: (image) => image.rotate(90),
    };
    const sideways = await (stored[orientation] ?? ((image) => image))(sharp(upright)).png().toBuffer();
    const bytes = await sharp(sideways).withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer();
    expect(await photoSize(bytes)).toEqual({ width: 64, height: 48 });
    const pixels = await decodePhoto(bytes, policyOf(24, 32));
    expect(off(pixel(pixels, 32, 4, 4), [230, 20, 20])).toBeLessThanOrEqual(12);
    expect(off(pixel(pixels, 32, 28, 4), [20, 200, 20])).toBeLessThanOrEqual(12);
    expect(off(pixel(pixels, 32, 4, 20), [20, 20, 230])).toBeLessThanOrEqual(12);
    expect(off(pixel(pixels, 32, 28, 20), [220, 220, 20])).toBeLessThanOrEqual(12);
  });
});

describe('resize modes', () => {
  it('squash shows everything', async () => {
    const pixels = await decodePhoto(await quarters(100, 50).png().toBuffer(), policyOf(20, 20));
    expect(off(pixel(pixels, 20, 2, 2), [230, 20, 20])).toBeLessThanOrEqual(3);
    expect(off(pixel(pixels, 20, 17, 17), [220, 220, 20])).toBeLessThanOrEqual(3);
  });

  it('crop keeps the middle part', async () => {
    // Black with a white square in the middle, 50 of 100 by 100 pixels: half the short side.
    const white = await plainPhoto(50, 50, '#fff').png().toBuffer();
    const bytes = await plainPhoto(200, 100, '#000')
      .composite([{ input: white }])
      .png()
      .toBuffer();
    const half = await decodePhoto(bytes, policyOf(20, 20, { resize: 'crop', cropFraction: 0.5 }));
    expect(Math.min(...half)).toBeGreaterThan(110); // nothing but the square, its edge blurred
    const whole = await decodePhoto(bytes, policyOf(20, 20, { resize: 'crop', cropFraction: 1 }));
    expect(pixel(whole, 20, 1, 1)).toEqual([0, 0, 0]);
    expect(pixel(whole, 20, 10, 10)).toEqual([255, 255, 255]);
  });

  it('pad fills with grey', async () => {
    const bytes = await plainPhoto(100, 50, 'rgb(200, 0, 0)').png().toBuffer();
    const pixels = await decodePhoto(bytes, policyOf(20, 20, { resize: 'pad' }));
    expect(pixel(pixels, 20, 10, 1)).toEqual([128, 128, 128]);
    expect(pixel(pixels, 20, 10, 18)).toEqual([128, 128, 128]);
    expect(off(pixel(pixels, 20, 10, 10), [200, 0, 0])).toBeLessThanOrEqual(1);
  });

  it.each(['squash', 'crop', 'pad'] as const)(
    '%s enlarges small photos and fits rectangles',
    async (resize) => {
      const bytes = await quarters(3, 5).png().toBuffer();
      const pixels = await decodePhoto(bytes, policyOf(30, 20, { resize, cropFraction: 0.875 }));
      expect(pixels).toHaveLength(30 * 20 * 3);
    },
  );
});

describe('views', () => {
  const crop = { x: 0.5, y: 0, width: 0.5, height: 0.5 };

  it('mirrors left and right', async () => {
    const bytes = await quarters().png().toBuffer();
    const [as, mirrored] = await decodeViews(bytes, small, [{ flip: false }, { flip: true }]);
    if (as === undefined || mirrored === undefined) throw new Error('two views were asked for');
    for (let y = 0; y < 8; y += 1) {
      for (let x = 0; x < 8; x += 1) expect(pixel(mirrored, 8, 7 - x, y)).toEqual(pixel(as, 8, x, y));
    }
  });

  it('crops the upright photo', async () => {
    const sideways = await sharp(await quarters().png().toBuffer())
      .rotate(270)
      .png()
      .toBuffer();
    const bytes = await sharp(sideways).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const pixels = await decodePhoto(bytes, small, { flip: false, crop });
    for (const x of [1, 4, 6]) expect(off(pixel(pixels, 8, x, 4), [20, 200, 20])).toBeLessThanOrEqual(12);
  });

  it('gives the same pixels alone and together', async () => {
    const bytes = await blobs(3, 300, 200).jpeg().toBuffer();
    const views = [
      { flip: false },
      { flip: true, crop },
      { flip: false, crop: { x: 0.1, y: 0.1, width: 0.8, height: 0.8 } },
      { flip: false, crop: { x: 0.2, y: 0, width: 0.75, height: 0.9 } },
      { flip: true },
    ];
    const together = await decodeViews(
      bytes,
      policyOf(32, 32, { resize: 'crop', cropFraction: 0.875 }),
      views,
    );
    for (const [index, view] of views.entries()) {
      const alone = await decodePhoto(bytes, policyOf(32, 32, { resize: 'crop', cropFraction: 0.875 }), view);
      expect(together[index]).toEqual(alone);
    }
  });

  it('shows alpha over white in crops, too', async () => {
    const clear = sharp({
      create: { width: 64, height: 64, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0 } },
    });
    const pixels = await decodePhoto(await clear.png().toBuffer(), small, { flip: false, crop });
    expect(Math.min(...pixels)).toBe(255);
  });

  it('refuses a crop outside the photo', async () => {
    const bytes = await quarters().png().toBuffer();
    const outside = { x: 0.6, y: 0, width: 0.5, height: 1 };
    await expect(decodePhoto(bytes, small, { flip: false, crop: outside })).rejects.toThrow(RangeError);
  });
});

describe('what can not be decoded', () => {
  it('says that a file is empty', async () => {
    expect(await refusal(new Uint8Array())).toMatchObject({ reason: 'empty' });
  });

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('tells a truncated %s', async (format) => {
    const image = blobs(7, 320, 240);
    const bytes = await (
      format === 'png' ? image.png({ compressionLevel: 0 }) : image.toFormat(format)
    ).toBuffer();
    for (const part of [0.4, 0.7, 0.9]) {
      const { reason, message } = await refusal(bytes.subarray(0, Math.floor(bytes.length * part)));
      // A TIFF's directory may name what was cut off only indirectly.
      expect(format === 'tiff' ? ['truncated', 'damaged'] : ['truncated']).toContain(reason);
      expect(message).not.toMatch(/vips|buffer|source:/i);
    }
  });

  it('never crashes on a photo cut at any place', async () => {
    const bytes = await quarters(24, 16).jpeg().toBuffer();
    for (let length = 0; length < bytes.length; length += 7) {
      const { reason } = await refusal(bytes.subarray(0, length));
      expect(['empty', 'not-a-photo', 'truncated', 'damaged']).toContain(reason);
    }
  });

  it.each([
    ['text', 'hello, this is a text file', 'not-a-photo', /text/],
    ['svg', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', 'unsupported-format', /SVG/],
    ['pdf', '%PDF-1.7\n...', 'not-a-photo', /PDF/],
    ['heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'unsupported-format', /HEIC.*JPEG/],
    ['mp4', '\0\0\0\x18ftypisom\0\0\0\0isomavc1', 'not-a-photo', /video/],
    ['zip', 'PK\x03\x04 and so on', 'not-a-photo', /archive/],
    ['psd', '8BPS\0\x01', 'unsupported-format', /Photoshop/],
    ['noise', '\x00\x01\x02\x03\x04', 'not-a-photo', /not a photo/],
  ])('refuses %s', async (_, text, reason, words) => {
    const refused = await refusal(Buffer.from(text, 'latin1'));
    expect(refused.reason).toBe(reason);
    expect(refused.message).toMatch(words);
  });

  it('refuses a header that claims too many pixels', async () => {
    const png = await plainPhoto(4, 4, '#fff').png().toBuffer();
    png.writeUInt32BE(20_000, 16);
    png.writeUInt32BE(20_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    const { reason, message } = await refusal(png);
    expect(reason).toBe('too-large');
    expect(message).toContain(String(maxPixels / 1e6));
  });

  it('goes by the content, never by a name, which it is not even told', async () => {
    expect(checkFormat(await plainPhoto(4, 4, '#fff').webp().toBuffer())).toBe('webp');
  });
});

it('makes a small copy, in colour and in grey', async () => {
  const { rgb, grey } = await decodeSmall(await quarters().jpeg().toBuffer(), 16, 12);
  expect(rgb).toHaveLength(16 * 12 * 3);
  expect([...rgb.subarray(-3)].map((value) => value > 100)).toEqual([true, true, false]); // yellow
  expect(grey).toHaveLength(16 * 12);
  expect(grey[16 * 11 + 15]).toBeGreaterThan(150); // yellow is bright
  expect(grey[16 * 11]).toBeLessThan(90); // blue is dark
});

it('decodes at least one photo at a time', () => {
  expect(decodeConcurrency()).toBeGreaterThanOrEqual(1);
});

/** The checksum of a PNG chunk (its type and data). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

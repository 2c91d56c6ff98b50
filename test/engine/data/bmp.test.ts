import { describe, expect, it } from 'vitest';
import { BitmapError, decodeBitmap } from '../../../src/engine/data/bmp.ts';
import { decodePhoto, photoSize } from '../../../src/engine/data/decode.ts';
import { pixel, policyOf } from './photo-fixtures.ts';

interface BitmapParts {
  width: number;
  /** Negative: top row first. */
  height: number;
  bits: number;
  compression?: number;
  /** Whatever follows the 40-byte header: masks, palette. */
  between?: number[];
  pixels: number[];
  colours?: number;
}

/** A BMP file with a BITMAPINFOHEADER. */
function bitmap({
  width,
  height,
  bits,
  compression = 0,
  between = [],
  pixels,
  colours = 0,
}: BitmapParts): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM', 0, 'latin1');
  header.writeUInt32LE(54 + between.length + pixels.length, 2);
  header.writeUInt32LE(54 + between.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(colours, 46);
  return Buffer.concat([header, Buffer.from(between), Buffer.from(pixels)]);
}

function outcome(bytes: Uint8Array): string {
  try {
    decodeBitmap(bytes);
    return 'decoded';
  } catch (error) {
    return error instanceof BitmapError ? 'BitmapError' : String(error);
  }
}

// The picture of every test: red, green / blue, white.
const expected = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
const palette = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0];

describe('bitmaps', () => {
  const rows24 = { top: [0, 0, 255, 0, 255, 0, 0, 0], bottom: [255, 0, 0, 255, 255, 255, 0, 0] };
  const files: [string, Buffer][] = [
    ['24 bits', bitmap({ width: 2, height: 2, bits: 24, pixels: [...rows24.bottom, ...rows24.top] })],
    [
      '24 bits, top row first',
      bitmap({ width: 2, height: -2, bits: 24, pixels: [...rows24.top, ...rows24.bottom] }),
    ],
    [
      '32 bits',
      bitmap({
        width: 2,
        height: -2,
        bits: 32,
        pixels: [0, 0, 255, 9, 0, 255, 0, 9, 255, 0, 0, 9, 255, 255, 255, 9],
      }),
    ],
    [
      '16 bits (5-5-5)',
      bitmap({ width: 2, height: -2, bits: 16, pixels: [0x00, 0x7c, 0xe0, 0x03, 0x1f, 0x00, 0xff, 0x7f] }),
    ],
    [
      '16 bits with masks (5-6-5)',
      bitmap({
        width: 2,
        height: -2,
        bits: 16,
        compression: 3,
        between: [0, 0xf8, 0, 0, 0xe0, 7, 0, 0, 0x1f, 0, 0, 0],
        pixels: [0x00, 0xf8, 0xe0, 0x07, 0x1f, 0x00, 0xff, 0xff],
      }),
    ],
    [
      '8 bits',
      bitmap({
        width: 2,
        height: 2,
        bits: 8,
        colours: 4,
        between: palette,
        pixels: [2, 3, 0, 0, 0, 1, 0, 0],
      }),
    ],
    [
      '4 bits',
      bitmap({
        width: 2,
        height: 2,
        bits: 4,
        colours: 4,
        between: palette,
        pixels: [0x23, 0, 0, 0, 0x01, 0, 0, 0],
      }),
    ],
    [
      'RLE8: a run, an end of line, a literal with its padding',
      bitmap({
        width: 2,
        height: 2,
        bits: 8,
        compression: 1,
        colours: 4,
        between: palette,
        pixels: [1, 2, 1, 3, 0, 0, 1, 0, 1, 1, 0, 1],
      }),
    ],
    [
      'RLE4',
      bitmap({
        width: 2,
        height: 2,
        bits: 4,
        compression: 2,
        colours: 4,
        between: palette,
        pixels: [2, 0x23, 0, 0, 2, 0x01, 0, 1],
      }),
    ],
  ];

  it.each(files)('%s', (_, bytes) => {
    const { width, height, channels, data } = decodeBitmap(bytes);
    expect([width, height, channels]).toEqual([2, 2, 3]);
    expect([...data]).toEqual(expected);
  });

  it.each(files)('%s, cut at any byte: an error about it, never a crash', (_, bytes) => {
    for (let length = 0; length < bytes.length - 2; length += 1) {
      expect(outcome(bytes.subarray(0, length))).toMatch(/^(decoded|BitmapError)$/);
    }
  });

  it('1 bit, with rows that end within a byte', () => {
    const bytes = bitmap({
      width: 9,
      height: -1,
      bits: 1,
      between: [0, 0, 0, 0, 255, 255, 255, 0],
      pixels: [0b10101010, 0b10000000, 0, 0],
    });
    const white = [...decodeBitmap(bytes).data].filter((_, index) => index % 3 === 0);
    expect(white).toEqual([255, 0, 255, 0, 255, 0, 255, 0, 255]);
  });

  it('RLE8 literals and jumps', () => {
    const between = palette;
    const parts = { width: 4, height: -2, bits: 8, compression: 1, colours: 4, between };
    const { data } = decodeBitmap(bitmap({ ...parts, pixels: [0, 3, 1, 2, 3, 0, 0, 2, 0, 1, 1, 1, 0, 1] }));
    const red = [...data].filter((_, index) => index % 3 === 0);
    expect(red).toEqual([0, 0, 255, 255, 255, 255, 255, 0]);
  });

  it('keeps alpha where the file has a mask for it', async () => {
    const bytes = bitmap({
      width: 1,
      height: 1,
      bits: 32,
      compression: 6,
      between: [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255],
      pixels: [0, 0, 255, 0],
    });
    expect([...decodeBitmap(bytes).data]).toEqual([255, 0, 0, 0]);
    const pixels = await decodePhoto(bytes, policyOf(2, 2));
    expect(pixel(pixels, 2, 0, 0)).toEqual([255, 255, 255]);
  });

  it('decodes like any other photo', async () => {
    const bytes = files[0]?.[1] ?? Buffer.alloc(0);
    expect(await photoSize(bytes)).toEqual({ width: 2, height: 2 });
    expect([...(await decodePhoto(bytes, policyOf(2, 2)))]).toEqual(expected);
  });

  it('refuses what it does not know, and sizes beyond reason, before reserving memory', async () => {
    const jpegInside = bitmap({ width: 2, height: 2, bits: 24, compression: 4, pixels: [] });
    await expect(decodePhoto(jpegInside, policyOf(2, 2))).rejects.toMatchObject({
      details: { reason: 'unsupported-format' },
    });
    const huge = bitmap({ width: 100_000, height: 100_000, bits: 24, pixels: [1, 2, 3] });
    await expect(decodePhoto(huge, policyOf(2, 2))).rejects.toMatchObject({
      details: { reason: 'too-large' },
    });
    await expect(photoSize(huge)).rejects.toMatchObject({ details: { reason: 'too-large' } });
  });
});

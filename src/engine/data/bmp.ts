/** Pixels of a bitmap, top row first: RGBA, or RGB where the file has no alpha. */
export interface Bitmap {
  width: number;
  height: number;
  channels: 3 | 4;
  data: Uint8Array;
}

/** What a BMP file's header says, before any pixel is looked at. */
export interface BitmapHeader {
  width: number;
  height: number;
  topDown: boolean;
  bitsPerPixel: number;
  compression: number;
  pixelOffset: number;
  paletteOffset: number;
  paletteEntryBytes: 3 | 4;
  paletteLength: number;
  /** Red, green, blue, alpha; zero: none. */
  masks: [number, number, number, number];
}

/** A BMP file that is cut off (`truncated`), broken, or of a kind nobody writes any more. */
export class BitmapError extends Error {
  override readonly name = 'BitmapError';
  constructor(
    readonly reason: 'truncated' | 'damaged' | 'unsupported-format',
    message: string,
  ) {
    super(message);
  }
}

const uncompressed = 0;
const rle8 = 1;
const rle4 = 2;
const bitFields = 3;
const alphaBitFields = 6;

/**
 * Reads the header of a Windows bitmap (BITMAPCOREHEADER to BITMAPV5HEADER).
 *
 * @throws BitmapError
 */
export function readBitmapHeader(bytes: Uint8Array): BitmapHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cut = (): BitmapError => new BitmapError('truncated', 'the file ends within its header');
  if (bytes.length < 26) throw cut();
  const headerBytes = view.getUint32(14, true);
  if (bytes.length < 14 + headerBytes) throw cut();
  const core = headerBytes === 12;
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(core ? 24 : 28, true);
  const compression = headerBytes >= 40 ? view.getUint32(30, true) : uncompressed;
  const colours = headerBytes >= 40 ? view.getUint32(46, true) : 0;
  if (width <= 0 || signedHeight === 0) throw new BitmapError('damaged', 'its header gives no size');
  const height = Math.abs(signedHeight);

  const known =
    (compression === uncompressed && [1, 4, 8, 16, 24, 32].includes(bitsPerPixel)) ||
    (compression === rle8 && bitsPerPixel === 8) ||
    (compression === rle4 && bitsPerPixel === 4) ||
    ((compression === bitFields || compression === alphaBitFields) && [16, 32].includes(bitsPerPixel));
  if (!known) {
    throw new BitmapError(
      'unsupported-format',
      `bitmaps of ${bitsPerPixel} bits with compression ${compression} are not read`,
    );
  }

  const masked = compression === bitFields || compression === alphaBitFields;
  const masks: BitmapHeader['masks'] =
    bitsPerPixel === 16 ? [0x7c00, 0x03e0, 0x001f, 0] : [0xff0000, 0xff00, 0xff, 0];
  // The masks follow the 40-byte header or are its continuation: the same place either way.
  let maskBytes = 0;
  if (masked) {
    const count = compression === alphaBitFields || headerBytes >= 56 ? 4 : 3;
    if (bytes.length < 54 + count * 4) throw cut();
    for (let index = 0; index < count; index += 1) masks[index] = view.getUint32(54 + index * 4, true);
    if (headerBytes === 40) maskBytes = count * 4;
  }
  const paletteLength = bitsPerPixel <= 8 ? Math.min(colours || 1 << bitsPerPixel, 1 << bitsPerPixel) : 0;
  return {
    width,
    height,
    topDown: signedHeight < 0,
    bitsPerPixel,
    compression,
    pixelOffset: view.getUint32(10, true),
    paletteOffset: 14 + headerBytes + maskBytes,
    paletteEntryBytes: core ? 3 : 4,
    paletteLength,
    masks,
  };
}

/**
 * Decodes a whole bitmap. The caller has checked {@link readBitmapHeader}'s size against its limit.
 *
 * @throws BitmapError
 */
export function decodeBitmap(bytes: Uint8Array): Bitmap {
  const header = readBitmapHeader(bytes);
  if (header.bitsPerPixel > 8) return trueColour(bytes, header);
  const { width, height } = header;
  const indices =
    header.compression === uncompressed ? packedIndices(bytes, header) : runLengthIndices(bytes, header);
  const palette = readPalette(bytes, header);
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < indices.length; pixel += 1) {
    const entry = (indices[pixel] ?? 0) * 3;
    data[pixel * 3] = palette[entry] ?? 0;
    data[pixel * 3 + 1] = palette[entry + 1] ?? 0;
    data[pixel * 3 + 2] = palette[entry + 2] ?? 0;
  }
  return { width, height, channels: 3, data };
}

/** RGB triples, 256 of them: indices beyond the file's own palette are black. */
function readPalette(bytes: Uint8Array, header: BitmapHeader): Uint8Array {
  const palette = new Uint8Array(256 * 3);
  for (let entry = 0; entry < header.paletteLength; entry += 1) {
    const at = header.paletteOffset + entry * header.paletteEntryBytes;
    if (at + 3 > bytes.length) throw new BitmapError('truncated', 'the file ends within its palette');
    palette[entry * 3] = bytes[at + 2] ?? 0;
    palette[entry * 3 + 1] = bytes[at + 1] ?? 0;
    palette[entry * 3 + 2] = bytes[at] ?? 0;
  }
  return palette;
}

/** Bytes of one row, which always end on a multiple of four. */
const rowBytes = (header: BitmapHeader): number => Math.ceil((header.width * header.bitsPerPixel) / 32) * 4;

function checkPixels(bytes: Uint8Array, header: BitmapHeader): void {
  // The last row's padding is often left out.
  const needed = rowBytes(header) * (header.height - 1) + Math.ceil((header.width * header.bitsPerPixel) / 8);
  if (header.pixelOffset + needed > bytes.length) {
    throw new BitmapError('truncated', 'the file ends before the picture does');
  }
}

function packedIndices(bytes: Uint8Array, header: BitmapHeader): Uint8Array {
  checkPixels(bytes, header);
  const { width, height, bitsPerPixel } = header;
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bitsPerPixel;
  const mask = (1 << bitsPerPixel) - 1;
  for (let row = 0; row < height; row += 1) {
    const from = header.pixelOffset + row * rowBytes(header);
    const to = (header.topDown ? row : height - 1 - row) * width;
    for (let x = 0; x < width; x += 1) {
      const shift = 8 - bitsPerPixel * ((x % perByte) + 1);
      indices[to + x] = ((bytes[from + Math.floor(x / perByte)] ?? 0) >> shift) & mask;
    }
  }
  return indices;
}

/** RLE8 and RLE4; what no run reaches keeps index 0, as everywhere. */
function runLengthIndices(bytes: Uint8Array, header: BitmapHeader): Uint8Array {
  const { width, height } = header;
  const nibbles = header.compression === rle4;
  const indices = new Uint8Array(width * height);
  let at = header.pixelOffset;
  let x = 0;
  let row = 0;
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw new BitmapError('truncated', 'the file ends before the picture does');
    at += 1;
    return value;
  };
  const put = (index: number): void => {
    if (x < width && row < height) indices[(header.topDown ? row : height - 1 - row) * width + x] = index;
    x += 1;
  };
  while (row < height) {
    const count = byte();
    const value = byte();
    if (count > 0) {
      for (let i = 0; i < count; i += 1) put(nibbles ? (i % 2 === 0 ? value >> 4 : value & 15) : value);
    } else if (value === 0) {
      x = 0;
      row += 1;
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      x += byte();
      row += byte();
    } else {
      let pair = 0;
      for (let i = 0; i < value; i += 1) {
        if (!nibbles) {
          put(byte());
          continue;
        }
        if (i % 2 === 0) pair = byte();
        put(i % 2 === 0 ? pair >> 4 : pair & 15);
      }
      const used = nibbles ? Math.ceil(value / 2) : value;
      if (used % 2 === 1) at += 1; // literal runs end on a multiple of two
    }
  }
  return indices;
}

function trueColour(bytes: Uint8Array, header: BitmapHeader): Bitmap {
  checkPixels(bytes, header);
  const { width, height, masks } = header;
  const pixelBytes = header.bitsPerPixel / 8;
  const channels = masks[3] === 0 ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  const scale = masks.map((mask) => channelScale(mask));
  for (let row = 0; row < height; row += 1) {
    let from = header.pixelOffset + row * rowBytes(header);
    let to = (header.topDown ? row : height - 1 - row) * width * channels;
    for (let x = 0; x < width; x += 1) {
      let word = 0;
      for (let byte = 0; byte < pixelBytes; byte += 1) word |= (bytes[from + byte] ?? 0) << (8 * byte);
      for (let channel = 0; channel < channels; channel += 1) {
        const { mask, shift, highest } = scale[channel] ?? noChannel;
        data[to + channel] = highest === 0 ? 0 : Math.round((((word & mask) >>> shift) * 255) / highest);
      }
      from += pixelBytes;
      to += channels;
    }
  }
  return { width, height, channels, data };
}

interface ChannelScale {
  mask: number;
  shift: number;
  /** The greatest value the mask lets through. */
  highest: number;
}

const noChannel: ChannelScale = { mask: 0, shift: 0, highest: 0 };

function channelScale(mask: number): ChannelScale {
  if (mask === 0) return noChannel;
  const shift = 31 - Math.clz32(mask & -mask);
  return { mask, shift, highest: mask >>> shift };
}

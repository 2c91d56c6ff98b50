/** What a file is, told from its first bytes and never from its name. */
export type FileFormat =
  | 'jpeg'
  | 'png'
  | 'webp'
  | 'gif'
  | 'tiff'
  | 'bmp'
  | 'avif'
  | 'heic'
  | 'svg'
  | 'pdf'
  | 'jxl'
  | 'jp2'
  | 'psd'
  | 'raw'
  | 'video'
  | 'archive'
  | 'text'
  | 'empty'
  | 'unknown';

/** How many of a file's first bytes {@link recognizeFormat} looks at. */
export const formatHeadBytes = 1024;

/** Formats {@link recognizeFormat} can name that decode.ts decodes. */
export const decodableFormats: ReadonlySet<FileFormat> = new Set([
  'jpeg',
  'png',
  'webp',
  'gif',
  'tiff',
  'bmp',
  'avif',
]);

/** @param head the first {@link formatHeadBytes} bytes of the file, or all of it */
export function recognizeFormat(head: Uint8Array): FileFormat {
  if (head.length === 0) return 'empty';
  const ascii = (from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
  const starts = (...bytes: number[]): boolean => bytes.every((byte, index) => head[index] === byte);

  if (starts(0xff, 0xd8, 0xff)) return 'jpeg';
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'png';
  if (ascii(0, 4) === 'RIFF') {
    const kind = ascii(8, 12);
    return kind === 'WEBP' ? 'webp' : kind === 'AVI ' ? 'video' : 'unknown';
  }
  if (ascii(0, 4) === 'GIF8') return 'gif';
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x4d, 0x4d, 0, 0x2a)) {
    return ascii(8, 10) === 'CR' ? 'raw' : 'tiff';
  }
  if (starts(0x49, 0x49, 0x2b, 0) || starts(0x4d, 0x4d, 0, 0x2b)) return 'tiff';
  if (ascii(0, 8) === 'FUJIFILM' || starts(0x49, 0x49, 0x55, 0) || ascii(0, 4) === 'IIRO') return 'raw';
  if (ascii(4, 8) === 'ftyp') return isoMedia(head, ascii);
  if (starts(0xff, 0x0a) || ascii(4, 8) === 'JXL ') return 'jxl';
  if (ascii(4, 8) === 'jP  ' || starts(0xff, 0x4f, 0xff, 0x51)) return 'jp2';
  if (ascii(0, 4) === '8BPS') return 'psd';
  if (ascii(0, 5) === '%PDF-') return 'pdf';
  if (isBmp(head)) return 'bmp';
  if (starts(0x50, 0x4b, 3, 4) || starts(0x1f, 0x8b) || ascii(0, 4) === 'Rar!' || ascii(0, 2) === '7z') {
    return 'archive';
  }
  if (starts(0x1a, 0x45, 0xdf, 0xa3) || ascii(0, 3) === 'FLV' || starts(0, 0, 1, 0xba)) return 'video';
  return textFormat(head);
}

/** ISO base media files (ISO/IEC 14496-12): the major brand and the compatible ones say what is inside. */
function isoMedia(head: Uint8Array, ascii: (from: number, to: number) => string): FileFormat {
  const size = ((head[0] ?? 0) << 24) | ((head[1] ?? 0) << 16) | ((head[2] ?? 0) << 8) | (head[3] ?? 0);
  const brands = [ascii(8, 12)];
  for (let at = 16; at + 4 <= Math.min(size, head.length); at += 4) brands.push(ascii(at, at + 4));
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
  if (brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand))) return 'heic';
  if (brands[0] === 'crx ') return 'raw';
  return 'video';
}

/** "BM" alone is too little to go by: the header's own size must be one that exists. */
function isBmp(head: Uint8Array): boolean {
  if (head[0] !== 0x42 || head[1] !== 0x4d || head.length < 18) return false;
  return [12, 16, 40, 52, 56, 64, 108, 124].includes((head[14] ?? 0) + (head[15] ?? 0) * 256);
}

function textFormat(head: Uint8Array): FileFormat {
  // Control characters other than tab, line feed, form feed, carriage return and escape are not text.
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 27) || (byte > 27 && byte < 32))) return 'unknown';
  const text = new TextDecoder().decode(head);
  return /^\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)/i.test(text) && /<svg[\s>]/i.test(text) ? 'svg' : 'text';
}

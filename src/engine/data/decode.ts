import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import type { Sharp, SharpOptions } from 'sharp';
import type { SkipCode } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { changePixels } from './augment/change-pixels.ts';
import type { PixelChange } from './augment/change.ts';
import { mirrored, turned } from './augment/turn.ts';
import { BitmapError, decodeBitmap, readBitmapHeader } from './bmp.ts';
import { decodableFormats, formatHeadBytes, recognizeFormat } from './format.ts';
import type { FileFormat } from './format.ts';

/** A way to look at a photo: a part of it, turned, mirrored or not, and changed pixel by pixel; in this order. */
export interface View {
  /** Mirrored left to right. */
  readonly flip: boolean;
  /**
   * The part to look at, in fractions 0..1 of the photo as a person sees it (after EXIF orientation); it takes the
   * place of the photo, so the policy's resize mode applies to it, and its cropFraction counts as 1.
   */
  readonly crop?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Turned clockwise by so many quarters before it is fitted to the model's input; absent: 0. */
  readonly turns?: number;
  /** What happens to the pixels in the end. */
  readonly change?: PixelChange;
}

/** The whole photo as it is. */
export const plainView: View = { flip: false };

/** Photos of more pixels are refused: enough for any camera, too few for a decompression bomb. */
export const maxPixels = 200_000_000;

/** Filled around a photo by the policy `pad`. */
const padding = { r: 128, g: 128, b: 128 };

// libuv runs this many sharp calls at once; what waits beyond that only holds memory.
const poolThreads = Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) || 4);

// A photo is decoded once, so libvips has nothing to gain from its cache of operations. Many photos side by side
// use the cores better than many threads on one photo: threads beyond one only where the pool is the limit.
sharp.cache(false);
sharp.concurrency(Math.max(1, Math.floor(availableParallelism() / poolThreads)));

/**
 * How many photos to decode at the same time to keep every core busy.
 *
 * @param spare threads that are left for reading and writing files meanwhile
 */
export function decodeConcurrency(spare = 0): number {
  return Math.max(1, Math.min(availableParallelism(), poolThreads - spare));
}

/**
 * Decodes a photo for a model.
 *
 * @param bytes the file: JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF; of many pages or frames, the first
 * @returns RGB, uint8, [policy.height, policy.width, 3], sRGB, alpha over white, EXIF orientation applied
 * @throws HolotypeError('bad-input') with a {@link SkipCode} in `details.reason` when it can't be decoded
 */
export async function decodePhoto(
  bytes: Uint8Array,
  policy: InputPolicy,
  view: View = plainView,
): Promise<Uint8Array> {
  const [pixels = new Uint8Array()] = await decodeViews(bytes, policy, [view]);
  return pixels;
}

/**
 * Decodes several views of one photo, as {@link decodePhoto} does each, with the same pixels: the file is decoded
 * once for all uncropped views and once for all cropped ones of about the same magnification, and a mirrored view
 * of something already there costs a copy.
 *
 * @returns one array a view, in order
 * @throws as decodePhoto
 */
export async function decodeViews(
  bytes: Uint8Array,
  policy: InputPolicy,
  views: readonly View[],
): Promise<Uint8Array[]> {
  const open = openPhoto(bytes);
  try {
    const unflipped = new Map<string, Promise<Uint8Array>>();
    const magnified = new Map<string, Promise<Magnified>>();
    const results: Uint8Array[] = [];
    for (const view of views) {
      const { crop, turns = 0 } = view;
      // Fitted lying, it stands in the model's input once it is turned.
      const lying = turns % 2 !== 0;
      const fitted = lying ? { ...policy, width: policy.height, height: policy.width } : policy;
      const part = crop === undefined ? '' : `${crop.x} ${crop.y} ${crop.width} ${crop.height}`;
      const key = `${fitted.width} ${fitted.height} ${part}`;
      let pixels = unflipped.get(key);
      if (pixels === undefined) {
        pixels =
          crop === undefined
            ? rgb(fit(open(), fitted, policy.cropFraction))
            : cropped(open, fitted, crop, magnified);
        unflipped.set(key, pixels);
      }
      const upright = turned(await pixels, fitted.width, fitted.height, turns);
      const seen = view.flip ? mirrored(upright, policy.width) : upright;
      results.push(view.change === undefined ? seen : changePixels(seen, policy, view.change));
    }
    return results;
  } catch (error) {
    throw explained(error, bytes);
  }
}

/** What a photo is, without its pixels: size after orientation. @throws as {@link decodePhoto} */
export async function photoSize(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const open = openPhoto(bytes);
  try {
    if (recognizeFormat(bytes.subarray(0, formatHeadBytes)) === 'bmp') {
      const { width, height } = readBitmapHeader(bytes);
      return { width, height };
    }
    const { autoOrient } = await open().metadata();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch (error) {
    throw explained(error, bytes);
  }
}

/**
 * A small copy of a photo, squashed, in colour and in grey: for fingerprints.
 *
 * @returns uint8, `rgb` [height, width, 3] in sRGB and `grey` [height, width]
 * @throws as {@link decodePhoto}
 */
export async function decodeSmall(
  bytes: Uint8Array,
  width: number,
  height: number,
): Promise<{ rgb: Uint8Array; grey: Uint8Array }> {
  const open = openPhoto(bytes);
  try {
    const colours = await rgb(open().resize(width, height, { fit: 'fill' }));
    const grey = sharp(colours, { raw: { width, height, channels: 3 } }).greyscale();
    return { rgb: colours, grey: plain(await grey.raw().toBuffer()) };
  } catch (error) {
    throw explained(error, bytes);
  }
}

/**
 * Makes another file of a photo.
 *
 * @param make resizes and encodes what it is given: the photo upright, as it was decoded
 * @throws as {@link decodePhoto}
 */
export async function convertPhoto(bytes: Uint8Array, make: (upright: Sharp) => Sharp): Promise<Uint8Array> {
  const open = openPhoto(bytes);
  try {
    return plain(await make(open()).toBuffer());
  } catch (error) {
    throw explained(error, bytes);
  }
}

/**
 * Looks at the first bytes of a file. @throws HolotypeError('bad-input') when it is nothing we decode
 *
 * @param head at least the first {@link formatHeadBytes} bytes, or the whole file
 */
export function checkFormat(head: Uint8Array): FileFormat {
  const format = recognizeFormat(head.subarray(0, formatHeadBytes));
  const refusal = decodableFormats.has(format) ? undefined : refusals[format];
  if (refusal !== undefined) throw photoError(refusal[0], refusal[1]);
  return format;
}

const refusals: Partial<Record<FileFormat, [SkipCode, string]>> = {
  empty: ['empty', 'the file is empty'],
  heic: ['unsupported-format', 'HEIC photos are not read here: save it as JPEG first'],
  svg: ['unsupported-format', 'an SVG drawing, not a photo'],
  pdf: ['not-a-photo', 'a PDF document, not a photo'],
  jxl: ['unsupported-format', 'JPEG XL photos are not read here: save it as JPEG first'],
  jp2: ['unsupported-format', 'JPEG 2000 photos are not read here: save it as JPEG first'],
  psd: ['unsupported-format', 'Photoshop files are not read here: save it as JPEG first'],
  raw: ['unsupported-format', 'camera raw files are not read here: save it as JPEG first'],
  video: ['not-a-photo', 'a video, not a photo'],
  archive: ['not-a-photo', 'an archive, not a photo'],
  text: ['not-a-photo', 'text, not a photo'],
  unknown: ['not-a-photo', 'not a photo in any format known here'],
};

/** An error about one photo; `details.reason` is what {@link Skipped} calls `code`. */
export function photoError(reason: SkipCode, message: string, cause?: unknown): HolotypeError {
  return new HolotypeError('bad-input', message, { details: { reason }, cause });
}

/** Makes fresh pipelines that start with the photo upright; BMP is decoded here, the rest by libvips. */
function openPhoto(bytes: Uint8Array): () => Sharp {
  const format = checkFormat(bytes);
  const options: SharpOptions = {
    // Damage that every viewer shrugs off is no reason to lose a photo; a missing part is.
    failOn: 'error',
    limitInputPixels: maxPixels,
    sequentialRead: true,
    autoOrient: true,
  };
  if (format !== 'bmp') return () => sharp(bytes, options);
  try {
    const { width, height } = readBitmapHeader(bytes);
    if (width * height > maxPixels) throw tooLarge();
    const bitmap = decodeBitmap(bytes);
    return () => sharp(bitmap.data, { raw: { width, height, channels: bitmap.channels } });
  } catch (error) {
    throw explained(error, bytes);
  }
}

/** Applies the policy's resize mode. Alpha goes last: padding is grey, what is seen through is white. */
function fit(image: Sharp, policy: InputPolicy, cropFraction: number): Sharp {
  const { width, height } = policy;
  if (policy.resize === 'squash') return image.resize(width, height, { fit: 'fill' });
  if (policy.resize === 'pad') return image.resize(width, height, { fit: 'contain', background: padding });
  const full = { width: Math.round(width / cropFraction), height: Math.round(height / cropFraction) };
  const covered = image.resize(full.width, full.height, { fit: 'cover' });
  if (full.width === width && full.height === height) return covered;
  return covered.extract({
    left: Math.round((full.width - width) / 2),
    top: Math.round((full.height - height) / 2),
    width,
    height,
  });
}

async function rgb(image: Sharp): Promise<Uint8Array> {
  return plain(await image.flatten({ background: '#fff' }).toColourspace('srgb').raw().toBuffer());
}

interface Magnified {
  data: Uint8Array;
  width: number;
  height: number;
}

/**
 * Crops by way of a copy of the photo that is just large enough for the crop to need no enlarging. Its scale goes
 * in powers of two, so that it depends on this crop alone, yet crops of about the same size share one.
 */
async function cropped(
  open: () => Sharp,
  policy: InputPolicy,
  crop: NonNullable<View['crop']>,
  copies: Map<string, Promise<Magnified>>,
): Promise<Uint8Array> {
  if (!(crop.x >= 0 && crop.y >= 0 && crop.width > 0 && crop.height > 0)) throw badCrop(crop);
  if (crop.x + crop.width > 1 + 1e-9 || crop.y + crop.height > 1 + 1e-9) throw badCrop(crop);
  const magnification = 2 ** Math.ceil(Math.log2(1 / Math.min(crop.width, crop.height)));
  const key = `${policy.width} ${policy.height} ${magnification}`;
  let copy = copies.get(key);
  if (copy === undefined) {
    copy = magnify(open(), policy, magnification);
    copies.set(key, copy);
  }
  const { data, width, height } = await copy;
  const left = Math.min(width - 1, Math.round(crop.x * width));
  const top = Math.min(height - 1, Math.round(crop.y * height));
  const part = sharp(data, { raw: { width, height, channels: 3 } }).extract({
    left,
    top,
    width: Math.min(width - left, Math.max(1, Math.round(crop.width * width))),
    height: Math.min(height - top, Math.max(1, Math.round(crop.height * height))),
  });
  // A pipeline has one resize on each side of an extract: what is cut out becomes a picture of its own.
  const { data: region, info } = await part.raw().toBuffer({ resolveWithObject: true });
  return rgb(fit(sharp(region, { raw: { width: info.width, height: info.height, channels: 3 } }), policy, 1));
}

async function magnify(image: Sharp, policy: InputPolicy, magnification: number): Promise<Magnified> {
  const { data, info } = await image
    .resize(policy.width * magnification, policy.height * magnification, {
      fit: policy.resize === 'pad' ? 'inside' : 'outside',
      withoutEnlargement: true,
    })
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: plain(data), width: info.width, height: info.height };
}

function badCrop(crop: NonNullable<View['crop']>): RangeError {
  return new RangeError(`A crop must lie within the photo (0..1), not ${JSON.stringify(crop)}.`);
}

const plain = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

function tooLarge(cause?: unknown): HolotypeError {
  return photoError(
    'too-large',
    `more than ${maxPixels / 1e6} megapixels, which is not safe to decode`,
    cause,
  );
}

/** The decoder's complaint in words for people. */
function explained(error: unknown, bytes: Uint8Array): unknown {
  if (error instanceof HolotypeError || error instanceof RangeError) return error;
  if (error instanceof BitmapError) return photoError(error.reason, error.message, error);
  const said = error instanceof Error ? error.message : String(error);
  if (/exceeds pixel limit/i.test(said)) return tooLarge(error);
  if (isTruncated(said, bytes)) {
    return photoError('truncated', 'the file ends before the picture does', error);
  }
  if (/compression format has not been built in|unsupported (codec|compression)/i.test(said)) {
    return photoError('unsupported-format', 'its compression is not read here: save it as JPEG first', error);
  }
  const first = (said.split('\n')[0] ?? '').replace(/^Input (buffer|file) |^(\w+: )+/i, '');
  return photoError('damaged', `the picture is damaged (${first})`, error);
}

function isTruncated(said: string, bytes: Uint8Array): boolean {
  if (/premature end|unexpected end|truncated|bad seek|read error|end of file/i.test(said)) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (recognizeFormat(bytes.subarray(0, formatHeadBytes))) {
    case 'webp': // RIFF states its size
      return bytes.length < 12 || bytes.length < view.getUint32(4, true) + 8;
    case 'tiff': {
      // The directory of pages usually lies at the end.
      if (bytes.length < 8) return true;
      const little = bytes[0] === 0x49;
      return view.getUint16(2, little) === 42 && view.getUint32(4, little) + 2 > bytes.length;
    }
    case 'png': // the last chunk is IEND
      return !new TextDecoder('latin1').decode(bytes.subarray(-12)).includes('IEND');
    default:
      return false;
  }
}

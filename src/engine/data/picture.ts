import sharp from 'sharp';
import type { InputPolicy } from '../../contract/input-policy.ts';
import { checkFormat, convertPhoto, decodePhoto } from './decode.ts';
import type { View } from './decode.ts';
import type { FileFormat } from './format.ts';

/** A picture for people to look at, as a file a browser can show. */
export interface Picture {
  /** Media type. */
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Pixels on the long side of what is converted to be shown: more than screens have. */
const longestSide = 8192;

/** What browsers show as it is. */
const passed: Partial<Record<FileFormat, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  avif: 'image/avif',
};

/**
 * A small picture of a photo, in its proportions, right way up; never larger than the photo.
 *
 * @param size the long side in pixels
 * @returns JPEG: made in two thirds of the time WebP takes, for a third more bytes
 * @throws HolotypeError('bad-input') as decodePhoto
 */
export async function smallPicture(bytes: Uint8Array, size: number): Promise<Picture> {
  return { type: 'image/jpeg', bytes: await jpeg(bytes, size, 80) };
}

/**
 * A photo as a browser can show it, right way up. Its own file where that does; of an animation all frames then.
 *
 * @throws HolotypeError('bad-input') when it is no photo or, where it has to be converted, a damaged one
 */
export async function showablePicture(bytes: Uint8Array): Promise<Picture> {
  const format = checkFormat(bytes);
  const type = passed[format];
  // All browsers turn a JPEG as its EXIF says; of other formats some do and some don't.
  if (type !== undefined && (format === 'jpeg' || (await isUpright(bytes)))) return { type, bytes };
  return { type: 'image/jpeg', bytes: await jpeg(bytes, longestSide, 92) };
}

/**
 * A photo as a model sees it, pixel for pixel.
 *
 * @param view absent: the photo as it is
 * @throws HolotypeError('bad-input') as decodePhoto
 */
export async function modelView(bytes: Uint8Array, policy: InputPolicy, view?: View): Promise<Picture> {
  const { width, height } = policy;
  const pixels = await decodePhoto(bytes, policy, view);
  const png = sharp(pixels, { raw: { width, height, channels: 3 } }).png({ compressionLevel: 3 });
  return { type: 'image/png', bytes: await png.toBuffer() };
}

function jpeg(bytes: Uint8Array, size: number, quality: number): Promise<Uint8Array> {
  return convertPhoto(bytes, (upright) =>
    upright
      .resize(size, size, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .jpeg({ quality, mozjpeg: false }),
  );
}

async function isUpright(bytes: Uint8Array): Promise<boolean> {
  try {
    const { orientation = 1 } = await sharp(bytes).metadata();
    return orientation === 1;
  } catch {
    return true; // the browser says what is wrong with it
  }
}

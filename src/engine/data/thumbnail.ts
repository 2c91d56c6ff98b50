import sharp from 'sharp';
import { decodePhoto } from './decode.ts';

/**
 * A small square picture of a photo, its middle, right way up.
 *
 * @param bytes the photo's file, of any format {@link decodePhoto} takes
 * @param size side in pixels
 * @returns JPEG
 * @throws as decodePhoto
 */
export async function thumbnail(bytes: Uint8Array, size: number): Promise<Uint8Array> {
  const pixels = await decodePhoto(bytes, {
    height: size,
    width: size,
    resize: 'crop',
    cropFraction: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  });
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: 72, mozjpeg: false })
    .toBuffer();
}

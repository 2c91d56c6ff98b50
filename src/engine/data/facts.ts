import { colorLayout } from './color-layout.ts';
import { decodeSmall, photoSize } from './decode.ts';
import { takenAt } from './exif.ts';
import { hashOfGrey, hashSide } from './perceptual-hash.ts';

/** What is found out about a photo once and then remembered by its content. */
export interface PhotoFacts {
  /** Pixels after EXIF orientation. */
  width: number;
  height: number;
  takenAt?: string;
  perceptualHash: string;
  /** See {@link colorLayout}. */
  colors: string;
}

/** Goes up whenever the same bytes would yield other facts, so that remembered ones are dropped. */
export const factsVersion = 2;

/**
 * Decodes a photo once, small, which also proves that it can be decoded.
 *
 * @throws HolotypeError('bad-input') with `details.reason` when it can't
 */
export async function photoFacts(bytes: Uint8Array): Promise<PhotoFacts> {
  const { width, height } = await photoSize(bytes);
  const { rgb, grey } = await decodeSmall(bytes, hashSide, hashSide);
  const time = await takenAt(bytes);
  return {
    width,
    height,
    ...(time === undefined ? {} : { takenAt: time }),
    perceptualHash: hashOfGrey(grey),
    colors: colorLayout(rgb, hashSide),
  };
}

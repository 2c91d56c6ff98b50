import { photoSize } from './decode.ts';
import { takenAt } from './exif.ts';
import { perceptualHash } from './perceptual-hash.ts';

/** What is found out about a photo once and then remembered by its content. */
export interface PhotoFacts {
  /** Pixels after EXIF orientation. */
  width: number;
  height: number;
  takenAt?: string;
  perceptualHash: string;
}

/** Goes up whenever the same bytes would yield other facts, so that remembered ones are dropped. */
export const factsVersion = 1;

/**
 * Decodes a photo once, small, which also proves that it can be decoded.
 *
 * @throws HolotypeError('bad-input') with `details.reason` when it can't
 */
export async function photoFacts(bytes: Uint8Array): Promise<PhotoFacts> {
  const { width, height } = await photoSize(bytes);
  const hash = await perceptualHash(bytes);
  const time = await takenAt(bytes);
  return { width, height, ...(time === undefined ? {} : { takenAt: time }), perceptualHash: hash };
}

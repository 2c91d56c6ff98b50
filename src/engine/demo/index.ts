import sharp from 'sharp';
import type { DemoClass } from './marks.ts';
import { drawPhoto } from './photo.ts';
import { createRandom, hashText } from './random.ts';

/** The classes of the demo photos, in the order they are drawn. */
export const demoClasses = ['healthy', 'rust', 'mildew'] as const satisfies readonly DemoClass[];

export interface DemoPhoto {
  /** Where the photo belongs in the demo's folder, with forward slashes: `rust/leaf-007.jpg`. */
  readonly path: string;
  /** A JPEG file. */
  readonly bytes: Uint8Array;
}

export interface DemoPhotoOptions {
  readonly seed: number;
  /** Photos of each class, at least 1. */
  readonly perClass: number;
  readonly signal?: AbortSignal;
}

/** JPEGs being encoded while the next photos are drawn. */
const ahead = 3;

/**
 * Draws a folder of photos of leaves: healthy, with rust, with powdery mildew; about one diseased leaf
 * in ten is only mildly ill. The same seed gives the same bytes, and a photo does not depend on how
 * many others are drawn. Classes take turns, so that a set cut short is still balanced.
 * @throws the signal's reason when aborted
 */
export async function* demoPhotos(options: DemoPhotoOptions): AsyncGenerator<DemoPhoto, void, undefined> {
  const { seed, perClass, signal } = options;
  if (!Number.isInteger(perClass) || perClass < 1) {
    throw new RangeError(`perClass is ${perClass}; it must be a whole number of at least 1.`);
  }
  const queue: Promise<DemoPhoto>[] = [];
  try {
    for (let n = 1; n <= perClass; n++) {
      for (const kind of demoClasses) {
        signal?.throwIfAborted();
        queue.push(demoPhoto(seed, kind, n));
        const first = queue.length > ahead ? queue.shift() : undefined;
        if (first !== undefined) yield await first;
      }
    }
    for (const photo of queue.splice(0)) yield await photo;
  } finally {
    await Promise.allSettled(queue);
  }
}

async function demoPhoto(seed: number, kind: DemoClass, n: number): Promise<DemoPhoto> {
  const random = createRandom(hashText(`${seed}/${kind}/${n}`));
  const mild = kind !== 'healthy' && random.chance(0.1);
  const { width, height, pixels } = drawPhoto(kind, mild, random);
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: random.int(82, 92) })
    .toBuffer();
  return { path: `${kind}/leaf-${String(n).padStart(3, '0')}.jpg`, bytes: new Uint8Array(jpeg) };
}

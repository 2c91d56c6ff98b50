import type { Augmentation } from '../../../contract/augment.ts';
import type { View } from '../decode.ts';
import type { Random } from '../random.ts';
import type { ColourChange, PixelChange } from './change.ts';

/** What is erased is at most this much wider or narrower than the picture. */
const eraseStretch = 2;

/**
 * Draws a view of a photo: which of the operations happen to it, and how strongly.
 *
 * The order of the draws is part of what a seed means: new operations go last.
 */
export function drawView(augmentation: Augmentation, random: Random): View {
  const { flip, crop, upsideDown, turn, rotate, colour, blur, noise, erase } = augmentation;
  /** What is certain, or out of the question, takes no number from the stream. */
  const happens = <T extends { readonly probability: number }>(operation: T | undefined): operation is T => {
    const probability = operation?.probability ?? 0;
    return probability >= 1 || (probability > 0 && random.next() < probability);
  };
  const between = ([from, to]: readonly [number, number]): number => from + (to - from) * random.next();
  const upTo = (most: number): number => between([-most, most]);

  let mirror = happens(flip);
  const part = happens(crop) ? rectangle(between(crop.area), crop.stretch, random) : undefined;
  let turns = 0;
  // Upside down is mirrored and turned by half.
  if (happens(upsideDown)) [mirror, turns] = [!mirror, 2];
  if (happens(turn)) turns += 1 + random.integer(3);
  const degrees = happens(rotate) ? upTo(rotate.degrees) : undefined;
  const tint: ColourChange | undefined = happens(colour)
    ? {
        brightness: upTo(colour.brightness),
        contrast: upTo(colour.contrast),
        saturation: upTo(colour.saturation),
        hue: upTo(colour.hue),
      }
    : undefined;
  const sigma = happens(blur) ? between(blur.sigma) : undefined;
  const grain = happens(noise)
    ? { deviation: between(noise.deviation), seed: random.integer(2 ** 32) }
    : undefined;
  const hole = happens(erase) ? rectangle(between(erase.area), eraseStretch, random) : undefined;
  const change: PixelChange = {
    ...(degrees === undefined ? {} : { rotate: degrees }),
    ...(tint === undefined ? {} : { colour: tint }),
    ...(sigma === undefined ? {} : { blur: sigma }),
    ...(grain === undefined ? {} : { noise: grain }),
    ...(hole === undefined ? {} : { erase: hole }),
  };
  return {
    flip: mirror,
    ...(part === undefined ? {} : { crop: part }),
    ...(turns % 4 === 0 ? {} : { turns: turns % 4 }),
    ...(Object.keys(change).length === 0 ? {} : { change }),
  };
}

/** A rectangle somewhere, with this share of the area where it is no longer than the picture. */
function rectangle(share: number, stretch: number, random: Random) {
  const ratio = stretch ** (2 * random.next() - 1);
  const width = Math.min(1, Math.sqrt(share * ratio));
  const height = Math.min(1, Math.sqrt(share / ratio));
  return { x: random.next() * (1 - width), y: random.next() * (1 - height), width, height };
}

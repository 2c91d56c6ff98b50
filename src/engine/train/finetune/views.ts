import type { View } from '../../data/decode.ts';
import { plainView } from '../../data/decode.ts';
import { seededRandom } from '../../data/random.ts';

/** Share of the photo's area that a random view shows, from and to. */
const area = [0.5, 1] as const;
/** A random view is at most this much wider or narrower than the photo. */
const stretch = 4 / 3;

/**
 * The view of a photo that an epoch learns from: the first is the photo as it is, every other one a random part of
 * it, mirrored or not (the "random resized crop" of Szegedy et al. 2015, milder, for there are few photos).
 *
 * @param seed of the training
 * @param photo number of the photo
 * @param view number of the view, from 0
 */
export function trainingView(seed: number, photo: number, view: number): View {
  if (view === 0) return plainView;
  const random = seededRandom(
    Math.imul(seed, 0x9e3779b1) ^ Math.imul(photo + 1, 0x85ebca6b) ^ (view * 0xc2b2ae35),
  );
  const flip = random.next() < 0.5;
  const share = area[0] + (area[1] - area[0]) * random.next();
  const ratio = stretch ** (2 * random.next() - 1);
  const width = Math.min(1, Math.sqrt(share * ratio));
  const height = Math.min(1, Math.sqrt(share / ratio));
  return { flip, crop: { x: random.next() * (1 - width), y: random.next() * (1 - height), width, height } };
}

import type { View } from '../../data/decode.ts';
import { plainView } from '../../data/decode.ts';
import { seededRandom } from '../../data/random.ts';

/** Share of the photo's area that a random view shows, from and to. */
const area = [0.5, 1] as const;
/** A random view is at most this much wider or narrower than the photo. */
const stretch = 4 / 3;

/** Changes when the same seed, photo and view would show something else. */
const version = 1;

/** Names a view in caches: equal names show the same of every photo. */
export function viewName(seed: number, view: number): string {
  return view === 0 ? 'plain' : `random ${version} ${seed} ${view}`;
}

/**
 * The view of a photo that an epoch learns from: the first is the photo as it is, every other one a random part of
 * it, mirrored or not (the "random resized crop" of Szegedy et al. 2015, milder, for there are few photos).
 *
 * It depends on nothing but these three, so that what was computed of it can be kept for other trainings.
 *
 * @param seed of the training
 * @param id content hash of the photo, in hex
 * @param view number of the view, from 0
 */
export function trainingView(seed: number, id: string, view: number): View {
  if (view === 0) return plainView;
  const photo = Number.parseInt(id.slice(0, 8), 16);
  const random = seededRandom(
    Math.imul(seed, 0x9e3779b1) ^ Math.imul(photo, 0x85ebca6b) ^ Math.imul(view, 0xc2b2ae35),
  );
  const flip = random.next() < 0.5;
  const share = area[0] + (area[1] - area[0]) * random.next();
  const ratio = stretch ** (2 * random.next() - 1);
  const width = Math.min(1, Math.sqrt(share * ratio));
  const height = Math.min(1, Math.sqrt(share / ratio));
  return { flip, crop: { x: random.next() * (1 - width), y: random.next() * (1 - height), width, height } };
}

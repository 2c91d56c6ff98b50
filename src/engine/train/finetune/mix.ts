/** Mixtures of photos to learn from: mixup and CutMix at the freeze boundary. */
import { drawBeta } from '../../data/beta.ts';
import { shuffled } from '../../data/random.ts';
import type { Random } from '../../data/random.ts';
import { targetOf } from '../targets.ts';
import type { Crossing } from './plan.ts';
import type { Batch } from './train-step.ts';

/** How photos of a batch are mixed; with both, each batch takes one of them, as likely as the other. */
export interface Mixing {
  /** Alpha of the beta distribution that shares are drawn from; 0: never. */
  readonly mixup: number;
  readonly cutmix: number;
  /** What the numbers of a photo are. */
  readonly crossings: readonly Crossing[];
}

/** The photo itself, and what another one adds to it. */
interface Share {
  /** Of the photo itself, 1/2 to 1. */
  readonly own: number;
  /** Of which places (cells of each crossing) the other takes over; absent: of all, in proportion. */
  readonly hole?: Rectangle;
}

/** In fractions 0..1. */
interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/**
 * Mixes every photo of a batch with another one of it, and what they are to be answered with in the same shares.
 *
 * mixup (Zhang et al. 2018) averages; at the output of frozen blocks that is manifold mixup (Verma et al. 2019), and
 * of pixels only where nothing is frozen. CutMix (Yun et al. 2019) pastes a rectangle of the other photo's map: what
 * the frozen blocks made of a place, with what they saw around it there.
 *
 * A photo's own share is at least one half (Beta is symmetric and so are pairs), so that its label stays the likeliest.
 *
 * @param outputs answers a photo
 * @returns a batch of its own, with targets [photos, outputs]; those of one class a photo sum up to 1
 */
export function mixBatch(batch: Batch, outputs: number, mixing: Mixing, random: Random): Batch {
  const count = batch.labels.length;
  const others = shuffled(Array(count).keys(), random);
  const share = drawShare(mixing, random);
  const known = {
    labels: Int32Array.from(batch.labels),
    ...(batch.targets === undefined ? {} : { targets: batch.targets }),
  };
  const targets = new Float32Array(count * outputs);
  for (const [photo, other] of others.entries())
    for (let output = 0; output < outputs; output++)
      targets[photo * outputs + output] =
        share.own * targetOf(known, photo, output, outputs) +
        (1 - share.own) * targetOf(known, other, output, outputs);
  return { labels: batch.labels, targets, values: mixValues(batch.values, others, share, mixing.crossings) };
}

function drawShare({ mixup, cutmix, crossings }: Mixing, random: Random): Share {
  const cuts = cutmix > 0 && (mixup === 0 || random.next() < 0.5);
  const drawn = drawBeta(cuts ? cutmix : mixup, random);
  const own = Math.max(drawn, 1 - drawn);
  const grid = cuts ? coarsest(crossings) : undefined;
  return grid === undefined ? { own } : cut(own, grid, random);
}

/** The map of the fewest cells: rectangles of its cells are rectangles in finer ones, too. */
function coarsest(crossings: readonly Crossing[]): readonly [number, number] | undefined {
  let fewest: readonly [number, number] | undefined;
  for (const { shape } of crossings) {
    const [height = 1, width = 1] = shape;
    if (shape.length !== 3 || height * width === 1) continue;
    if (fewest === undefined || height * width < fewest[0] * fewest[1]) fewest = [height, width];
  }
  return fewest;
}

/** A rectangle of whole cells about a random place, cut off at the rim, and the share that it really leaves. */
function cut(own: number, [height, width]: readonly [number, number], random: Random): Share {
  const side = Math.sqrt(1 - own);
  const along = (cells: number): readonly [number, number] => {
    const length = Math.floor(side * cells);
    const start = random.integer(cells) - Math.floor(length / 2);
    return [Math.max(0, start), Math.min(cells, start + length)];
  };
  const [top, bottom] = along(height);
  const [left, right] = along(width);
  const area = (bottom - top) * (right - left);
  return {
    own: 1 - area / (height * width),
    hole: { top: top / height, left: left / width, bottom: bottom / height, right: right / width },
  };
}

function mixValues(
  values: Float32Array,
  others: readonly number[],
  { own, hole }: Share,
  crossings: readonly Crossing[],
): Float32Array {
  const dimension = values.length / others.length;
  const mixed = values.slice();
  for (const [photo, other] of others.entries()) {
    const [to, from] = [photo * dimension, other * dimension];
    for (const { shape, start, size } of crossings) {
      const [height = 1, width = 1, channels = 1] = shape;
      if (hole === undefined || shape.length !== 3 || height * width === 1) {
        for (let at = start; at < start + size; at++)
          mixed[to + at] = own * (values[to + at] ?? 0) + (1 - own) * (values[from + at] ?? 0);
        continue;
      }
      const [left, right] = [Math.round(hole.left * width), Math.round(hole.right * width)];
      for (let row = Math.round(hole.top * height); row < Math.round(hole.bottom * height); row++) {
        const [first, end] = [left, right].map((column) => start + (row * width + column) * channels);
        mixed.set(values.subarray(from + (first ?? 0), from + (end ?? 0)), to + (first ?? 0));
      }
    }
  }
  return mixed;
}

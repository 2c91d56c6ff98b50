/**
 * Whether a map of importance is right, by what it does to the model's answer: insertion and deletion curves of Petsiuk
 * et al., "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018,
 * https://arxiv.org/abs/1806.07421.
 */
import sharp from 'sharp';
import { resized } from '../../../src/engine/explain/heat-map.ts';
import type { HeatMap } from '../../../src/engine/explain/heat-map.ts';

/** Answers of a model for n photos: uint8 [n, height, width, 3] to probabilities [n, classes]. */
export type Answers = (pixels: Uint8Array, photos: number) => Promise<Float32Array>;

export interface Curves {
  /** Area under the probability as the most important pixels come into a blurred photo first; more is better. */
  readonly insertion: number;
  /** The same as the most important pixels are taken away (made grey) first; less is better. */
  readonly deletion: number;
}

/**
 * @param pixels RGB uint8 [height, width, 3]
 * @param classIndex the class whose probability is watched
 * @param steps how many times some pixels come or go
 */
export async function curvesOf(
  map: HeatMap,
  pixels: Uint8Array,
  [height, width]: readonly [number, number],
  classIndex: number,
  answers: Answers,
  steps = 16,
): Promise<Curves> {
  const { values } = resized(map, height, width);
  const order = Int32Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const blurred = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .blur(10)
    .raw()
    .toBuffer();
  const grey = new Uint8Array(pixels.length).fill(128);
  return {
    insertion: await area(blurred, pixels, order, classIndex, answers, steps),
    deletion: await area(pixels, grey, order, classIndex, answers, steps),
  };
}

/** Mean probability while the pixels of one picture give way to those of another, in this order. */
async function area(
  from: Uint8Array,
  to: Uint8Array,
  order: Int32Array,
  classIndex: number,
  answers: Answers,
  steps: number,
): Promise<number> {
  const picture = Uint8Array.from(from);
  const batch = new Uint8Array((steps + 1) * picture.length);
  batch.set(picture);
  for (let step = 1; step <= steps; step++) {
    const begin = Math.round(((step - 1) * order.length) / steps);
    const end = Math.round((step * order.length) / steps);
    for (const place of order.subarray(begin, end))
      for (let channel = 0; channel < 3; channel++)
        picture[place * 3 + channel] = to[place * 3 + channel] as number;
    batch.set(picture, step * picture.length);
  }
  const probabilities = await answers(batch, steps + 1);
  const classes = probabilities.length / (steps + 1);
  const own = Array.from({ length: steps + 1 }, (_, step) => probabilities[step * classes + classIndex] ?? 0);
  // Trapezoids.
  return own.reduce((sum, value, i) => sum + value * (i === 0 || i === steps ? 0.5 : 1), 0) / steps;
}

import sharp from 'sharp';
import type { Sharp } from 'sharp';
import type { InputPolicy } from '../../../src/contract/input-policy.ts';
import { photoFacts } from '../../../src/engine/data/facts.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';

/** As it is found out when a folder is looked through. */
export async function perceptualHash(bytes: Uint8Array): Promise<string> {
  return (await photoFacts(bytes)).perceptualHash;
}

export function policyOf(height: number, width: number, more: Partial<InputPolicy> = {}): InputPolicy {
  return { height, width, resize: 'squash', cropFraction: 1, mean: [0, 0, 0], std: [1, 1, 1], ...more };
}

/** One colour. */
export function plainPhoto(width: number, height: number, background: string): Sharp {
  return sharp({ create: { width, height, channels: 3, background } });
}

/** Four quarters: red, green / blue, yellow. */
export function quarters(width = 64, height = 48): Sharp {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const colour = colours[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] ?? [0, 0, 0];
      data.set(colour, (y * width + x) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}
const colours = [
  [230, 20, 20],
  [20, 200, 20],
  [20, 20, 230],
  [220, 220, 20],
];

/** Soft blobs of colour at random: to perceptual hashes as different from one another as photos are. */
export function blobs(seed: number, width = 160, height = 120): Sharp {
  const random = seededRandom(seed);
  const spots = Array.from({ length: 24 }, () => ({
    x: random.next() * width,
    y: random.next() * height,
    r: (0.05 + 0.2 * random.next()) * width,
    colour: [random.integer(256), random.integer(256), random.integer(256)],
  }));
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let [weight, red, green, blue] = [0.05, 6, 6, 6];
      for (const spot of spots) {
        const near = Math.exp(-((x - spot.x) ** 2 + (y - spot.y) ** 2) / (spot.r * spot.r));
        weight += near;
        red += near * (spot.colour[0] ?? 0);
        green += near * (spot.colour[1] ?? 0);
        blue += near * (spot.colour[2] ?? 0);
      }
      data.set([red / weight, green / weight, blue / weight], (y * width + x) * 3);
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** The [r, g, b] at a place of decoded pixels. */
export function pixel(pixels: Uint8Array, width: number, x: number, y: number): number[] {
  return [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

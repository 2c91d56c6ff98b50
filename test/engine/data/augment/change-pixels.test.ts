import { describe, expect, test } from 'vitest';
import { changePixels } from '../../../../src/engine/data/augment/change-pixels.ts';
import type { PixelChange } from '../../../../src/engine/data/augment/change.ts';
import { mirrored, turned } from '../../../../src/engine/data/augment/turn.ts';
import { seededRandom } from '../../../../src/engine/data/random.ts';
import { pixel } from '../photo-fixtures.ts';

const size = { width: 12, height: 9 };
const random = seededRandom(5);
const busy = Uint8Array.from({ length: size.width * size.height * 3 }, () => random.integer(256));
const flat = (...colour: number[]): Uint8Array =>
  Uint8Array.from({ length: size.width * size.height * 3 }, (_, i) => colour[i % 3] ?? 0);
const none = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };
const meanOf = (pixels: Uint8Array, channel: number): number => {
  let sum = 0;
  for (let at = channel; at < pixels.length; at += 3) sum += pixels[at] ?? 0;
  return (3 * sum) / pixels.length;
};
const spread = (pixels: Uint8Array): number => {
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  return Math.sqrt(pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length);
};

describe('a turn', () => {
  // 1 2      5 3 1
  // 3 4  ->  6 4 2
  // 5 6
  const six = Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((n) => [n, n + 10, n + 20]));
  const firsts = (pixels: Uint8Array): number[] => [...pixels].filter((_, at) => at % 3 === 0);

  test('by a quarter goes clockwise, and keeps each pixel’s colour', () => {
    const once = turned(six, 2, 3, 1);
    expect(firsts(once)).toEqual([5, 3, 1, 6, 4, 2]);
    expect(pixel(once, 3, 0, 0)).toEqual([5, 15, 25]);
    expect(firsts(turned(six, 2, 3, 2))).toEqual([6, 5, 4, 3, 2, 1]);
    expect(firsts(turned(six, 2, 3, 3))).toEqual([2, 4, 6, 1, 3, 5]);
  });

  test('by four quarters is none, however it is put together', () => {
    expect(turned(six, 2, 3, 4)).toEqual(six);
    expect(turned(turned(six, 2, 3, 1), 3, 2, 3)).toEqual(six);
    let pixels: Uint8Array = busy;
    let [width, height] = [size.width, size.height];
    for (let quarter = 0; quarter < 4; quarter++) {
      pixels = turned(pixels, width, height, 1);
      [width, height] = [height, width];
    }
    expect(pixels).toEqual(busy);
    expect(turned(busy, size.width, size.height, -1)).toEqual(turned(busy, size.width, size.height, 3));
  });

  test('into the mirror exchanges left and right, and twice is none', () => {
    expect(firsts(mirrored(six, 2))).toEqual([2, 1, 4, 3, 6, 5]);
    expect(mirrored(mirrored(busy, size.width), size.width)).toEqual(busy);
  });
});

describe('a rotation', () => {
  test('by nothing changes nothing, by 90 and 180 degrees is the turn', () => {
    expect(changePixels(busy, size, { rotate: 0 })).toEqual(busy);
    expect(changePixels(busy, size, { rotate: 180 })).toEqual(turned(busy, size.width, size.height, 2));
    const square = { width: 6, height: 6 };
    const part = busy.slice(0, 108);
    expect(changePixels(part, square, { rotate: 90 })).toEqual(turned(part, 6, 6, 1));
  });

  test('fills the corners from the picture: a flat one stays flat, and nothing is black', () => {
    expect(changePixels(flat(90, 40, 200), size, { rotate: 33 })).toEqual(flat(90, 40, 200));
    const bright = Uint8Array.from(busy, (value) => 100 + value / 2);
    expect(Math.min(...changePixels(bright, size, { rotate: 45 }))).toBeGreaterThanOrEqual(100);
  });
});

describe('colour', () => {
  const change = (some: Partial<typeof none>): PixelChange => ({ colour: { ...none, ...some } });

  test('of no strength changes nothing', () => {
    expect(changePixels(busy, size, change({}))).toEqual(busy);
  });

  test('gets brighter and darker by the share that is said', () => {
    expect(changePixels(flat(100, 60, 20), size, change({ brightness: 0.5 }))).toEqual(flat(150, 90, 30));
    expect(changePixels(flat(100, 60, 20), size, change({ brightness: -0.5 }))).toEqual(flat(50, 30, 10));
  });

  test('gets more contrast about the mean grey', () => {
    const middling = Uint8Array.from(busy, (value) => 64 + value / 2);
    const stronger = changePixels(middling, size, change({ contrast: 0.4 }));
    expect(spread(stronger) / spread(middling)).toBeCloseTo(1.4, 1);
    const weaker = changePixels(middling, size, change({ contrast: -0.9 }));
    expect(spread(weaker) / spread(middling)).toBeCloseTo(0.1, 1);
    expect(meanOf(weaker, 1)).toBeCloseTo(meanOf(middling, 1), -1);
  });

  test('is lost without saturation, and turned through its hues', () => {
    const greys = changePixels(busy, size, change({ saturation: -1 }));
    for (let at = 0; at < greys.length; at += 3) expect(greys[at]).toBe(greys[at + 2]);
    expect(changePixels(flat(180, 60, 60), size, change({ hue: 120 }))).toEqual(flat(60, 180, 60));
    expect(changePixels(busy, size, change({ hue: 360 }))).toEqual(busy);
    expect(changePixels(flat(77, 77, 77), size, change({ hue: 50, saturation: 1 }))).toEqual(
      flat(77, 77, 77),
    );
  });

  test('stays within 0 and 255 where a change would go beyond', () => {
    const most = changePixels(busy, size, change({ brightness: 0.9, contrast: 0.9, saturation: 1 }));
    expect(most).toHaveLength(busy.length);
    expect(Math.max(...most)).toBe(255);
    expect(changePixels(flat(200, 220, 240), size, change({ brightness: 0.9 }))).toEqual(flat(255, 255, 255));
  });
});

test('a blur keeps the mean and what is flat, and takes away detail', () => {
  expect(changePixels(flat(9, 130, 255), size, { blur: 1.3 })).toEqual(flat(9, 130, 255));
  const soft = changePixels(busy, size, { blur: 1 });
  expect(spread(soft)).toBeLessThan(0.5 * spread(busy));
  const point = flat(0, 0, 0);
  point[3 * (4 * size.width + 6)] = 255;
  const spot = changePixels(point, size, { blur: 1 });
  // A Gaussian of deviation 1 has 0.399 squared of its mass in the middle pixel, and e^-1/2 of that beside it.
  expect(pixel(spot, size.width, 6, 4)).toEqual([41, 0, 0]);
  expect(pixel(spot, size.width, 7, 4)).toEqual([25, 0, 0]);
  expect(pixel(spot, size.width, 6, 5)).toEqual([25, 0, 0]);
});

test('noise has the deviation that is said, no bias, and depends on its seed alone', () => {
  const large = { width: 100, height: 100 };
  const even = new Uint8Array(30_000).fill(128);
  const noisy = changePixels(even, large, { noise: { deviation: 8, seed: 3 } });
  expect(spread(noisy)).toBeGreaterThan(7.8);
  expect(spread(noisy)).toBeLessThan(8.2);
  expect(Math.abs(meanOf(noisy, 0) - 128)).toBeLessThan(0.3);
  expect(changePixels(even, large, { noise: { deviation: 8, seed: 3 } })).toEqual(noisy);
  expect(changePixels(even, large, { noise: { deviation: 8, seed: 4 } })).not.toEqual(noisy);
  expect(changePixels(even, large, { noise: { deviation: 0, seed: 3 } })).toEqual(even);
});

test('what is erased is the share that is said, in the mean colour; all else stays', () => {
  const large = { width: 50, height: 40 };
  const pixels = Uint8Array.from({ length: 6000 }, (_, i) => (i * 7919) % 251);
  const erased = changePixels(pixels, large, { erase: { x: 0.2, y: 0.5, width: 0.4, height: 0.25 } });
  const mean = [0, 1, 2].map((channel) => Math.round(meanOf(pixels, channel)));
  expect(pixel(erased, 50, 10, 20)).toEqual(mean);
  expect(pixel(erased, 50, 29, 29)).toEqual(mean);
  expect(pixel(erased, 50, 30, 29)).toEqual(pixel(pixels, 50, 30, 29));
  let same = 0;
  for (let at = 0; at < 2000; at++) if (String(pixel(erased, 50, at, 0)) !== String(mean)) same += 1;
  expect(1 - same / 2000).toBeCloseTo(0.1, 3);
});

test('all at once keeps size and range, leaves the original alone, and is the same bits again', () => {
  const before = busy.slice();
  const change: PixelChange = {
    rotate: -20,
    colour: { brightness: 0.3, contrast: -0.2, saturation: 0.5, hue: -15 },
    blur: 0.5,
    noise: { deviation: 30, seed: 9 },
    erase: { x: 0, y: 0, width: 0.5, height: 0.5 },
  };
  const after = changePixels(busy, size, change);
  expect(after).toBeInstanceOf(Uint8Array);
  expect(after).toHaveLength(busy.length);
  expect(changePixels(busy, size, change)).toEqual(after);
  expect(after).not.toEqual(busy);
  expect(busy).toEqual(before);
});

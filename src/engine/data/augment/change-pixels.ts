import { seededRandom } from '../random.ts';
import type { ColourChange, PixelChange } from './change.ts';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Changes a picture.
 *
 * @param pixels RGB, uint8, [height, width, 3]; stays as it is
 * @returns as many pixels of the same kind; the same change of the same picture is the same bits
 */
export function changePixels(pixels: Uint8Array, size: Size, change: PixelChange): Uint8Array {
  let result = pixels;
  if (change.rotate !== undefined) result = rotated(result, size, change.rotate);
  if (change.colour !== undefined) result = recoloured(result, change.colour);
  if (change.blur !== undefined) result = blurred(result, size, change.blur);
  if (change.noise !== undefined) result = noisy(result, change.noise);
  if (change.erase !== undefined) result = erased(result, size, change.erase);
  return result;
}

/** Turned clockwise about the middle, bilinear; what lies outside is mirrored in at the rim. */
function rotated(pixels: Uint8Array, { width, height }: Size, degrees: number): Uint8Array {
  const result = new Uint8Array(pixels.length);
  const angle = (degrees * Math.PI) / 180;
  const sin = Math.sin(angle);
  const cos = Math.cos(angle);
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dx = x - middleX;
      const dy = y - middleY;
      const fromX = reflected(middleX + cos * dx + sin * dy, width);
      const fromY = reflected(middleY - sin * dx + cos * dy, height);
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const shareX = fromX - left;
      const shareY = fromY - top;
      const upper = 3 * (top * width + left);
      const right = left + 1 < width ? 3 : 0;
      const lower = top + 1 < height ? upper + 3 * width : upper;
      for (let channel = 0; channel < 3; channel++) {
        const above = mix(pixels[upper + channel], pixels[upper + right + channel], shareX);
        const below = mix(pixels[lower + channel], pixels[lower + right + channel], shareX);
        result[to++] = Math.round(mix(above, below, shareY));
      }
    }
  }
  return result;
}

const mix = (a = 0, b = 0, share: number): number => a + (b - a) * share;

/** A place on a line of `count` pixels that goes back and forth between its ends. */
function reflected(place: number, count: number): number {
  if (count === 1) return 0;
  const period = 2 * (count - 1);
  const within = ((place % period) + period) % period;
  return within < count ? Math.min(within, count - 1) : period - within;
}

/** Weights of red, green and blue in a grey (ITU-R BT.601). */
const grey = [0.299, 0.587, 0.114] as const;

function recoloured(pixels: Uint8Array, change: ColourChange): Uint8Array {
  const [toRed, toGreen, toBlue] = colourMatrix(change);
  const gain = (1 + change.brightness) * (1 + change.contrast);
  const offset = -change.contrast * (1 + change.brightness) * meanGrey(pixels);
  const result = new Uint8ClampedArray(pixels.length);
  for (let at = 0; at < pixels.length; at += 3) {
    const red = pixels[at] ?? 0;
    const green = pixels[at + 1] ?? 0;
    const blue = pixels[at + 2] ?? 0;
    result[at] = offset + gain * (toRed[0] * red + toRed[1] * green + toRed[2] * blue);
    result[at + 1] = offset + gain * (toGreen[0] * red + toGreen[1] * green + toGreen[2] * blue);
    result[at + 2] = offset + gain * (toBlue[0] * red + toBlue[1] * green + toBlue[2] * blue);
  }
  return new Uint8Array(result.buffer);
}

type Row = readonly [number, number, number];

/**
 * Saturation, then hue: a turn about the axis of greys (Rodrigues), which leaves greys as they are.
 *
 * @returns a row for each of red, green and blue
 */
function colourMatrix({ saturation, hue }: ColourChange): readonly [Row, Row, Row] {
  const angle = (hue * Math.PI) / 180;
  const same = Math.cos(angle) + (1 - Math.cos(angle)) / 3;
  const next = (1 - Math.cos(angle)) / 3 - Math.sin(angle) / Math.sqrt(3);
  const after = (1 - Math.cos(angle)) / 3 + Math.sin(angle) / Math.sqrt(3);
  const turn: readonly Row[] = [
    [same, next, after],
    [after, same, next],
    [next, after, same],
  ];
  // Every row of the turn sums up to 1, so that what goes to grey passes it unchanged.
  const row = (of: Row | undefined): Row => {
    const [r, g, b] = of ?? [0, 0, 0];
    const keep = 1 + saturation;
    return [
      keep * r - saturation * grey[0],
      keep * g - saturation * grey[1],
      keep * b - saturation * grey[2],
    ];
  };
  return [row(turn[0]), row(turn[1]), row(turn[2])];
}

function meanGrey(pixels: Uint8Array): number {
  const [red, green, blue] = meanColour(pixels);
  return grey[0] * red + grey[1] * green + grey[2] * blue;
}

function meanColour(pixels: Uint8Array): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let at = 0; at < pixels.length; at += 3) {
    sums[0] += pixels[at] ?? 0;
    sums[1] += pixels[at + 1] ?? 0;
    sums[2] += pixels[at + 2] ?? 0;
  }
  const count = Math.max(1, pixels.length / 3);
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}

/** Gaussian, along rows and then columns; mirrored at the rim, so that flat stays flat. */
function blurred(pixels: Uint8Array, { width, height }: Size, sigma: number): Uint8Array {
  const radius = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = Float64Array.from(weights, (weight) => weight / total);
  const along = new Float32Array(pixels.length);
  along.set(pixels);
  smooth(along, kernel, { count: width, step: 3 }, { count: height, step: 3 * width });
  smooth(along, kernel, { count: height, step: 3 * width }, { count: width, step: 3 });
  const result = new Uint8ClampedArray(pixels.length);
  result.set(along); // rounds
  return new Uint8Array(result.buffer);
}

interface Axis {
  readonly count: number;
  /** Numbers from one pixel to the next. */
  readonly step: number;
}

/** Blurs along one axis, line by line, in place. */
function smooth(values: Float32Array, kernel: Float64Array, axis: Axis, other: Axis): void {
  const radius = (kernel.length - 1) / 2;
  const { count, step } = axis;
  const sources = Int32Array.from({ length: count + 2 * radius }, (_, i) =>
    Math.round(step * reflected(i - radius, count)),
  );
  const line = new Float64Array(sources.length);
  for (let start = 0; start < other.count * other.step; start += other.step) {
    for (let first = start; first < start + 3; first++) {
      for (let i = 0; i < sources.length; i++) line[i] = values[first + (sources[i] ?? 0)] ?? 0;
      for (let place = 0; place < count; place++) {
        let sum = 0;
        for (let i = 0; i < kernel.length; i++) sum += (kernel[i] ?? 0) * (line[place + i] ?? 0);
        values[first + place * step] = sum;
      }
    }
  }
}

/** Draws of a standard normal that noise is taken from: enough that no pattern shows, and quick. */
const drawn = 2 ** 14;
let normals: Float32Array | undefined;

function noisy(pixels: Uint8Array, { deviation, seed }: NonNullable<PixelChange['noise']>): Uint8Array {
  if (normals === undefined) {
    const source = seededRandom(1);
    normals = Float32Array.from({ length: drawn }, () => source.normal());
  }
  const random = seededRandom(seed);
  const result = new Uint8ClampedArray(pixels.length);
  for (let at = 0; at < pixels.length; at++)
    result[at] = (pixels[at] ?? 0) + deviation * (normals[random.integer(drawn)] ?? 0);
  return new Uint8Array(result.buffer);
}

/** The rectangle is filled with the picture's mean colour (random erasing: Zhong et al. 2020). */
function erased(
  pixels: Uint8Array,
  { width, height }: Size,
  erase: NonNullable<PixelChange['erase']>,
): Uint8Array {
  const result = pixels.slice();
  const [red, green, blue] = meanColour(pixels).map(Math.round);
  const [left, right] = [Math.round(erase.x * width), Math.round((erase.x + erase.width) * width)];
  const [top, bottom] = [Math.round(erase.y * height), Math.round((erase.y + erase.height) * height)];
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++)
      result.set([red ?? 0, green ?? 0, blue ?? 0], 3 * (y * width + x));
  }
  return result;
}

import { convertPhoto, photoSize } from '../data/decode.ts';
import { resized } from './heat-map.ts';
import type { HeatMap } from './heat-map.ts';
import type { Window } from './window.ts';

/** Pixels on the long side of what is made to look at. */
const longestSide = 1024;
/** How much of the photo the most important place covers. */
const strongest = 0.75;
/** From hardly to most important; the brighter the more, for those who don't see colours. */
const colours = [
  [110, 0, 90],
  [230, 60, 40],
  [255, 240, 90],
] as const;

/**
 * A photo with a map of importance over it.
 *
 * @param bytes the photo's file
 * @param map of what the model sees, which is the photo's part `window`
 * @returns JPEG in the photo's proportions, right way up
 * @throws HolotypeError('bad-input') as decodePhoto
 */
export async function heatPicture(bytes: Uint8Array, map: HeatMap, window: Window): Promise<Uint8Array> {
  const photo = await photoSize(bytes);
  const scale = Math.min(1, longestSide / Math.max(photo.width, photo.height));
  const width = Math.max(1, Math.round(photo.width * scale));
  const height = Math.max(1, Math.round(photo.height * scale));
  const input = layer(map, window, width, height);
  return convertPhoto(bytes, (upright) =>
    upright
      .resize(width, height, { fit: 'fill' })
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .composite([{ input, raw: { width, height, channels: 4 } }])
      .jpeg({ quality: 88 }),
  );
}

/** The map as a picture to lay over all of the photo: RGBA uint8 [height, width, 4]. */
function layer(map: HeatMap, window: Window, width: number, height: number): Buffer {
  const [top, left] = [Math.round(window.y * height), Math.round(window.x * width)];
  const rows = Math.max(1, Math.round(window.height * height));
  const columns = Math.max(1, Math.round(window.width * width));
  const { values } = resized(map, rows, columns);
  const rgba = Buffer.alloc(width * height * 4);
  for (let y = Math.max(0, top); y < Math.min(height, top + rows); y++)
    for (let x = Math.max(0, left); x < Math.min(width, left + columns); x++) {
      const value = values[(y - top) * columns + (x - left)] ?? 0;
      rgba.set([...colourOf(value), Math.round(255 * strongest * value)], (y * width + x) * 4);
    }
  return rgba;
}

function colourOf(value: number): [red: number, green: number, blue: number] {
  const place = Math.min(1, Math.max(0, value)) * (colours.length - 1);
  const low = colours[Math.floor(place)] ?? colours[0];
  const high = colours[Math.ceil(place)] ?? low;
  const mix = (channel: 0 | 1 | 2): number =>
    Math.round(low[channel] + (high[channel] - low[channel]) * (place % 1));
  return [mix(0), mix(1), mix(2)];
}

import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { heatPicture } from '../../../src/engine/explain/picture.ts';
import type { Window } from '../../../src/engine/explain/window.ts';
import { plainPhoto } from '../data/photo-fixtures.ts';

const whole: Window = { x: 0, y: 0, width: 1, height: 1 };
/** The lower right cell of four. */
const corner = { rows: 2, columns: 2, values: Float32Array.of(0, 0, 0, 1) };

/** The picture's pixels, and what differs from the grey photo under the map. */
async function shown(window: Window, photo = plainPhoto(60, 40, '#808080').png()) {
  const picture = await heatPicture(await photo.toBuffer(), corner, window);
  const { data, info } = await sharp(picture).raw().toBuffer({ resolveWithObject: true });
  const covered = (x: number, y: number): boolean => {
    const at = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * 3;
    return [0, 1, 2].some((channel) => Math.abs((data[at + channel] ?? 0) - 128) > 20);
  };
  return { info, covered };
}

describe('the picture of where a model looked', () => {
  test('covers what is important, and leaves the rest as it is', async () => {
    const { info, covered } = await shown(whole);
    expect([info.width, info.height, info.format]).toEqual([60, 40, 'raw']);
    expect(covered(0.9, 0.9)).toBe(true);
    expect(covered(0.1, 0.1)).toBe(false);
    expect(covered(0.1, 0.9)).toBe(false);
  });

  test('has the map where the model saw that part', async () => {
    // Its middle: the map ends at three quarters of the photo.
    const middle = await shown({ x: 0.25, y: 0.25, width: 0.5, height: 0.5 });
    expect(middle.covered(0.7, 0.7)).toBe(true);
    expect(middle.covered(0.9, 0.9)).toBe(false);
    // Padded: half of the map lies beyond.
    const padded = await shown({ x: 0, y: -0.5, width: 1, height: 2 });
    expect(padded.covered(0.9, 0.99)).toBe(true);
    expect(padded.covered(0.9, 0.1)).toBe(false);
  });

  test('is made no larger than the photo, nor than a screen, and is right way up', async () => {
    const large = await shown(whole, plainPhoto(3000, 1500, '#808080').jpeg());
    expect([large.info.width, large.info.height]).toEqual([1024, 512]);
    const turned = await shown(whole, plainPhoto(40, 60, '#808080').withMetadata({ orientation: 6 }).jpeg());
    expect([turned.info.width, turned.info.height]).toEqual([60, 40]);
    expect(turned.covered(0.9, 0.9)).toBe(true);
  });
});

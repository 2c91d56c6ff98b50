import { describe, expect, test } from 'vitest';
import { decodePhoto } from '../../../src/engine/data/decode.ts';
import { windowOf } from '../../../src/engine/explain/window.ts';
import { policyOf, quarters } from '../data/photo-fixtures.ts';

const photo = { width: 400, height: 200 };

describe('what a model sees of a photo', () => {
  test('all of it, squashed', () => {
    expect(windowOf(policyOf(64, 64), photo)).toEqual({ x: 0, y: 0, width: 1, height: 1 });
  });

  test('its middle, cut out', () => {
    expect(windowOf(policyOf(64, 64, { resize: 'crop' }), photo)).toEqual({
      x: 0.25,
      y: 0,
      width: 0.5,
      height: 1,
    });
    expect(windowOf(policyOf(64, 64, { resize: 'crop', cropFraction: 0.5 }), photo)).toEqual({
      x: 0.375,
      y: 0.25,
      width: 0.25,
      height: 0.5,
    });
    expect(windowOf(policyOf(64, 128, { resize: 'crop' }), photo)).toEqual({
      x: 0,
      y: 0,
      width: 1,
      height: 1,
    });
  });

  test('more than there is, padded', () => {
    expect(windowOf(policyOf(64, 64, { resize: 'pad' }), photo)).toEqual({
      x: 0,
      y: -0.5,
      width: 1,
      height: 2,
    });
    expect(windowOf(policyOf(64, 64, { resize: 'pad' }), { width: 200, height: 400 })).toEqual({
      x: -0.5,
      y: 0,
      width: 2,
      height: 1,
    });
  });

  test.each(['squash', 'crop', 'pad'] as const)('is what decoding makes (%s)', async (resize) => {
    const size = { width: 96, height: 48 };
    const bytes = await quarters(size.width, size.height).png().toBuffer();
    const policy = policyOf(32, 32, { resize, cropFraction: resize === 'crop' ? 0.75 : 1 });
    const pixels = await decodePhoto(bytes, policy);
    const window = windowOf(policy, size);
    let wrong = 0;
    for (let y = 0; y < 32; y++)
      for (let x = 0; x < 32; x++) {
        const across = window.x + ((x + 0.5) / 32) * window.width;
        const down = window.y + ((y + 0.5) / 32) * window.height;
        // Near the colours' borders pixels are mixed.
        const near = [0, 0.5, 1].some((edge) => Math.abs(across - edge) < 0.1 || Math.abs(down - edge) < 0.1);
        if (near) continue;
        const outside = across < 0 || across > 1 || down < 0 || down > 1;
        const expected = outside ? [128, 128, 128] : colours[(down < 0.5 ? 0 : 2) + (across < 0.5 ? 0 : 1)];
        const actual = pixels.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3);
        if (expected?.some((value, i) => Math.abs(value - (actual[i] ?? 0)) > 8) !== false) wrong += 1;
      }
    expect(wrong).toBe(0);
  });
});

/** Of `quarters`. */
const colours = [
  [230, 20, 20],
  [20, 200, 20],
  [20, 20, 230],
  [220, 220, 20],
];

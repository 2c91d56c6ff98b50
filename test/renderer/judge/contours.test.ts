import { describe, expect, it } from 'vitest';
import { contour, contourHeights, shadeOf } from '../../../src/renderer/screens/judge/contours.ts';

const side = 21;
const middle = (side - 1) / 2;
const cone = Array.from({ length: side }, (_, y) =>
  Array.from({ length: side }, (_, x) => Math.hypot(x - middle, y - middle)),
);

describe('lines of equal height', () => {
  it('around a cone are circles', () => {
    const pieces = contour(cone, 6.5);
    for (const [x, y] of pieces.flat()) expect(Math.hypot(x - middle, y - middle)).toBeCloseTo(6.5, 1);
    const length = pieces.reduce((sum, [[a, b], [c, d]]) => sum + Math.hypot(a - c, b - d), 0);
    expect(length).toBeCloseTo(2 * Math.PI * 6.5, 0);
  });

  it('on a slope lie where the height is', () => {
    const slope = [
      [0, 1, 2],
      [0, 1, 2],
    ];
    expect(contour(slope, 0.25)).toEqual([
      [
        [0.25, 0],
        [0.25, 1],
      ],
    ]);
  });

  it('cut off the two corners of a saddle that differ from its middle', () => {
    const saddle = [
      [1, 0],
      [0, 1],
    ];
    // The middle is at 0.5: high, as the corners top left and bottom right; the others are cut off.
    expect(contour(saddle, 0.4)).toEqual([
      [
        [0.6, 0],
        [1, 0.4],
      ],
      [
        [0.4, 1],
        [0, 0.6],
      ],
    ]);
    expect(contour(saddle, 0.6)).toEqual([
      [
        [0.4, 0],
        [0, 0.4],
      ],
      [
        [1, 0.6],
        [0.6, 1],
      ],
    ]);
  });

  it('leave out what has no height, and what they don’t meet', () => {
    expect(
      contour(
        [
          [0, 1],
          [0, null],
        ],
        0.5,
      ),
    ).toEqual([]);
    expect(contour(cone, 100)).toEqual([]);
  });
});

describe('heights and shades', () => {
  it('rise by factors', () => {
    const heights = contourHeights(0.01, 10, 5);
    expect(heights).toHaveLength(5);
    const factors = heights.slice(1).map((height, at) => height / (heights[at] ?? 1));
    for (const factor of factors) expect(factor).toBeCloseTo(factors[0] ?? 0, 1);
    expect(contourHeights(1, 1, 5)).toEqual([]);
  });

  it('go from nothing to all', () => {
    expect([0.01, 10, 20, 0].map((value) => shadeOf(value, 0.01, 10))).toEqual([0, 1, 1, 0]);
    expect(shadeOf(0.3, 0.01, 10)).toBeGreaterThan(0.4);
    expect(shadeOf(1, 1, 1)).toBe(0);
  });
});

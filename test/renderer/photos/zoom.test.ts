import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fitScale,
  pan,
  scaleOf,
  wholePhoto,
  zoomTo,
  type Zoom,
} from '../../../src/renderer/components/photos/zoom.ts';

const stage = { width: 800, height: 600 };
const photo = { width: 4000, height: 3000 };
const middle = { x: 0, y: 0 };

describe('zooming a photo', () => {
  it('begins with the whole photo, and does not blow up a tiny one', () => {
    expect(scaleOf(wholePhoto, stage, photo)).toBe(0.2);
    expect(fitScale(stage, { width: 4000, height: 500 })).toBe(0.2);
    expect(fitScale(stage, { width: 20, height: 20 })).toBe(4);
  });

  it('comes back to the whole photo when it is zoomed out far enough', () => {
    const near = zoomTo(wholePhoto, 1, middle, stage, photo);
    expect(near.scale).toBe(1);
    expect(zoomTo(near, 0.05, middle, stage, photo)).toEqual(wholePhoto);
  });

  it('keeps what is under the pointer under it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: -100, max: 100 }),
        fc.double({ min: 1.1, max: 3, noNaN: true }),
        (x, y, factor) => {
          // In the middle of the photo, where no edge is in the way.
          const before: Zoom = { scale: 1, x: 0.5, y: 0.5 };
          const after = zoomTo(before, factor, { x, y }, stage, photo);
          const under = (zoom: Zoom) => {
            const scale = scaleOf(zoom, stage, photo);
            return [zoom.x + x / (scale * photo.width), zoom.y + y / (scale * photo.height)];
          };
          expect(under(after)[0]).toBeCloseTo(under(before)[0] ?? 0, 9);
          expect(under(after)[1]).toBeCloseTo(under(before)[1] ?? 0, 9);
        },
      ),
    );
  });

  it('never shows an empty margin beside a photo that is larger than the stage', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -9000, max: 9000 }),
        fc.integer({ min: -9000, max: 9000 }),
        fc.double({ min: 0.21, max: 16, noNaN: true }),
        (x, y, scale) => {
          const moved = pan({ scale, x: 0.5, y: 0.5 }, { x, y }, stage, photo);
          const half = {
            x: stage.width / (2 * scale * photo.width),
            y: stage.height / (2 * scale * photo.height),
          };
          expect(moved.x).toBeGreaterThanOrEqual(half.x - 1e-9);
          expect(moved.x).toBeLessThanOrEqual(1 - half.x + 1e-9);
          expect(moved.y).toBeGreaterThanOrEqual(half.y - 1e-9);
          expect(moved.y).toBeLessThanOrEqual(1 - half.y + 1e-9);
        },
      ),
    );
  });

  it('centres a photo on the side on which it is smaller than the stage', () => {
    const wide = { width: 8000, height: 600 };
    expect(pan({ scale: 0.5, x: 0.5, y: 0.5 }, { x: -100, y: 50 }, stage, wide)).toEqual({
      scale: 0.5,
      x: 0.525,
      y: 0.5,
    });
  });
});

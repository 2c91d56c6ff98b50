import { describe, expect, test } from 'vitest';
import { likest, LooksLikeness, VectorLikeness } from '../../../src/engine/data/likeness.ts';
import { perceptualHash, plainHash } from '../../../src/engine/data/perceptual-hash.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { blobs } from './photo-fixtures.ts';

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe('likeness of vectors', () => {
  test('is their cosine, right to some thousandths', () => {
    const random = seededRandom(2);
    const scales = [1, 1e-4, 300, 2, 0.5, 40];
    const vectors = scales.map((scale) => Float32Array.from({ length: 64 }, () => random.normal() * scale));
    const likeness = new VectorLikeness(vectors.length, 60);
    for (const [photo, vector] of vectors.entries()) likeness.set(photo, vector);
    expect(likeness.known).toBe(6);
    for (const [photo, vector] of vectors.entries()) {
      const to = likeness.to(photo);
      expect(to[photo]).toBeCloseTo(1, 6);
      // What stands behind the dimension does not count.
      for (const [other, another] of vectors.entries())
        expect(
          Math.abs((to[other] ?? 9) - cosine(vector.subarray(0, 60), another.subarray(0, 60))),
        ).toBeLessThan(0.005);
    }
  });

  test('is not known of what was never given, nor of zeros and of what is no number', () => {
    const likeness = new VectorLikeness(4, 2);
    likeness.set(0, Float32Array.of(1, 1));
    likeness.set(1, Float32Array.of(0, 0));
    likeness.set(2, Float32Array.of(Infinity, 0));
    expect([0, 1, 2, 3].map((photo) => likeness.has(photo))).toEqual([true, false, false, false]);
    expect([...likeness.to(0)]).toEqual([expect.closeTo(1, 9), Number.NaN, Number.NaN, Number.NaN]);
    likeness.set(0, Float32Array.of(1, -1));
    expect(likeness.known).toBe(1);
    likeness.set(3, Float32Array.of(-2, 2));
    expect(likeness.to(0)[3]).toBeCloseTo(-1, 9);
  });
});

describe('likeness of looks', () => {
  test('is 1 for the same picture, little for another, and not known of plain ones', async () => {
    const [one, small, other] = await Promise.all(
      [blobs(1), blobs(1).resize(80, 60), blobs(2)].map(async (image) =>
        perceptualHash(await image.jpeg().toBuffer()),
      ),
    );
    const likeness = new LooksLikeness([one, small, other, plainHash, undefined]);
    expect(likeness.known).toBe(3);
    expect([3, 4].map((photo) => likeness.has(photo))).toEqual([false, false]);
    const to = likeness.to(0);
    expect(to[0]).toBe(1);
    expect(to[1]).toBeGreaterThan(0.8);
    expect(Math.abs(to[2] ?? 1)).toBeLessThan(0.5);
    expect([to[3], to[4]]).toEqual([Number.NaN, Number.NaN]);
    expect([...likeness.to(3)].every(Number.isNaN)).toBe(true);
  });
});

test('the likest come first, without the photo itself and those nothing is known of', () => {
  const likeness = Float32Array.of(0.2, 1, Number.NaN, 0.9, 0.2, -0.5);
  expect([...likest(likeness, 1, 10)]).toEqual([3, 0, 4, 5]);
  expect([...likest(likeness, 3, 2)]).toEqual([1, 0]);
});

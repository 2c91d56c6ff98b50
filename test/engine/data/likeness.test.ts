import { describe, expect, test } from 'vitest';
import { likest, LooksLikeness, VectorLikeness } from '../../../src/engine/data/likeness.ts';
import { layoutInLab } from '../../../src/engine/data/color-layout.ts';
import { photoFacts } from '../../../src/engine/data/facts.ts';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { plainPhoto, quarters } from './photo-fixtures.ts';

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
  test('is 1 for the same colours at the same places, less the more they differ', async () => {
    const pictures = [
      quarters(64, 48).png(), // red, green / blue, yellow
      quarters(200, 100).jpeg(),
      quarters(64, 48).modulate({ brightness: 0.8 }).png(),
      quarters(64, 48).flop().png(),
      plainPhoto(20, 20, '#000').png(),
      plainPhoto(20, 20, '#fff').png(),
    ];
    const layouts = await Promise.all(
      pictures.map(async (picture) => (await photoFacts(await picture.toBuffer())).colors),
    );
    const likeness = new LooksLikeness([...layouts, undefined]);
    expect(likeness.known).toBe(6);
    expect(likeness.has(6)).toBe(false);
    const [same = 0, encoded = 0, darker = 0, mirrored = 0, , , unknown] = likeness.to(0);
    expect(same).toBe(1);
    expect(encoded).toBeGreaterThan(0.95);
    expect(darker).toBeLessThan(encoded);
    expect(mirrored).toBeLessThan(darker);
    expect(unknown).toBeNaN();
    // As far apart as can be.
    expect(likeness.to(4)[5]).toBe(-1);
    expect([...likeness.to(6)].every(Number.isNaN)).toBe(true);
  });

  test('knows L*a*b* as others do', () => {
    // Well-known values of sRGB's red, green, blue and white under D65.
    const layout = 'ff000000ff000000ffffffff'.repeat(4);
    const lab = [...(layoutInLab(layout) ?? [])].map((value) => Math.round(value * 10) / 10);
    expect(lab.slice(0, 9)).toEqual([53.2, 80.1, 67.2, 87.7, -86.2, 83.2, 32.3, 79.2, -107.9]);
    expect(lab.slice(9, 12).map(Math.abs)).toEqual([100, 0, 0]);
    expect(layoutInLab('ff00')).toBeUndefined();
  });
});

test('the likest come first, without the photo itself and those nothing is known of', () => {
  const likeness = Float32Array.of(0.2, 1, Number.NaN, 0.9, 0.2, -0.5);
  expect([...likest(likeness, 1, 10)]).toEqual([3, 0, 4, 5]);
  expect([...likest(likeness, 3, 2)]).toEqual([1, 0]);
});

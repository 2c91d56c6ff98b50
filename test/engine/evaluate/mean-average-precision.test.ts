import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { meanAveragePrecisionOf } from '../../../src/engine/evaluate/mean-average-precision.ts';
import { averagePrecision } from '../../../src/engine/evaluate/roc.ts';

const labels = 3;
const photos = 40;
const random = seededRandom(1);
// Rounded: some scores are the same.
const scores = Float32Array.from({ length: photos * labels }, () => Math.round(8 * random.next()) / 8);
const targets = Float32Array.from({ length: photos * labels }, () => (random.next() < 0.3 ? 1 : 0));

/** By the plain definition, every photo as often as it is drawn. */
function plain(indices: readonly number[]): number | null {
  const each = Array.from({ length: labels }, (_, label) =>
    averagePrecision(
      Float64Array.from(indices, (photo) => scores[photo * labels + label] ?? 0),
      Uint8Array.from(indices, (photo) => targets[photo * labels + label] ?? 0),
    ),
  ).filter((one) => one !== null);
  return each.length === 0 ? null : each.reduce((sum, one) => sum + one, 0) / each.length;
}

describe('mean average precision of resamples', () => {
  const precision = meanAveragePrecisionOf(scores, targets, labels);

  it('is the mean of the labels, with each photo once', () => {
    expect(precision()).toBeCloseTo(plain([...Array(photos).keys()]) ?? Number.NaN, 12);
  });

  it('counts a photo as often as it is drawn', () => {
    for (let round = 0; round < 20; round++) {
      const indices = Array.from({ length: photos }, () => random.integer(photos));
      const times = new Uint32Array(photos);
      for (const index of indices) times[index] = (times[index] ?? 0) + 1;
      expect(precision(times)).toBeCloseTo(plain(indices) ?? Number.NaN, 12);
    }
  });

  it('leaves out labels that all photos have, or none has', () => {
    const two = meanAveragePrecisionOf(Float32Array.of(0.9, 0.1, 0.2, 0.8), [1, 1, 0, 1], 2);
    expect(two()).toBe(1);
    expect(two(Uint32Array.of(2, 0))).toBeNull();
    expect(meanAveragePrecisionOf(new Float32Array(), [], 0)()).toBeNull();
  });
});

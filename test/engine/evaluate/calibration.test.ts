import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import {
  expectedCalibrationError,
  fitTemperature,
  logLossOf,
  reliability,
  softmaxRows,
} from '../../../src/engine/evaluate/calibration.ts';

const photos = fc.integer({ min: 2, max: 5 }).chain((c) =>
  fc
    .array(
      fc.tuple(
        fc.nat(c - 1),
        fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: c, maxLength: c }),
      ),
      { minLength: 1, maxLength: 30 },
    )
    .map((rows) => ({
      c,
      labels: Int32Array.from(rows, ([label]) => label),
      logits: Float32Array.from(rows.flatMap(([, row]) => row)),
    })),
);

/** Photos whose labels are drawn from softmax(z), then shown as `sharpness` times too sure. */
function drawn(count: number, sharpness: number) {
  const random = seededRandom(11);
  const logits = new Float32Array(count * 3);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const z = [random.normal() * 2, random.normal() * 2, random.normal() * 2];
    const p = softmaxRows(Float32Array.from(z), 3);
    const u = random.next();
    labels[i] = u < (p[0] ?? 0) ? 0 : u < (p[0] ?? 0) + (p[1] ?? 0) ? 1 : 2;
    z.forEach((value, j) => {
      logits[i * 3 + j] = value * sharpness;
    });
  }
  return { logits, labels };
}

describe('softmaxRows', () => {
  it('gives rows of probabilities that sum to 1, whatever the temperature', () => {
    fc.assert(
      fc.property(photos, fc.double({ min: 0.05, max: 20, noNaN: true }), ({ logits, c }, temperature) => {
        const out = softmaxRows(logits, c, temperature);
        for (let start = 0; start < out.length; start += c) {
          const row = [...out.subarray(start, start + c)];
          expect(row.every((p) => p >= 0 && p <= 1)).toBe(true);
          expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
        }
      }),
    );
  });

  it('computes by hand, without overflow, and none of nothing', () => {
    expect([...softmaxRows(Float32Array.of(Math.log(1), Math.log(3)), 2)].map((p) => p.toFixed(6))).toEqual([
      '0.250000',
      '0.750000',
    ]);
    expect(softmaxRows(Float32Array.of(0, 2), 2, 2)[1]).toBeCloseTo(Math.E / (1 + Math.E), 6);
    expect([...softmaxRows(Float32Array.of(3e38, -3e38), 2)]).toEqual([1, 0]);
    expect(softmaxRows(new Float32Array(0), 0)).toHaveLength(0);
  });
});

describe('fitTemperature', () => {
  it.each([0.5, 1, 3])('finds that logits were made %f times too sharp', (sharpness) => {
    const { logits, labels } = drawn(4000, sharpness);
    expect(fitTemperature(logits, labels, 3) / sharpness).toBeCloseTo(1, 1);
  });

  it('finds the minimum that a fine grid finds', () => {
    const { logits, labels } = drawn(3000, 2);
    const fitted = logLossOf(logits, labels, 3, fitTemperature(logits, labels, 3)) ?? Infinity;
    const grid = Array.from(
      { length: 200 },
      (_, i) => logLossOf(logits, labels, 3, 0.5 + i * 0.025) ?? Infinity,
    );
    expect(fitted).toBeLessThan(Math.min(...grid) + 1e-4);
  });

  it('never worsens the loss on its own photos, and stays in its range', () => {
    fc.assert(
      fc.property(photos, ({ logits, labels, c }) => {
        const temperature = fitTemperature(logits, labels, c);
        expect(temperature).toBeGreaterThanOrEqual(0.05);
        expect(temperature).toBeLessThanOrEqual(20 + 1e-6);
        const before = logLossOf(logits, labels, c) ?? 0;
        expect(logLossOf(logits, labels, c, temperature) ?? Infinity).toBeLessThanOrEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  it('does not ask for certainty because thirty photos were right', () => {
    const labels = Int32Array.from({ length: 30 }, (_, i) => i % 2);
    const logits = Float32Array.from({ length: 60 }, (_, at) => (at % 2 === Math.floor(at / 2) % 2 ? 2 : 0));
    const sure = Math.max(...softmaxRows(logits, 2, fitTemperature(logits, labels, 2)));
    expect(sure).toBeGreaterThan(0.9);
    expect(sure).toBeLessThan(0.98); // (n + 1) / (n + 2) = 0.969
  });

  it('has nothing to learn from no photos, one class, or equal logits', () => {
    expect(fitTemperature(new Float32Array(0), new Int32Array(0), 3)).toBe(1);
    expect(fitTemperature(Float32Array.of(5, 2), Int32Array.of(0, 0), 1)).toBe(1);
    expect(fitTemperature(new Float32Array(6), Int32Array.of(0, 1), 3)).toBe(1);
  });

  it('makes an overconfident model less so', () => {
    const { logits, labels } = drawn(500, 5);
    const gap = (temperature: number) => {
      const p = softmaxRows(logits, 3, temperature);
      const best = Array.from(labels, (_, i) => Math.max(...p.subarray(i * 3, i * 3 + 3)));
      const right = Uint8Array.from(labels, (label, i) => (p[i * 3 + label] === best[i] ? 1 : 0));
      return expectedCalibrationError(reliability(Float32Array.from(best), right)) ?? 1;
    };
    expect(gap(fitTemperature(logits, labels, 3))).toBeLessThan(gap(1) / 2);
  });
});

describe('reliability and expected calibration error', () => {
  it('computes by hand', () => {
    // Ten bins: three answers around 0.85 (two right), one at 0.4 (right).
    const bins = reliability(Float32Array.of(0.82, 0.85, 0.88, 0.375), Uint8Array.of(1, 1, 0, 1), 10);
    expect(bins.map(({ count }) => count)).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 3, 0]);
    expect(bins[8]?.confidence).toBeCloseTo(0.85, 6);
    expect(bins[8]?.accuracy).toBeCloseTo(2 / 3, 10);
    expect(bins[0]).toMatchObject({ confidence: null, accuracy: null, accuracyInterval: null });
    expect(expectedCalibrationError(bins)).toBeCloseTo((3 * (0.85 - 2 / 3) + (1 - 0.375)) / 4, 6);
  });

  it('puts edges into the bin below and keeps 0 and 1', () => {
    const bins = reliability(Float32Array.of(0, 0.5, 1, 1.0000001), Uint8Array.of(0, 0, 1, 1), 2);
    expect(bins.map(({ count }) => count)).toEqual([2, 2]);
    expect(bins[1]?.confidence).toBe(1);
  });

  it('is 0 for a perfect and sure model, 1 for a wrong and sure one, null for none', () => {
    const sure = Float32Array.of(1, 1, 1);
    expect(expectedCalibrationError(reliability(sure, Uint8Array.of(1, 1, 1)))).toBe(0);
    expect(expectedCalibrationError(reliability(sure, Uint8Array.of(0, 0, 0)))).toBe(1);
    expect(expectedCalibrationError(reliability(new Float32Array(0), new Uint8Array(0)))).toBeNull();
  });
});

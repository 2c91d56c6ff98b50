import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../src/engine/data/random.ts';
import { sigmoids, softplus } from '../../../src/engine/evaluate/logistic.ts';
import {
  chooseThresholds,
  evaluateLabels,
  fitLabelTemperature,
  labelLogLoss,
} from '../../../src/engine/evaluate/multi-label.ts';

const logit = (p: number): number => Math.log(p / (1 - p));

/** Photos whose labels come true as often as their probabilities say, with logits made `times` as large. */
function honest(
  rows: number,
  labels: number,
  times: number,
): { logits: Float32Array; targets: Float32Array } {
  const random = seededRandom(4);
  const logits = new Float32Array(rows * labels);
  const targets = logits.map((_, at) => {
    const z = 2 * random.normal();
    logits[at] = times * z;
    return random.next() < 1 / (1 + Math.exp(-z)) ? 1 : 0;
  });
  return { logits, targets };
}

describe('figures of several labels a photo', () => {
  // scikit-learn 1.5: y_true [[1,0,1],[0,1,0],[1,1,0],[0,0,0]], y_pred [[1,0,0],[0,1,1],[1,0,0],[0,0,0]]
  const probabilities = [0.9, 0.2, 0.4, 0.3, 0.8, 0.6, 0.7, 0.1, 0.2, 0.4, 0.3, 0.1];
  const targets = Float32Array.from([1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0]);
  const metrics = evaluateLabels({
    logits: Float32Array.from(probabilities, logit),
    targets,
    classes: ['a', 'b', 'c'],
  });

  test('equal those of scikit-learn', () => {
    expect(metrics.count).toBe(4);
    expect(metrics.accuracy).toBe(0.25);
    expect(metrics.multiLabel?.hammingLoss).toBe(3 / 12);
    expect(metrics.multiLabel?.microF1).toBeCloseTo(2 / 3, 12);
    expect(metrics.perClass.map(({ f1 }) => f1)).toEqual([1, 2 / 3, 0]);
    expect(metrics.macroF1).toBeCloseTo(5 / 9, 12);
    expect(metrics.weightedF1).toBeCloseTo((2 * 1 + 2 * (2 / 3)) / 5, 12);
    // average_precision_score per label: 1, (1 + 2/4) / 2, 1/2
    expect(metrics.multiLabel?.perLabel.map((one) => one.averagePrecision)).toEqual([1, 0.75, 0.5]);
    expect(metrics.multiLabel?.meanAveragePrecision).toBeCloseTo(0.75, 12);
  });

  test('log loss is that of all decisions', () => {
    const expected = probabilities.reduce(
      (sum, p, at) => sum - Math.log(targets[at] === 1 ? p : 1 - p) / probabilities.length,
      0,
    );
    expect(metrics.logLoss).toBeCloseTo(expected, 6);
  });

  test('labels are given from their thresholds on', () => {
    const strict = evaluateLabels({
      logits: Float32Array.from(probabilities, logit),
      targets,
      classes: ['a', 'b', 'c'],
      thresholds: [0.95, 0.05, 0.35],
    });
    expect(strict.perClass.map(({ predicted }) => predicted)).toEqual([0, 4, 2]);
    expect(strict.perClass[0]?.precision).toBeNull();
  });

  test('nothing is made up of no photos', () => {
    const none = evaluateLabels({ logits: new Float32Array(), targets: new Float32Array(), classes: ['a'] });
    expect(none).toMatchObject({ count: 0, accuracy: null, macroF1: null, logLoss: null, ece: null });
    expect(none.multiLabel).toMatchObject({ hammingLoss: null, meanAveragePrecision: null });
  });
});

describe('calibration of labels', () => {
  test('finds the temperature that was put in', () => {
    const { logits, targets } = honest(4000, 3, 3);
    expect(fitLabelTemperature(logits, targets)).toBeCloseTo(3, 0);
    const metrics = evaluateLabels({ logits, targets, classes: ['a', 'b', 'c'], temperature: 3 });
    expect(metrics.eceCalibrated).toBeLessThan((metrics.ece ?? 0) / 3);
    expect(metrics.logLossCalibrated).toBeLessThan(metrics.logLoss ?? 0);
  });

  test('is left alone where it can do no better, and bounded where all is right', () => {
    const { logits, targets } = honest(4000, 2, 1);
    const own = fitLabelTemperature(logits, targets);
    expect(own).toBeCloseTo(1, 0);
    expect(labelLogLoss(logits, targets, own)).toBeLessThanOrEqual(labelLogLoss(logits, targets) ?? 0);
    const perfect = Float32Array.from([1, -1, 1, -1]);
    expect(fitLabelTemperature(perfect, Float32Array.from([1, 0, 1, 0]))).toBeGreaterThanOrEqual(0.05);
    expect(fitLabelTemperature(new Float32Array(), new Float32Array())).toBe(1);
  });
});

describe('thresholds', () => {
  test('give the best F1 there is', () => {
    const { logits, targets } = honest(400, 1, 1);
    // Rare answers: what is likely is still below one half.
    const shy = sigmoids(
      logits.map((z) => z - 3),
      1,
    );
    const [threshold = 0] = chooseThresholds(shy, targets, 1);
    const f1At = (limit: number): number => {
      let [both, given, has] = [0, 0, 0];
      shy.forEach((p, row) => {
        const says = p >= limit ? 1 : 0;
        given += says;
        has += targets[row] ?? 0;
        both += says * (targets[row] ?? 0);
      });
      return (2 * both) / (given + has);
    };
    expect(threshold).toBeLessThan(0.4);
    for (let limit = 0.01; limit < 1; limit += 0.01)
      expect(f1At(threshold)).toBeGreaterThanOrEqual(f1At(limit) - 1e-12);
  });

  test('are one half where few photos tell, or where that is as good', () => {
    expect(chooseThresholds(Float32Array.from([0.2, 0.1, 0.05]), Float32Array.from([1, 0, 0]), 1)).toEqual([
      0.5,
    ]);
    const clear = Float32Array.from({ length: 100 }, (_, row) => (row < 50 ? 0.9 : 0.1));
    const has = clear.map((p) => (p > 0.5 ? 1 : 0));
    expect(chooseThresholds(clear, has, 1)).toEqual([0.5]);
  });
});

test('softplus is right near by and far away', () => {
  expect(softplus(0)).toBeCloseTo(Math.LN2, 15);
  expect(softplus(1)).toBeCloseTo(Math.log(1 + Math.E), 14);
  expect(softplus(1000)).toBe(1000);
  expect(softplus(-1000)).toBe(0);
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { metricsSchema, type Metrics } from '../../../src/contract/metrics.ts';
import { evaluateClassifier, topAccuracy } from '../../../src/engine/evaluate/metrics.ts';

/** Logits that answer `predicted[i]` for photo i, with the given lead. */
function answering(predicted: readonly number[], c: number, lead = 2): Float32Array {
  const logits = new Float32Array(predicted.length * c);
  predicted.forEach((k, i) => {
    logits[i * c + k] = lead;
  });
  return logits;
}

function evaluate(
  truth: readonly number[],
  predicted: readonly number[],
  classes: readonly string[],
): Metrics {
  return evaluateClassifier({
    logits: answering(predicted, classes.length),
    labels: Int32Array.from(truth),
    classes,
    seed: 1,
  });
}

const answersOf = (c: number, most = 40) =>
  fc
    .array(
      fc.tuple(
        fc.nat(c - 1),
        fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: c, maxLength: c }),
      ),
      { maxLength: most },
    )
    .map((photos) => ({
      labels: Int32Array.from(photos, ([label]) => label),
      logits: Float32Array.from(photos.flatMap(([, row]) => row)),
      classes: Array.from({ length: c }, (_, i) => `class ${i}`),
    }));

describe('evaluateClassifier', () => {
  it("gives the figures of scikit-learn's classification_report example", () => {
    // From its documentation: y_true = [0, 1, 2, 2, 2], y_pred = [0, 0, 2, 2, 1].
    const metrics = evaluate([0, 1, 2, 2, 2], [0, 0, 2, 2, 1], ['class 0', 'class 1', 'class 2']);
    expect(metrics.accuracy).toBeCloseTo(0.6);
    expect(metrics.perClass.map(({ precision }) => precision)).toEqual([0.5, 0, 1]);
    expect(metrics.perClass.map(({ recall }) => recall)).toEqual([1, 0, 2 / 3]);
    const f1 = metrics.perClass.map((one) => one.f1 ?? Number.NaN);
    expect(f1[0]).toBeCloseTo(0.67, 2);
    expect(f1[1]).toBe(0);
    expect(f1[2]).toBeCloseTo(0.8);
    expect(metrics.macroF1).toBeCloseTo(0.49, 2);
    expect(metrics.weightedF1).toBeCloseTo(0.61, 2);
    expect(metrics.confusion.matrix).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 2],
    ]);
  });

  it('computes log loss by hand', () => {
    // Two photos, probabilities of the truth e^2 / (e^2 + 1) and 1 / (e^2 + 1).
    const metrics = evaluate([0, 1], [0, 0], ['a', 'b']);
    const p = Math.exp(2) / (Math.exp(2) + 1);
    expect(metrics.logLoss).toBeCloseTo(-(Math.log(p) + Math.log(1 - p)) / 2, 10);
  });

  it('keeps log loss finite where a float32 probability is 0', () => {
    const metrics = evaluateClassifier({
      logits: Float32Array.of(500, -500),
      labels: Int32Array.of(1),
      classes: ['a', 'b'],
    });
    expect(metrics.logLoss).toBeCloseTo(1000);
    expect(metricsSchema.parse(metrics)).toEqual(metrics);
  });

  it('adds calibrated figures only with a temperature', () => {
    const answers = {
      logits: answering([0, 0, 1, 0], 2, 8),
      labels: Int32Array.of(0, 1, 1, 0),
      classes: ['a', 'b'],
    };
    expect(evaluateClassifier(answers)).not.toHaveProperty('eceCalibrated');
    const hot = evaluateClassifier({ ...answers, temperature: 8 });
    const p = Math.E / (Math.E + 1);
    expect(hot.logLossCalibrated).toBeCloseTo(-(3 * Math.log(p) + Math.log(1 - p)) / 4, 6);
    expect(hot.eceCalibrated).toBeCloseTo(Math.abs(p - 0.75), 5);
    expect(hot.ece).toBeCloseTo(Math.exp(8) / (Math.exp(8) + 1) - 0.75, 5);
    expect(hot.reliabilityCalibrated?.reduce((sum, bin) => sum + bin.count, 0)).toBe(4);
  });

  it('has nothing to say about no photos, without NaN', () => {
    const metrics = evaluateClassifier({
      logits: new Float32Array(0),
      labels: new Int32Array(0),
      classes: ['a', 'b'],
      temperature: 1.5,
    });
    expect(metricsSchema.parse(JSON.parse(JSON.stringify(metrics)))).toEqual(metrics);
    expect(metrics).toMatchObject({
      count: 0,
      accuracy: null,
      accuracyInterval: null,
      macroF1: null,
      weightedF1: null,
      logLoss: null,
      ece: null,
      binary: { rocAuc: null, averagePrecision: null },
    });
  });

  it('takes one photo', () => {
    const metrics = evaluate([1], [1], ['a', 'b', 'c']);
    expect(metrics.accuracy).toBe(1);
    expect(metrics.accuracyInterval?.[0]).toBeLessThan(0.25);
    expect(metrics.macroF1).toBe(1);
    expect(metrics.macroF1Interval).toBeNull();
    expect(metricsSchema.parse(metrics)).toEqual(metrics);
  });

  it('takes a single class', () => {
    const metrics = evaluate([0, 0], [0, 0], ['only']);
    expect(metrics).toMatchObject({ accuracy: 1, macroF1: 1, logLoss: 0, ece: 0 });
    expect(metrics.binary).toBeUndefined();
    expect(metricsSchema.parse(metrics)).toEqual(metrics);
  });

  it('leaves a class without photos undefined, and out of the mean unless it was predicted', () => {
    const unused = evaluate([0, 1], [0, 1], ['a', 'b', 'empty']);
    expect(unused.perClass[2]).toMatchObject({
      support: 0,
      recall: null,
      precision: null,
      f1: null,
      recallInterval: null,
    });
    expect(unused.macroF1).toBe(1);
    const guessed = evaluate([0, 1], [0, 2], ['a', 'b', 'empty']);
    expect(guessed.perClass[2]).toMatchObject({ recall: null, precision: 0, f1: 0 });
    expect(guessed.macroF1).toBeCloseTo(1 / 3);
  });

  it('claims no interval of macro-F1 where all photos are right, or all wrong', () => {
    const truth = [0, 1, 0, 1, 0, 1];
    expect(evaluate(truth, truth, ['a', 'b'])).toMatchObject({ macroF1: 1, macroF1Interval: null });
    const worst = evaluate(
      truth,
      truth.map((label) => 1 - label),
      ['a', 'b'],
    );
    expect(worst).toMatchObject({ accuracy: 0, macroF1: 0, weightedF1: 0, macroF1Interval: null });
    expect(worst.binary).toMatchObject({ rocAuc: 0 });
  });

  it('says where top-5 accuracy makes sense', () => {
    const six = ['a', 'b', 'c', 'd', 'e', 'f'];
    expect(evaluate([0], [0], six.slice(0, 5))).not.toHaveProperty('top5');
    expect(evaluate([0, 5, 4], [0, 0, 0], six).top5).toBeCloseTo(2 / 3); // of equals, the first five win
  });

  it.each([
    ['too few logits', [1, 2, 3], [0, 1], undefined],
    ['a label beyond the classes', [1, 2], [2], undefined],
    ['a negative label', [1, 2], [-1], undefined],
    ['NaN', [1, Number.NaN], [0], undefined],
    ['infinity', [1, Infinity], [0], undefined],
    ['a temperature of 0', [1, 2], [0], 0],
  ])('refuses %s', (_, logits, labels, temperature) => {
    expect(() =>
      evaluateClassifier({
        logits: Float32Array.from(logits),
        labels: Int32Array.from(labels),
        classes: ['a', 'b'],
        ...(temperature === undefined ? {} : { temperature }),
      }),
    ).toThrow(HolotypeError);
  });

  it('always fits its schema, survives JSON and does not depend on the order of the photos', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }).chain((c) => answersOf(c)),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        (answers, temperature) => {
          const metrics = evaluateClassifier({ ...answers, temperature, seed: 3 });
          expect(metricsSchema.parse(JSON.parse(JSON.stringify(metrics)))).toEqual(metrics);

          const c = answers.classes.length;
          const n = answers.labels.length;
          const backwards = evaluateClassifier({
            classes: answers.classes,
            labels: answers.labels.toReversed(),
            logits: Float32Array.from(answers.logits, (_, at) => {
              const [i, j] = [Math.floor(at / c), at % c];
              return answers.logits[(n - 1 - i) * c + j] ?? Number.NaN;
            }),
          });
          expect(backwards.confusion).toEqual(metrics.confusion);
          expect(backwards.macroF1).toEqual(metrics.macroF1);
          expect(backwards.logLoss ?? 0).toBeCloseTo(metrics.logLoss ?? 0, 8);
          expect(backwards.ece ?? 0).toBeCloseTo(metrics.ece ?? 0, 8);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('does not depend on the order of the classes', () => {
    fc.assert(
      fc.property(answersOf(3), ({ labels, logits, classes }) => {
        // Equal logits are decided by order; leave those out.
        fc.pre(
          [0, 1, 2].every((j) => labels.every((_, i) => logits[3 * i + j] !== logits[3 * i + ((j + 1) % 3)])),
        );
        const metrics = evaluateClassifier({ labels, logits, classes });
        const turned = evaluateClassifier({
          labels: labels.map((label) => 2 - label),
          logits: Float32Array.from(logits, (_, at) => logits[at - (at % 3) + 2 - (at % 3)] ?? Number.NaN),
          classes: classes.toReversed(),
        });
        expect(turned.accuracy).toEqual(metrics.accuracy);
        expect(turned.macroF1 ?? 0).toBeCloseTo(metrics.macroF1 ?? 0, 10);
        expect(turned.weightedF1 ?? 0).toBeCloseTo(metrics.weightedF1 ?? 0, 10);
        expect(turned.perClass.map(({ f1 }) => f1).reverse()).toEqual(metrics.perClass.map(({ f1 }) => f1));
      }),
      { numRuns: 40 },
    );
  });
});

describe('topAccuracy', () => {
  it('grows with k and ends at 1', () => {
    fc.assert(
      fc.property(answersOf(6), ({ labels, logits }) => {
        const parts = [1, 2, 3, 4, 5, 6].map((k) => topAccuracy(logits, labels, 6, k) ?? 1);
        expect(parts).toEqual([...parts].sort((a, b) => a - b));
        expect(parts.at(-1)).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});

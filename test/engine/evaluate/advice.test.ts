import { describe, expect, it } from 'vitest';
import { adviceSchema, type Advice } from '../../../src/contract/metrics.ts';
import { adviseOn, type AdviceInput } from '../../../src/engine/evaluate/advice.ts';
import { evaluateClassifier } from '../../../src/engine/evaluate/metrics.ts';
import { evaluateNumbers } from '../../../src/engine/evaluate/numbers.ts';

/** Results from a confusion matrix; every answer leads by `lead`. */
function resultsOf(matrix: readonly (readonly number[])[], lead = 2, temperature?: number): AdviceInput {
  const classes = ['ants', 'bees', 'wasps', 'flies', 'moths'].slice(0, matrix.length);
  const labels: number[] = [];
  const logits: number[] = [];
  matrix.forEach((row, i) =>
    row.forEach((times, j) => {
      for (let k = 0; k < times; k++) {
        labels.push(i);
        logits.push(...classes.map((_, at) => (at === j ? lead : 0)));
      }
    }),
  );
  const metrics = evaluateClassifier({
    logits: Float32Array.from(logits),
    labels: Int32Array.from(labels),
    classes,
    ...(temperature === undefined ? {} : { temperature }),
  });
  return {
    metrics,
    classCounts: metrics.perClass.map((one) => ({ class: one.class, train: 300, val: one.support, test: 0 })),
  };
}

const fine = resultsOf([
  [280, 10],
  [12, 278],
]);

function find(input: AdviceInput, code: Advice['code']): Advice | undefined {
  const advice = adviseOn(input);
  for (const one of advice) adviceSchema.parse(one);
  return advice.find((one) => one.code === code);
}

describe('adviseOn', () => {
  it('says nothing where there is nothing to say', () => expect(adviseOn(fine)).toEqual([]));

  it('says what 97% of 30 photos means', () => {
    const found = find(
      resultsOf([
        [15, 0],
        [1, 14],
      ]),
      'validation-small',
    );
    expect(found?.message).toContain('97% of 30 photos means between 83% and 99%');
    expect(found?.evidence).toContain('29 of 30');
    expect(found?.severity).toBe('note');
  });

  it('warns where almost nothing is known', () => {
    const found = find(
      resultsOf([
        [4, 1],
        [1, 4],
      ]),
      'validation-small',
    );
    expect(found?.severity).toBe('warning');
  });

  it('says that nothing was checked', () => {
    const none = resultsOf([
      [0, 0],
      [0, 0],
    ]);
    expect(find(none, 'nothing-to-check')?.severity).toBe('warning');
    expect(find(none, 'validation-small')).toBeUndefined();
    expect(find(none, 'class-without-photos')).toBeUndefined();
  });

  it('mentions unequal classes only over 3 times', () => {
    const counts = (few: number) => [
      { class: 'ants', train: 300, val: 290, test: 0 },
      { class: 'bees', train: few, val: 290, test: 0 },
    ];
    expect(find({ ...fine, classCounts: counts(100) }, 'classes-unequal')).toBeUndefined();
    const found = find({ ...fine, classCounts: counts(40) }, 'classes-unequal');
    expect(found?.message).toContain('“ants” has 7.5 times as many training photos as “bees”');
    expect(found?.fix).toEqual({ label: 'Train with balanced classes', settings: { sampling: 'balanced' } });
  });

  it('offers no balance that was asked for already', () => {
    const classCounts = [
      { class: 'ants', train: 300, val: 290, test: 0 },
      { class: 'bees', train: 40, val: 290, test: 0 },
    ];
    for (const options of [{ sampling: 'balanced' }, { classWeights: 'balanced' }] as const) {
      const found = find({ ...fine, classCounts, options }, 'classes-unequal');
      expect(found?.action).toContain('makes up for few of them');
      expect(found?.fix).toBeUndefined();
    }
  });

  it('names the classes with few photos, fewest first', () => {
    const classCounts = [
      { class: 'ants', train: 15, val: 290, test: 0 },
      { class: 'bees', train: 6, val: 290, test: 0 },
    ];
    const found = find({ ...fine, classCounts }, 'class-few-photos');
    expect(found?.severity).toBe('warning');
    expect(found?.evidence).toContain('6 of “bees” and 15 of “ants”');
  });

  it('names classes without photos', () => {
    const classCounts = [
      { class: 'ants', train: 200, val: 0, test: 0 },
      { class: 'bees', train: 0, val: 290, test: 0 },
    ];
    const found = find({ ...fine, classCounts }, 'class-without-photos');
    expect(found?.message).toContain('no training photos of “bees”');
    expect(found?.message).toContain('no validation photos of “ants”');
  });

  it('names a class that is hardly recognized and what it is taken for', () => {
    const found = find(
      resultsOf([
        [90, 5, 5],
        [0, 100, 0],
        [1, 9, 3],
      ]),
      'class-hard',
    );
    expect(found?.message).toBe('“wasps” is hardly recognized. 9 were taken for “bees”.');
    expect(found?.evidence).toContain('3 of 13');
  });

  it('does not judge a class by three photos', () => {
    const input = resultsOf([
      [200, 0],
      [3, 0],
    ]);
    expect(find(input, 'class-hard')).toBeUndefined();
  });

  it('notices a model that always says the same', () => {
    const found = find(
      resultsOf([
        [80, 0],
        [20, 0],
      ]),
      'no-better-than-guessing',
    );
    expect(found?.message).toContain('“ants”');
  });

  it('notices overconfidence, and that it was corrected', () => {
    const matrix = [
      [160, 40],
      [40, 160],
    ];
    expect(find(resultsOf(matrix, 6), 'overconfident')).toMatchObject({ severity: 'warning' });
    const corrected = find(resultsOf(matrix, 6, 4), 'overconfident');
    expect(corrected?.severity).toBe('note');
    expect(corrected?.evidence).toContain('over 99% sure and was right in 80%');
    // A lead of ln 4 claims just 80%.
    expect(find(resultsOf(matrix, Math.log(4)), 'overconfident')).toBeUndefined();
  });

  it('does not call a gap overconfidence that chance explains', () => {
    const input = resultsOf(
      [
        [5, 1],
        [0, 4],
      ],
      4,
    );
    expect(find(input, 'overconfident')).toBeUndefined(); // 98% claimed, 9 of 10 right: up to 98% possible
  });

  it('suspects a leak where all of few photos are right, not where all of many are', () => {
    const few = resultsOf([
      [20, 0],
      [0, 20],
    ]);
    expect(find(few, 'too-good')?.severity).toBe('note');
    const many = resultsOf([
      [200, 0],
      [0, 200],
    ]);
    expect(find(many, 'too-good')).toBeUndefined();
  });

  it('believes a good model that labels are wrong, and says of another one that it may err itself', () => {
    const suspects = Array.from({ length: 40 }, (_, at) => ({
      path: `ants/${at}.jpg`,
      given: 'ants',
      suggested: 'bees',
      score: 0.8,
    }));
    expect(find({ ...fine, suspects }, 'labels-suspect')).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(/^40 labels look wrong/) as string,
    });
    const weak = resultsOf([
      [220, 70],
      [70, 220],
    ]);
    expect(find({ ...weak, suspects }, 'labels-suspect')).toMatchObject({
      severity: 'note',
      message: expect.stringMatching(/^40 labels may be wrong.* right on 76% .* its own\.$/) as string,
    });
  });

  it('says of several labels and of numbers what looks wrong in their own words', () => {
    const common = { given: 'red', suggested: 'not red', score: 0.8 };
    const several = Array.from({ length: 40 }, (_, at) => ({
      ...common,
      path: `${at}.jpg`,
      label: { name: 'red', seems: 'extra' as const, confidence: 0.9 },
    }));
    const labels = { hammingLoss: 0.04, microF1: 0.9, meanAveragePrecision: 0.9, perLabel: [] };
    const ofLabels = { ...fine, metrics: { ...fine.metrics, accuracy: 0.6, multiLabel: labels } };
    expect(find({ ...ofLabels, suspects: several }, 'labels-suspect')).toMatchObject({
      severity: 'warning',
      evidence: expect.stringContaining('“0.jpg” is labelled “red” and does not look it') as string,
    });
    const numbers = evaluateNumbers([1, 2, 3, 4], [2, 1, 4, 3]);
    const suspects = Array.from({ length: 5 }, (_, at) => ({
      path: `${at}.jpg`,
      given: '40',
      suggested: '3',
      score: 0.7,
      number: { given: 40, predicted: 3, deviations: 10 },
    }));
    const found = find({ metrics: numbers, classCounts: [], suspects }, 'labels-suspect');
    expect(found?.message).toBe(
      '5 numbers may be wrong: models that had not seen the photo predict quite another one. As the model is off by 1 on average, the mistakes may as well be its own.',
    );
    expect(found?.evidence).toBe('The likeliest: “0.jpg” is given 40, and 3 is predicted.');
    expect(find({ metrics: numbers, classCounts: [], suspects: suspects.slice(1) }, 'labels-suspect')).toBe(
      undefined,
    );
  });

  it('puts near-duplicates across splits first, and then no second suspicion', () => {
    const input = {
      ...resultsOf([
        [20, 0],
        [0, 20],
      ]),
      duplicatesAcrossSplits: [
        { train: 'train/ants/a.jpg', other: 'val/ants/b.jpg' },
        { train: 'train/ants/c.jpg', other: 'val/ants/b.jpg' },
      ],
    };
    const advice = adviseOn(input);
    expect(advice[0]?.code).toBe('near-duplicates-across-splits');
    expect(advice[0]?.message).toContain('1 photo used for checking looks the same');
    expect(find(input, 'too-good')).toBeUndefined();
  });

  it('mentions skipped files when they are many, with the commonest reason', () => {
    const skipped = Array.from({ length: 40 }, (_, i) => ({
      path: `x${i}.heic`,
      reason: i < 30 ? 'HEIC' : 'cut off',
    }));
    expect(find({ ...fine, skipped }, 'skipped-many')).toBeUndefined(); // 40 of 1,220: 3%
    const classCounts = [
      { class: 'ants', train: 60, val: 50, test: 0 },
      { class: 'bees', train: 60, val: 50, test: 0 },
    ];
    expect(find({ ...fine, classCounts, skipped }, 'skipped-many')?.evidence).toContain('30 times: HEIC');
  });

  it('warns of conflicts', () => {
    const conflicts = [{ paths: ['ants/1.jpg', 'bees/1.jpg'], labels: ['ants', 'bees'] }];
    const found = find({ ...fine, conflicts }, 'conflicts');
    expect(found).toMatchObject({ severity: 'warning' });
    expect(found?.evidence).toContain('“ants” and “bees”');
  });

  it('puts warnings before notes', () => {
    const input = {
      ...resultsOf([
        [12, 8],
        [9, 11],
      ]),
      skipped: Array.from({ length: 400 }, (_, i) => ({ path: `${i}`, reason: 'Not a picture.' })),
    };
    const order = adviseOn(input).map(({ severity }) => severity);
    expect(new Set(order).size).toBe(2);
    expect(order).toEqual([...order].sort().reverse());
  });
});

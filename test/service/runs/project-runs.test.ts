import { describe, expect, test } from 'vitest';
import type { JobEvent, JobEventBody } from '../../../src/contract/job-events.ts';
import { curvesOf } from '../../../src/service/runs/project-runs.ts';
import { amountsOf, estimate } from '../../../src/service/runs/speeds.ts';
import { optionsOf } from '../../../src/service/runs/quality.ts';

const numbered = (...bodies: JobEventBody[]): JobEvent[] =>
  bodies.map((body, at) => ({ ...body, jobId: 'run', seq: at + 1 }));
const stage = (name: 'head' | 'finetune' | 'features', epoch?: number): JobEventBody => ({
  type: 'stage',
  stage: name,
  message: name,
  ...(epoch === undefined ? {} : { from: { epoch, step: 0 } }),
});
const epoch = (number: number, trainLoss: number): JobEventBody => ({
  type: 'epoch',
  epoch: number,
  epochs: 9,
  trainLoss,
  trainAccuracy: 0.5,
  valLoss: null,
  valAccuracy: null,
  learningRate: 0.1,
});
const drawn = (...bodies: JobEventBody[]): [string, number, number | null][] =>
  curvesOf(numbered(...bodies)).map(({ stage: name, epoch: at, trainLoss }) => [name, at, trainLoss]);

describe('curves', () => {
  test('tell the head from fine-tuning', () => {
    expect(
      drawn(stage('features'), stage('head'), epoch(1, 3), epoch(2, 2), stage('finetune'), epoch(1, 1)),
    ).toEqual([
      ['head', 1, 3],
      ['head', 2, 2],
      ['finetune', 1, 1],
    ]);
  });

  test('go on from the checkpoint that a killed training went on from', () => {
    const events = [stage('head'), epoch(1, 5), epoch(2, 4), epoch(3, 3), stage('head'), stage('head', 1)];
    expect(drawn(...events, epoch(2, 9))).toEqual([
      ['head', 1, 5],
      ['head', 2, 9],
    ]);
  });

  test('that were begun again are those of the last time', () => {
    expect(drawn(stage('head'), epoch(1, 5), epoch(2, 4), stage('head'), epoch(1, 8))).toEqual([
      ['head', 1, 8],
    ]);
  });
});

describe('the estimate', () => {
  const counts = { train: 100, val: 25, test: 0 };
  const measured = { features: 0.05, head: 1e-4, finetune: 0.1, export: 4 };

  test('counts every view, epoch and photo', () => {
    const amounts = amountsOf(optionsOf({ epochs: 10, finetuneEpochs: 5 }), counts);
    expect(amounts).toEqual({ views: 225, headSteps: 2000, finetuneSteps: 500 });
    expect(amountsOf(optionsOf({ flips: 'off', epochs: 10 }), counts)).toMatchObject({ views: 125 });
    // A rate that is looked for: 3 whole batches of 32 without a rate, and 72 with one.
    const finds = optionsOf({ finetuneEpochs: 5, findFinetuneLearningRate: 'on' });
    expect(amountsOf(finds, counts).finetuneSteps).toBe(500 + 75 * 32);
  });

  test('is unknown before anything was measured', () => {
    const options = optionsOf({});
    expect(estimate({}, options, amountsOf(options, counts), false)).toBeUndefined();
  });

  test('contains what a training takes that is as fast as those before', () => {
    for (const recipe of ['head', 'finetune'] as const) {
      const options = optionsOf({ recipe, epochs: 10, finetuneEpochs: 5 });
      const range = estimate(measured, options, amountsOf(options, counts), false);
      const usual = 225 * 0.05 + 2000 * 1e-4 + (recipe === 'head' ? 0 : 500 * 0.1) + 4;
      expect(range?.low).toBeLessThan(usual);
      expect(range?.high).toBeGreaterThan(usual);
      expect((range?.high ?? 0) / (range?.low ?? 1)).toBeLessThan(2);
    }
  });

  test('leaves both open where fine-tuning is, and takes kept features into account', () => {
    const options = optionsOf({ recipe: 'auto', epochs: 10, finetuneEpochs: 5 });
    const amounts = amountsOf(options, counts);
    const fresh = estimate(measured, options, amounts, false);
    const cached = estimate(measured, options, amounts, true);
    expect(fresh?.high).toBeGreaterThan(65);
    expect(fresh?.low).toBeLessThan(15);
    expect(cached?.low).toBeLessThan(fresh?.low ?? 0);
    expect(cached?.high).toBe(fresh?.high);
  });
});

import { describe, expect, it } from 'vitest';
import { adviceSchema } from '../../../src/contract/metrics.ts';
import { trainSettingsSchema } from '../../../src/contract/train-settings.ts';
import { adviseOn } from '../../../src/engine/evaluate/advice.ts';
import { adviseOnCurves } from '../../../src/engine/evaluate/advice-curves.ts';
import { diagnoses, madeUpTraining } from './made-up-trainings.ts';

const seeds = Array.from({ length: 20 }, (_, seed) => seed);

/** Settings as a window would take them from a fix: null leaves one to its default. */
function changesOf(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
}

describe('advice on trainings with known diagnoses', () => {
  it.each(diagnoses)('%s', (diagnosis) => {
    for (const seed of seeds) {
      const { input, expected } = madeUpTraining(diagnosis, seed);
      const advice = adviseOn(input);
      expect(
        advice.map(({ code }) => code),
        `seed ${seed}: ${advice.map(({ evidence }) => evidence).join(' | ')}`,
      ).toEqual(expected);
    }
  });

  it('names its numbers, and what it would change is a setting', () => {
    const all = diagnoses.flatMap((diagnosis) => adviseOn(madeUpTraining(diagnosis, 1).input));
    expect(all.filter(({ evidence }) => !/\d/.test(evidence))).toEqual([]);
    expect(all.filter(({ fix }) => fix?.settings === undefined && fix?.go === undefined)).toEqual([]);
    const known = new Set(Object.keys(trainSettingsSchema.shape));
    for (const { fix } of all.map((one) => adviceSchema.parse(one))) {
      const changes = changesOf(fix?.settings ?? {});
      expect(Object.keys(fix?.settings ?? {}).filter((key) => !known.has(key))).toEqual([]);
      expect(trainSettingsSchema.parse(changes)).toMatchObject(changes);
    }
  });

  it('says nothing of a healthy training at any time while it runs', () => {
    for (const seed of seeds) {
      const { input } = madeUpTraining('healthy', seed);
      const { curves = [] } = input;
      for (let epochs = 1; epochs <= curves.length; epochs++)
        expect(adviseOnCurves({ ...input, curves: curves.slice(0, epochs), running: true })).toEqual([]);
    }
  });

  it('tells of a loss that jumps or is lost while training still runs', () => {
    for (const diagnosis of ['learning rate too high', 'diverged: no number any more']) {
      const { input, expected } = madeUpTraining(diagnosis, 3);
      const { curves = [] } = input;
      const early = adviseOnCurves({ ...input, curves: curves.slice(0, 12), running: true });
      expect(early.map(({ code }) => code)).toEqual(expected);
    }
  });

  it('takes back a rate that a person chose, and lowers one that nobody did', () => {
    const { input } = madeUpTraining('learning rate too high', 0);
    expect(adviseOnCurves(input)[0]?.fix?.settings).toEqual({ learningRate: null });
    const tuned = madeUpTraining('fine-tuning at too high a learning rate', 0);
    expect(adviseOnCurves(tuned.input)[0]?.fix?.settings).toEqual({ finetuneLearningRate: 0.003 });
    const found = {
      ...tuned.input,
      options: { ...tuned.input.options, findFinetuneLearningRate: 'on' as const },
    };
    expect(adviseOnCurves(found)[0]?.fix?.settings).toEqual({
      finetuneLearningRate: 0.003,
      findFinetuneLearningRate: null,
    });
  });

  it('does not read mixtures of photos as if they were photos', () => {
    for (const diagnosis of [
      'underfitting',
      'learning rate too high',
      'fine-tuning at too high a learning rate',
    ]) {
      const { input } = madeUpTraining(diagnosis, 0);
      const mixed = { ...input, options: { ...input.options, mixup: 0.2 } };
      const codes = adviseOnCurves(mixed).map(({ code }) => code);
      // The head learns from photos as they are, whatever fine-tuning does.
      const tunes = input.curves?.some(({ stage }) => stage === 'finetune') ?? false;
      expect(codes).toEqual(tunes ? [] : adviseOnCurves(input).map(({ code }) => code));
      const curves = input.curves?.map((point) => ({ ...point, stage: 'finetune' as const })) ?? [];
      expect(adviseOnCurves({ ...mixed, curves })).toEqual([]);
    }
  });

  it('offers no other split where the photos came with theirs', () => {
    const { input } = madeUpTraining('too few photos to check on', 0);
    expect(adviseOn(input)[0]?.fix?.settings).toEqual({ valFraction: 0.3 });
    expect(adviseOn({ ...input, splitGiven: true })[0]?.fix).toBeUndefined();
  });
});

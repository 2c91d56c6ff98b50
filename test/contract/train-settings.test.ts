import { describe, expect, it } from 'vitest';
import { settingInfo } from '../../src/contract/setting-info.ts';
import { trainSettingsSchema } from '../../src/contract/train-settings.ts';
import { optimizerKinds } from '../../src/contract/choices.ts';
import { trainOptionsSchema } from '../../src/contract/train.ts';
import { finetuneSettings } from '../../src/service/train/finetune-settings.ts';
import { headSettings } from '../../src/service/train/settings.ts';

const options = trainOptionsSchema.parse({ photos: 'x' });
const used: Record<string, unknown> = {
  ...headSettings(options, 1000),
  // What fine-tuning calls by the same names as the head is its own.
  ...Object.fromEntries(
    Object.entries(finetuneSettings(options, 1000, 0.1)).filter(
      ([key]) => !['learningRate', 'batchSize', 'epochs', 'weightDecay', 'views'].includes(key),
    ),
  ),
  finetuneLearningRate: finetuneSettings(options, 1000, 0.1).learningRate,
  finetuneBatchSize: finetuneSettings(options, 1000, 0.1).batchSize,
};
const accepts = (key: string, value: unknown): boolean =>
  trainSettingsSchema.safeParse({ [key]: value }).success;

describe('settings of a training', () => {
  it('stay left out when nobody chose them', () => {
    expect(trainSettingsSchema.parse({})).toEqual({});
    expect(trainSettingsSchema.parse({ flips: 'on' })).toEqual({ flips: 'on' });
  });

  it('are all in the catalogue, once each, with one sentence', () => {
    const keys = settingInfo.map(({ key }) => key);
    expect([...keys].sort()).toEqual(Object.keys(trainSettingsSchema.shape).sort());
    for (const { label, explanation } of settingInfo) {
      expect(label).toMatch(/^[A-Z][^.]*$/);
      expect(explanation).toMatch(/^[^.]+(\.[^. ]+)*\.$/);
    }
  });

  it('have the defaults that training uses', () => {
    const known = settingInfo.filter((info) => info.key !== 'quality' && info.default !== null);
    const defaults = known.map((info) => [info.key, info.default]);
    expect(defaults).toEqual(
      known.map(({ key }) => [key, options[key as keyof typeof options] ?? used[key]]),
    );
    const open = settingInfo.filter((info) => info.default === null);
    expect(open.filter(({ unset }) => unset === undefined)).toEqual([]);
    expect(open.filter(({ key }) => options[key as keyof typeof options] !== undefined)).toEqual([]);
  });

  it.each(settingInfo)('bounds and choices of $key are those of the schema', (info) => {
    const { key, min, above, max, below, kind, choices = [] } = info;
    const wrap = (value: number): unknown => (kind === 'widths' ? [value] : value);
    const step = kind === 'whole' || kind === 'widths' ? 1 : 1e-6;
    const numbers = (value: number | undefined, allowed: boolean, beyond: number): [unknown, boolean][] =>
      value === undefined
        ? []
        : [
            [wrap(value), allowed],
            [wrap(value + beyond), !allowed],
          ];
    const checks: [unknown, boolean][] = [
      ...numbers(min, true, -step),
      ...numbers(above, false, step),
      ...numbers(max, true, step),
      ...numbers(below, false, -step),
      ...choices.map(({ value }): [unknown, boolean] => [value, true]),
      ...(choices.length > 0 ? [['nonsense', false] as [unknown, boolean]] : []),
      [info.default ?? undefined, true],
    ];
    expect(checks.map(([value]) => [value, accepts(key, value)])).toEqual(checks);
  });

  it('offer every optimizer there is', () => {
    const info = settingInfo.find(({ key }) => key === 'optimizer');
    expect(info?.choices?.map(({ value }) => value)).toEqual([...optimizerKinds]);
  });
});

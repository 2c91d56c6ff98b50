import { describe, expect, it } from 'vitest';
import type { JobEvent, JobEventBody } from '../../../src/contract/job-events.ts';
import { settingInfo } from '../../../src/contract/setting-info.ts';
import { noTrain, reduceTrain, withSettings } from '../../../src/renderer/state/train.ts';
import { between } from '../../../src/renderer/components/format.ts';
import { factsOf } from '../../../src/renderer/screens/train/progress-facts.ts';
import {
  defaultText,
  findSettings,
  isChanged,
  parseSetting,
} from '../../../src/renderer/screens/train/settings-search.ts';

const project = '0123456789abcdef';
const log = (...bodies: JobEventBody[]): JobEvent[] =>
  bodies.map((body, at) => ({ ...body, jobId: 'job-00000001', seq: at + 1 }));
const epoch = (number: number, valAccuracy: number, valLoss = 1 - valAccuracy): JobEventBody => ({
  type: 'epoch',
  epoch: number,
  epochs: 9,
  trainLoss: 1 / number,
  trainAccuracy: 0.5,
  valLoss,
  valAccuracy,
  learningRate: 0.001,
});
const info = (key: string) => {
  const found = settingInfo.find((one) => one.key === key);
  if (found === undefined) throw new Error(`There is no setting ${key}.`);
  return found;
};

describe('what a person has chosen for a training', () => {
  it('starts anew with another project, and not when the screen is shown again', () => {
    const first = reduceTrain(noTrain, { type: 'train/entered', project, settings: { quality: 'best' } });
    expect(first.settings).toEqual({ quality: 'best' });
    const again = reduceTrain(first, { type: 'train/entered', project, settings: {} });
    expect(again).toBe(first);
    const other = reduceTrain(first, { type: 'train/entered', project: 'f'.repeat(16), settings: {} });
    expect(other.settings).toEqual({});
  });

  it('leaves a setting to its default again when it is set to undefined', () => {
    expect(withSettings({ epochs: 3, seed: 1 }, { epochs: undefined, hidden: [64] })).toEqual({
      seed: 1,
      hidden: [64],
    });
  });
});

describe('what a training’s events say', () => {
  it('tells epochs of the head from those of fine-tuning', () => {
    const facts = factsOf(
      log(
        { type: 'stage', stage: 'head', message: '' },
        epoch(1, 0.6),
        epoch(2, 0.9),
        { type: 'stage', stage: 'finetune', message: '' },
        epoch(1, 0.8),
      ),
    );
    expect(facts.points.map(({ stage, epoch: number }) => `${stage} ${number}`)).toEqual([
      'head 1',
      'head 2',
      'finetune 1',
    ]);
    expect(facts.begun).toEqual(['head', 'finetune']);
    expect(facts.best).toEqual({ accuracy: 0.9, position: 2 });
  });

  it('keeps one line of epochs when a training goes on from a checkpoint', () => {
    const facts = factsOf(
      log(
        { type: 'stage', stage: 'head', message: '' },
        epoch(1, 0.1),
        epoch(2, 0.2),
        epoch(3, 0.3),
        { type: 'stage', stage: 'head', message: '', from: { epoch: 1, step: 5 } },
        epoch(2, 0.25),
      ),
    );
    expect(facts.points.map(({ valAccuracy }) => valAccuracy)).toEqual([0.1, 0.25]);
  });

  it('says each warning once', () => {
    const warning: JobEventBody = { type: 'warning', message: 'Few photos.' };
    expect(factsOf(log(warning, warning)).warnings).toEqual(['Few photos.']);
  });
});

describe('the panel of all settings', () => {
  it('finds settings by any of their words', () => {
    expect(findSettings('warm').map(({ key }) => key)).toEqual(['warmup']);
    expect(findSettings('learning rate fine').map(({ key }) => key)).toContain('finetuneLearningRate');
    expect(findSettings('no such thing')).toEqual([]);
    expect(findSettings('')).toHaveLength(settingInfo.length);
  });

  it('says what was changed', () => {
    expect(isChanged(info('batchSize'), { batchSize: 64 })).toBe(false);
    expect(isChanged(info('batchSize'), { batchSize: 32 })).toBe(true);
    expect(isChanged(info('hidden'), { hidden: [] })).toBe(false);
  });

  it.each(settingInfo.map((one) => [one.key, one] as const))('says what %s is by default', (_key, one) => {
    expect(defaultText(one)).not.toBe('it depends');
    expect(defaultText(one)).not.toContain('null');
  });

  it.each([
    ['batchSize', '12', { value: 12 }],
    ['batchSize', '1.5', { problem: 'A whole number is needed.' }],
    ['batchSize', '0', { problem: 'At least 1.' }],
    ['learningRate', '0,01', { value: 0.01 }],
    ['learningRate', '0', { problem: 'More than 0.' }],
    ['warmup', '1', { problem: 'Less than 1.' }],
    ['hidden', '256, 128', { value: [256, 128] }],
    ['hidden', '256 x', { problem: 'Whole numbers, with commas between.' }],
    ['groupBy', ' folder ', { value: 'folder' }],
    ['epochs', '', { value: undefined }],
  ])('takes for %s what was typed: %j', (key, text, expected) => {
    expect(parseSetting(info(key), text)).toEqual(expected);
  });
});

describe('how long it will take', () => {
  it.each([
    [2, 2, '2 seconds'],
    [120, 240, '2 to 4 minutes'],
    [40, 200, '40 seconds to 3 minutes'],
  ])('%i to %i seconds: %s', (low, high, text) => {
    expect(between(low, high)).toBe(text);
  });
});

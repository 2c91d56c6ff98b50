import { describe, expect, it } from 'vitest';
import { currentConfig, recalled, remembered } from '../../src/contract/train-history.ts';
import { trainSettingsSchema } from '../../src/contract/train-settings.ts';
import { trainOptionsSchema } from '../../src/contract/train.ts';

/** As the version before schedules recorded a run. */
const old = {
  kind: 'train',
  options: {
    photos: '/photos',
    recipe: 'auto',
    batchSize: 64,
    optimizer: 'sgd',
    hidden: [],
    flips: 'auto',
    valFraction: 0.2,
    testFraction: 0,
    seed: 0,
    device: 'auto',
    resume: false,
  },
  settings: { quality: 'balanced', optimizer: 'sgd' },
  number: 3,
};

describe('options of older versions', () => {
  it('called SGD with momentum "sgd"', () => {
    expect(currentConfig(old)).toEqual({
      ...old,
      options: { ...old.options, optimizer: 'momentum' },
      settings: { quality: 'balanced', optimizer: 'momentum' },
    });
    const { settings: _settings, ...ofCommandLine } = old;
    expect(currentConfig(ofCommandLine)).toMatchObject({ options: { optimizer: 'momentum' } });
  });

  it('are otherwise what they were, and valid today', () => {
    const adam = { ...old, options: { ...old.options, optimizer: 'adam' }, settings: {} };
    expect(currentConfig(adam)).toEqual(adam);
    expect(trainOptionsSchema.parse(old.options)).toMatchObject({ schedule: 'cosine', dropout: 0 });
  });

  it('of today stay as they are', () => {
    const today = { ...old, options: trainOptionsSchema.parse(old.options) };
    expect(currentConfig(today)).toBe(today);
  });

  it.each([null, undefined, 3, 'x', [], {}, { options: null }, { options: [] }])(
    '%j is nobody’s record and stays as it is',
    (value) => expect(currentConfig(value)).toBe(value),
  );
});

describe('settings that a project remembers', () => {
  it('from before are understood as they were meant', () => {
    expect(recalled({ optimizer: 'sgd', epochs: 3 })).toEqual({ optimizer: 'momentum', epochs: 3 });
    expect(recalled(undefined)).toBeUndefined();
  });

  it('come back as they were chosen', () => {
    for (const settings of [{}, { optimizer: 'sgd' }, { optimizer: 'adam', l1: 0.1 }] as const) {
      const saved: unknown = JSON.parse(JSON.stringify(remembered(settings)));
      expect(trainSettingsSchema.parse(recalled(saved))).toEqual(settings);
    }
  });
});

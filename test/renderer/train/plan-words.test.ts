import { describe, expect, it } from 'vitest';
import type { EpochPoint } from '../../../src/contract/runs.ts';
import { bestEpoch } from '../../../src/renderer/components/charts/best-epoch.ts';
import { timeInWords } from '../../../src/renderer/screens/train/plan-words.ts';
import { endedLast } from '../../../src/renderer/state/jobs.ts';
import type { JobSummary } from '../../../src/contract/jobs.ts';

describe('how long a training takes, in words', () => {
  const seconds = (low: number, high: number) => ({ low, high, basis: '' });
  it.each([
    [null, {}, 'Known after the first training'],
    [seconds(24, 48), { quality: 'quick' }, 'About 24 to 48 seconds'],
    [seconds(41, 1320), { quality: 'balanced' }, 'Under a minute, or up to 22 minutes if it fine-tunes'],
    [seconds(120, 1320), { quality: 'best' }, 'About 2 minutes, or up to 22 minutes if it fine-tunes'],
    // Where it surely doesn't fine-tune, or the times are near each other, that is no reason.
    [seconds(41, 1320), { recipe: 'head' }, 'About 41 seconds to 22 minutes'],
    [seconds(600, 1200), { recipe: 'auto' }, 'About 10 to 20 minutes'],
  ] as const)('%j with %j: %s', (time, settings, words) => {
    expect(timeInWords({ seconds: time, settings })).toBe(words);
  });
});

describe('the epoch whose weights are kept', () => {
  const point = (valLoss: number | null): EpochPoint => ({
    stage: 'head',
    epoch: 1,
    trainLoss: 1,
    valLoss,
    trainAccuracy: 1,
    valAccuracy: 1,
    learningRate: 0.1,
  });
  it('is the one with the lowest loss, the first of equals', () => {
    expect(bestEpoch([3, 1, 1, 2].map(point))).toBe(2);
  });
  it('is not known before there is a loss', () => {
    expect(bestEpoch([])).toBeUndefined();
    expect(bestEpoch([null, null].map(point))).toBeUndefined();
    expect(bestEpoch([null, 4].map(point))).toBe(2);
  });
});

describe('the job that ended last', () => {
  const job = (id: string, over: Partial<JobSummary>): JobSummary => ({
    id,
    kind: 'train',
    project: null,
    title: '',
    state: 'done',
    createdAt: '2025-01-01T00:00:00Z',
    startedAt: null,
    endedAt: null,
    progress: null,
    run: null,
    error: null,
    canPause: false,
    canStop: false,
    canResume: false,
    seq: 0,
    ...over,
  });
  it('is not one that was added later but cancelled while the other ran', () => {
    const done = job('done', { endedAt: '2025-01-01T00:10:00Z' });
    const cancelled = job('cancelled', {
      state: 'cancelled',
      createdAt: '2025-01-01T00:01:00Z',
      endedAt: '2025-01-01T00:02:00Z',
    });
    expect(endedLast([cancelled, done])).toBe(done);
    expect(endedLast([job('running', { state: 'running' })])).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import type { Advice } from '../../../src/contract/metrics.ts';
import { adviceLine } from '../../../src/hosts/cli/advice-line.ts';

const advice: Advice = {
  code: 'overfitting',
  severity: 'note',
  message: 'It learns by heart.',
  evidence: 'Loss 0.1, then 0.9.',
  action: 'Hold it back.',
};
const withSettings = (settings: NonNullable<Advice['fix']>['settings']): string =>
  adviceLine({ ...advice, fix: { label: 'Do it', settings } });

describe('advice on the command line', () => {
  it('says what was found, the numbers, and what to do', () =>
    expect(adviceLine(advice)).toBe('- It learns by heart. (Loss 0.1, then 0.9) Hold it back.'));

  it('names the options that do it', () => {
    expect(withSettings({ dropout: 0.3, finetuneLearningRate: 0.001 })).toMatch(
      / \[--dropout 0.3 --finetune-lr 0.001\]$/,
    );
    expect(withSettings({ learningRate: 0.01, findLearningRate: null })).toMatch(/ \[--lr 0.01\]$/);
    expect(withSettings({ learningRate: null })).toMatch(/ \[without --lr\]$/);
    expect(withSettings({ hidden: null })).toMatch(/ \[--head linear\]$/);
    expect(withSettings({ hidden: [256, 128] })).toMatch(/ \[--head mlp:256,128\]$/);
  });

  it('names none where there is only a place to go', () =>
    expect(adviceLine({ ...advice, fix: { label: 'Look', go: 'mistakes' } })).toBe(adviceLine(advice)));
});

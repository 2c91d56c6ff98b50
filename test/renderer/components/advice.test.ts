import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/contract/job-events.ts';
import { changesOf } from '../../../src/renderer/components/advice/changes-of.ts';
import { factsOf } from '../../../src/renderer/screens/train/progress-facts.ts';

const fix = (settings: NonNullable<Parameters<typeof changesOf>[0]['settings']>) =>
  changesOf({ label: 'Do it', settings });

describe('what a fix changes', () => {
  it('is what it says and nothing else', () => {
    expect(fix({ dropout: 0.3 })).toEqual({ dropout: 0.3 });
    expect(fix({ hidden: [64], epochs: 20 })).toEqual({ hidden: [64], epochs: 20 });
  });

  it('leaves to its default what is null', () => {
    const changes = fix({ learningRate: null });
    expect(changes).toEqual({ learningRate: undefined });
    expect(Object.keys(changes ?? {})).toEqual(['learningRate']);
  });

  it('is nothing where there is no setting, none that is known, or a wrong value', () => {
    expect(changesOf({ label: 'Go there', go: 'labels' })).toBeUndefined();
    expect(fix({ somethingNewer: 7 })).toBeUndefined();
    expect(fix({ dropout: 'much' })).toBeUndefined();
    expect(fix({ somethingNewer: 7, dropout: 0.3 })).toEqual({ dropout: 0.3 });
  });
});

describe('advice while training runs', () => {
  it('is what was said last', () => {
    const advice = {
      code: 'diverged',
      severity: 'warning',
      message: 'Lost.',
      evidence: 'Epoch 2.',
      action: 'Lower it.',
    } as const;
    const said = (...lists: (readonly (typeof advice)[])[]) =>
      factsOf(
        lists.map((list, at): JobEvent => ({ type: 'advice', advice: [...list], jobId: 'a', seq: at + 1 })),
      ).advice;
    expect(said()).toEqual([]);
    expect(said([advice])).toEqual([advice]);
    expect(said([advice], [])).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { JobEventBody } from '../../../src/contract/job-events.ts';
import { CurveWatch } from '../../../src/service/train/curves.ts';

const epoch = (number: number, trainLoss: number | null): JobEventBody => ({
  type: 'epoch',
  epoch: number,
  epochs: 10,
  trainLoss,
  trainAccuracy: 0.5,
  valLoss: trainLoss,
  valAccuracy: 0.5,
  learningRate: 10,
});
const head: JobEventBody = { type: 'stage', stage: 'head', message: 'Training the head' };

/** What a training tells with a watch over it. */
async function heard(watch: CurveWatch, events: readonly JobEventBody[]): Promise<JobEventBody[]> {
  async function* steps(): AsyncGenerator<JobEventBody, void> {
    yield* events;
  }
  const told: JobEventBody[] = [];
  const work = watch.over(steps());
  for (;;) {
    const step = await work.next();
    if (step.done === true) return told;
    told.push(step.value);
  }
}

describe('a watch over the curves of a training', () => {
  it('passes everything on, and says after an epoch what is wrong, once', async () => {
    const events = [head, epoch(1, 0.7), epoch(2, null), epoch(3, null)];
    const told = await heard(new CurveWatch({ learningRate: 10 }), events);
    expect(told.filter(({ type }) => type !== 'advice')).toEqual(events);
    expect(told.map(({ type }) => type)).toEqual(['stage', 'epoch', 'epoch', 'advice', 'epoch']);
    expect(told[3]).toMatchObject({
      advice: [{ code: 'diverged', fix: { settings: { learningRate: null } } }],
    });
  });

  it('takes back what is no longer so', async () => {
    // Another contender begins again at the first epoch.
    const told = await heard(new CurveWatch(), [head, epoch(1, 0.7), epoch(2, null), epoch(1, 0.6)]);
    expect(told.filter(({ type }) => type === 'advice')).toMatchObject([
      { advice: [{ code: 'diverged' }] },
      { advice: [] },
    ]);
  });

  it('knows what was told before a training went on', () => {
    const watch = new CurveWatch({}, [head, epoch(1, 0.7), epoch(2, 0.6)]);
    watch.advise(epoch(3, 0.5));
    watch.know({ classes: ['ant', 'bee'], photos: [] });
    expect(watch.input.curves?.map(({ epoch: number }) => number)).toEqual([1, 2, 3]);
    expect(watch.input).toMatchObject({ classes: 2, splitGiven: false });
  });

  it('ends the training when its consumer leaves', async () => {
    let ended = false;
    async function* steps(): AsyncGenerator<JobEventBody, void> {
      try {
        yield head;
        yield epoch(1, 1);
      } finally {
        ended = true;
      }
    }
    const work = new CurveWatch().over(steps());
    await work.next();
    await work.return(undefined);
    expect(ended).toBe(true);
  });
});

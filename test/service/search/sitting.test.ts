/** A search's trials by a clock of the test's own, on a bench that only waits. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HolotypeError } from '../../../src/contract/errors.ts';
import { searchSpaceSchema } from '../../../src/contract/search.ts';
import type { SearchTrial } from '../../../src/contract/search.ts';
import { trainOptionsSchema } from '../../../src/contract/train.ts';
import type { TrainOptions } from '../../../src/contract/train.ts';
import { bayesSearch } from '../../../src/engine/search/bayes.ts';
import { gridSearch } from '../../../src/engine/search/grid-search.ts';
import { hyperband } from '../../../src/engine/search/hyperband.ts';
import { randomSearch } from '../../../src/engine/search/random-search.ts';
import type { Sampler } from '../../../src/engine/search/sampler.ts';
import { finalistsOf, verdictOf } from '../../../src/service/search/judge-search.ts';
import type { SearchEvent } from '../../../src/service/search/search-event.ts';
import { Sitting } from '../../../src/service/search/sitting.ts';
import type { Bench, TrialTask } from '../../../src/service/search/trial-bench.ts';
import type { SearchLine } from '../../../src/store/search.ts';

/** A trial takes as many seconds as it has epochs, unless `seconds` says otherwise. */
class WaitingBench implements Bench {
  readonly scoredBy = 'validation';
  readonly counts = { train: 8, val: 2, test: 0 };
  readonly headsAtOnce: number;
  readonly seconds: (options: TrainOptions, task: TrialTask) => number;
  running = 0;
  mostRunning = 0;

  constructor(atOnce: number, seconds: WaitingBench['seconds'] = ({ epochs }) => epochs ?? 0) {
    this.headsAtOnce = atOnce;
    this.seconds = seconds;
  }

  get trialsAtOnce(): number {
    return this.headsAtOnce;
  }

  get hasRoom(): boolean {
    return this.running < this.headsAtOnce;
  }

  prepare(options: TrainOptions): ReturnType<Bench['prepare']> {
    return Promise.resolve(async (task, signal) => {
      this.running += 1;
      this.mostRunning = Math.max(this.mostRunning, this.running);
      try {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(resolve, this.seconds(options, task) * 1000);
          signal?.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(signal.reason as Error);
          });
        });
        if (options.epochs === 13) throw new HolotypeError('failed', 'Training diverged.');
        if (options.epochs === 14) throw new HolotypeError('storage', 'The drive is gone.');
        return { loss: options.learningRate ?? 1 / (options.epochs ?? 1), accuracy: null };
      } finally {
        this.running -= 1;
      }
    });
  }
}

const training = trainOptionsSchema.parse({ photos: 'photos', epochs: 2 });

/** Tries what takes so many seconds each, whatever came of the others. */
const listed = (...epochs: number[]): Sampler => ({
  next: (finished, running) => {
    const next = epochs[finished.length + running.length];
    return next === undefined ? 'done' : { point: { epochs: next }, share: 1 };
  },
});

interface Wanted {
  readonly bench: WaitingBench;
  readonly sampler: Sampler;
  readonly most?: number;
  readonly budget?: number;
  readonly before?: readonly SearchLine[];
  readonly signal?: AbortSignal;
}

/** A search, to its end by the test's clock. */
async function search({ bench, sampler, most = Infinity, budget, before = [], signal }: Wanted) {
  const lines: SearchLine[] = [...before];
  const events: SearchEvent[] = [];
  const sitting = new Sitting({
    folder: {
      lines: before,
      append: (line) => {
        lines.push(line);
        return Promise.resolve();
      },
    },
    bench,
    training,
    budget,
    report: (event) => events.push(event),
    signal: signal ?? new AbortController().signal,
  });
  const work = (async () => {
    await sitting.usual();
    await sitting.tryAll(sampler, most);
    await sitting.finals();
    return sitting.elapsed;
  })();
  let failure: unknown;
  const ended = work.catch((error: unknown) => {
    failure = error;
    return Number.NaN;
  });
  await vi.advanceTimersByTimeAsync(10_000_000);
  const elapsed = await ended;
  return { sitting, lines, events, elapsed, failure, numbers: lines.map(({ number }) => number) };
}

const cutIn = (events: readonly SearchEvent[]) =>
  events.flatMap((event) => (event.type === 'cut' ? [event.cut] : []));

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => vi.useRealTimers());

describe('side by side', () => {
  it('as many run as there is room for; each is kept as soon as it is done', async () => {
    const bench = new WaitingBench(2);
    const { sitting, numbers, events, elapsed } = await search({ bench, sampler: listed(5, 1, 1, 3) });
    expect(bench.mostRunning).toBe(2);
    // Trials 2 and 3 were done beside number 1, and 4 ended last.
    expect(numbers.slice(0, 5)).toEqual([0, 2, 3, 1, 4]);
    expect(sitting.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
    expect(events.flatMap((event) => (event.type === 'trial' ? [event.tried] : []))).toEqual([1, 2, 3, 4, 5]);
    const underWay = events.flatMap((event) =>
      event.type === 'under-way' ? [event.underWay.map(({ number }) => number)] : [],
    );
    expect(underWay).toContainEqual([1, 2]);
    expect(underWay).toContainEqual([1, 3]);
    expect(underWay.at(-1)).toEqual([]);
    const messages = events.flatMap((event) => (event.type === 'progress' ? [event.progress.message] : []));
    expect(messages).toContain('Trial 1 and trial 2');
    // 2 s alone, 5 beside 1 + 1 + 3, and three times 5 beside 3 + 1 + 2: instead of 45 s one after the other.
    expect(elapsed).toBeCloseTo(2 + 5 + 3 * 6);
  });

  it('one that fails leaves the others alone', async () => {
    const { sitting } = await search({ bench: new WaitingBench(2), sampler: listed(20, 13, 1) });
    expect(sitting.trials.map(({ score, error }) => score?.loss ?? error)).toEqual([
      0.5,
      0.05,
      'Training diverged.',
      1,
    ]);
  });

  it('a drive that fails ends all of them at once', async () => {
    const bench = new WaitingBench(3);
    const { failure, numbers, events } = await search({ bench, sampler: listed(1, 14, 900, 900) });
    expect(failure).toMatchObject({ code: 'storage' });
    expect(numbers).toEqual([0, 1]);
    expect(bench.running).toBe(0);
    expect(cutIn(events)).toEqual([]);
  });

  it('a cancelled search ends at once with its reason', async () => {
    const control = new AbortController();
    setTimeout(() => control.abort(new Error('enough')), 4000);
    const bench = new WaitingBench(2);
    const found = await search({ bench, sampler: listed(900, 900), signal: control.signal });
    expect(found.failure).toMatchObject({ message: 'enough' });
    expect(found.numbers).toEqual([0]);
    expect(bench.running).toBe(0);
    expect(found.sitting.elapsed).toBeGreaterThan(4);
  });

  it('goes on from what is there, in whatever order it was written, and does what is missing', async () => {
    const whole = await search({ bench: new WaitingBench(1), sampler: listed(3, 4, 5, 6) });
    const before = whole.lines.filter(({ type, number }) => type === 'trial' && number !== 2);
    const { sitting, lines } = await search({
      bench: new WaitingBench(2),
      sampler: listed(3, 4, 5, 6),
      before: [...before.slice(0, 2), ...before.slice(2).toReversed()],
    });
    const plain = ({ number, point, score }: SearchTrial) => ({ number, point, score });
    expect(sitting.trials.map(plain)).toEqual(whole.sitting.trials.map(plain));
    expect(lines.filter(({ type }) => type === 'trial')).toHaveLength(5);
  });

  const space = searchSpaceSchema.parse({
    parameters: [{ type: 'float', name: 'learningRate', low: 0.001, high: 1 }],
  });
  it.each([
    ['Bayesian', () => bayesSearch(space, 3), 16],
    ['random', () => randomSearch(space, 3), 16],
    ['grid', () => gridSearch(space, 3, 16), 16],
    ['Hyperband', () => hyperband(space, 3, 9, 3), 30],
  ])('a %s search finds the same however many run at once', async (_name, sampler, most) => {
    // How long one takes has nothing to do with how good it is.
    const seconds = ({ learningRate = 0 }: TrainOptions): number => 1 + ((learningRate * 1e6) % 7);
    const [one, three] = [new WaitingBench(1, seconds), new WaitingBench(3, seconds)];
    const slow = await search({ bench: one, sampler: sampler(), most });
    const quick = await search({ bench: three, sampler: sampler(), most });
    const plain = ({ number, point, share, slot, score }: SearchTrial) => ({
      number,
      point,
      share,
      slot,
      score,
    });
    expect(slow.sitting.trials).toHaveLength(most + 1);
    expect(quick.sitting.trials.map(plain)).toEqual(slow.sitting.trials.map(plain));
    expect([one.mostRunning, three.mostRunning]).toEqual([1, 3]);
    expect(quick.elapsed).toBeLessThan(slow.elapsed);
  });
});

describe('a budget', () => {
  it('cuts short a trial that would take the time of the best ones', async () => {
    const { elapsed, events, numbers, sitting } = await search({
      bench: new WaitingBench(1),
      sampler: listed(2, 2, 100, 2),
      budget: 30,
    });
    expect(cutIn(events)).toMatchObject([{ number: 3, point: { epochs: 100 }, seed: null }]);
    // It is kept nowhere: with more time it is tried anew.
    expect(sitting.trials.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(numbers).toEqual([0, 1, 2, 1, 2, 0]);
    expect(sitting.finalsDone.map(({ seed }) => seed)).toEqual([1, 1, 1]);
    expect(elapsed).toBeLessThanOrEqual(30);
    expect(elapsed).toBeGreaterThan(20);
  });

  it('cuts short all that run side by side', async () => {
    const { events, elapsed, sitting } = await search({
      bench: new WaitingBench(2),
      sampler: listed(2, 100, 200),
      budget: 40,
    });
    expect(cutIn(events).map(({ number }) => number)).toEqual([2, 3]);
    expect(sitting.trials.map(({ number }) => number)).toEqual([0, 1]);
    expect(elapsed).toBeLessThanOrEqual(40);
  });

  it('that is too small is overrun by the usual settings and the first round of the best, and no more', async () => {
    const { elapsed, events, sitting } = await search({
      bench: new WaitingBench(1),
      sampler: listed(2, 2, 2),
      budget: 1,
    });
    expect(sitting.trials.map(({ number }) => number)).toEqual([0]);
    expect(sitting.finalsDone.map(({ number, seed }) => [number, seed])).toEqual([[0, 1]]);
    expect(cutIn(events)).toEqual([]);
    expect(elapsed).toBeCloseTo(4);
  });

  it('cuts short a later round, and then all are compared by the rounds before', async () => {
    const seconds = ({ epochs }: TrainOptions, { seed }: TrialTask): number =>
      seed === 2 && epochs === 3 ? 500 : (epochs ?? 0);
    const { elapsed, events, sitting } = await search({
      bench: new WaitingBench(1, seconds),
      sampler: listed(3, 3, 3),
      most: 2,
      budget: 60,
    });
    expect(cutIn(events)).toMatchObject([{ number: 1, seed: 2 }]);
    expect(sitting.finalsDone.map(({ seed }) => seed)).toEqual([1, 1, 1]);
    expect(elapsed).toBeLessThanOrEqual(60.1);
    const ranked = finalistsOf(sitting.trials, sitting.finalsDone);
    expect(ranked.map(({ seeds }) => seeds)).toEqual([[1], [1], [1]]);
    // One start each says little.
    expect(verdictOf(ranked, 2)).toMatch(/may be luck: each was tried again only once\.$/);
  });

  it('begins no trial that there is no time for', async () => {
    const { elapsed, events } = await search({
      bench: new WaitingBench(1),
      sampler: randomSearch(
        searchSpaceSchema.parse({ parameters: [{ type: 'float', name: 'dropout', low: 0, high: 0.5 }] }),
        1,
      ),
      budget: 100,
    });
    expect(cutIn(events)).toEqual([]);
    expect(elapsed).toBeLessThanOrEqual(100);
    expect(elapsed).toBeGreaterThan(90);
  });
});

import { HolotypeError } from '../../contract/errors.ts';
import type { SearchFinal, SearchTrial, SearchUnderWay } from '../../contract/search.ts';
import type { TrainOptions } from '../../contract/train.ts';
import type { Next, Proposal, Sampled, Sampler } from '../../engine/search/sampler.ts';
import type { SearchFolder } from '../../store/search.ts';
import { best } from './judge-search.ts';
import { withPoint } from './point-settings.ts';
import { underWayText } from './search-event.ts';
import type { SearchEvent } from './search-event.ts';
import { Together } from './together.ts';
import type { Bench } from './trial-bench.ts';

/** The best settings that are tried again, with these seeds: one lucky seed is no result. */
const finalists = 3;
const finalSeeds = [1, 2, 3] as const;
/** No more of the budget than this is kept for them. */
const mostForTheEnd = 0.4;
/** Trainings take longer now and then: so much more is reckoned with. */
const slack = 1.15;
/** The longest time that a timer takes (ms). */
const longestTimer = 2 ** 31 - 1;

export interface SittingOptions {
  readonly folder: Pick<SearchFolder, 'lines' | 'append'>;
  readonly bench: Bench;
  readonly training: TrainOptions;
  /** Seconds, all sittings together. */
  readonly budget: number | undefined;
  readonly report: (event: SearchEvent) => void;
  readonly signal: AbortSignal;
}

/** What is wanted of the bench. */
interface Wish extends SearchUnderWay {
  /** Seconds of the search when it is cut short; Infinity: never. */
  readonly until: number;
}

type Measured = Pick<SearchTrial, 'score' | 'error' | 'seconds' | 'elapsed'>;

/**
 * Trials as they are done and kept, from where an earlier sitting ended; as many side by side as the bench has room
 * for. Each is on the disk as soon as it is done, before anything is made of it.
 *
 * The budget: a trial is begun while there is time for it and for the best ones once more (no more than 40% of the
 * budget is kept for those). What is under way when the time is up is cut short and does not count, nor is it kept:
 * trials when only the time for the first round of the best ones is left, the later rounds at the end. The settings as
 * they are (number 0) and the first round are never cut short, for without them there is nothing to say. So a search
 * takes longer than its budget only by as much as these two do, where the budget is too small for them.
 */
export class Sitting {
  /** By their numbers. */
  readonly trials: SearchTrial[] = [];
  readonly finalsDone: SearchFinal[] = [];
  /** What was cut short. */
  readonly cut: SearchUnderWay[] = [];
  /** Of earlier sittings, by their numbers. */
  readonly #known: ReadonlyMap<number, SearchTrial>;
  readonly #before: number;
  readonly #started = performance.now();
  readonly #underWay = new Set<SearchUnderWay>();
  readonly #options: SittingOptions;

  constructor(options: SittingOptions) {
    this.#options = options;
    const { lines } = options.folder;
    this.#known = new Map(
      lines.flatMap((line) => (line.type === 'trial' ? [[line.number, line] as const] : [])),
    );
    this.finalsDone.push(...lines.filter((line) => line.type === 'final'));
    this.#before = Math.max(0, ...lines.map(({ elapsed }) => elapsed));
  }

  /** Seconds that the search has taken, all sittings together. */
  get elapsed(): number {
    return this.#before + (performance.now() - this.#started) / 1000;
  }

  /** What the sampler learns from: all but number 0, which need not be in the space. */
  sampled(): Sampled[] {
    return this.trials
      .filter(({ number }) => number > 0)
      .map(({ point, share, slot, score }) => ({ point, share, slot, loss: score?.loss ?? null }));
  }

  /** Whole trainings that the budget allows beside those at the end; undefined without a budget. */
  affordable(): number | undefined {
    const { budget, bench } = this.#options;
    if (budget === undefined) return undefined;
    const [first] = this.trials;
    const each = Math.max(0.01, first?.seconds ?? 1) / bench.trialsAtOnce;
    return Math.max(1, Math.floor((budget - (first?.elapsed ?? 0)) / each) - finalists * finalSeeds.length);
  }

  /** The settings as they are: what there is without a search. */
  async usual(): Promise<void> {
    if (this.#take(0)) return;
    await this.#together((together) =>
      this.#trial(together, 0, { point: {}, share: 1 }, Number.POSITIVE_INFINITY),
    );
  }

  /** Does what a sampler says, until it is done, there were so many, or the time is up. @param most numbered from 1 */
  async tryAll(sampler: Sampler, most: number): Promise<void> {
    const running = new Map<number, Proposal>();
    await this.#together(async (together) => {
      for (let number = 1; number <= most; number += 1) {
        if (this.#take(number)) continue;
        await this.#room(together);
        let next: Next = 'wait';
        while (!this.#isOver()) {
          next = sampler.next(this.sampled(), [...running.values()]);
          if (next !== 'wait' || together.size === 0) break;
          await together.one();
        }
        if (next === 'done' || next === 'wait') break;
        running.set(number, next);
        const until = (this.#options.budget ?? Infinity) - this.#roundTime();
        await this.#trial(together, number, next, until, () => running.delete(number));
      }
    });
  }

  /** Tries the best settings again, and those without a search. */
  async finals(): Promise<void> {
    const { budget = Number.POSITIVE_INFINITY } = this.#options;
    const ranked = this.trials
      .filter(({ number, share, score }) => number > 0 && share === 1 && score !== null)
      .sort((a, b) => (a.score?.loss ?? 0) - (b.score?.loss ?? 0));
    const usual = this.trials.filter(({ number, score }) => number === 0 && score !== null);
    const chosen = [...ranked.slice(0, finalists), ...usual];
    let last = 0;
    for (const [round, seed] of finalSeeds.entries()) {
      // All of them have the same seeds: a round that can't be ended is of no use.
      if (round > 0 && this.elapsed + slack * last > budget) break;
      const began = this.elapsed;
      await this.#together(async (together) => {
        for (const { number, point } of chosen) {
          if (this.finalsDone.some((done) => done.number === number && done.seed === seed)) continue;
          await this.#room(together);
          if (this.cut.some((one) => one.seed === seed)) break;
          const until = round === 0 ? Number.POSITIVE_INFINITY : budget;
          await this.#measure(together, { number, point, share: 1, seed, until }, async (measured) => {
            const final: SearchFinal = { type: 'final', number, seed, ...measured };
            await this.#options.folder.append(final);
            this.finalsDone.push(final);
            this.#options.report({ type: 'final', final });
          });
        }
      });
      last = Math.max(last, this.elapsed - began);
    }
  }

  /** Whether the time is up but for what comes at the end. */
  #isOver(): boolean {
    const { budget } = this.#options;
    if (budget === undefined) return false;
    const atTheEnd = Math.min(this.#roundTime() * finalSeeds.length, budget * mostForTheEnd);
    return this.cut.length > 0 || this.elapsed + this.#each() + atTheEnd > budget;
  }

  /** Seconds of a whole training, by those that were done. */
  #each(): number {
    const whole = this.trials.filter(({ share, score }) => share === 1 && score !== null);
    return whole.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, whole.length);
  }

  /** Seconds that a round of the best ones takes, about. */
  #roundTime(): number {
    const { budget = Number.POSITIVE_INFINITY, bench } = this.#options;
    const turns = Math.ceil((1 + finalists) / bench.trialsAtOnce);
    return Math.min(slack * this.#each() * turns, budget * mostForTheEnd);
  }

  async #together(work: (together: Together) => Promise<void>): Promise<void> {
    const together = new Together(this.#options.signal);
    try {
      await work(together);
      await together.all();
    } finally {
      await together.end();
    }
  }

  async #room(together: Together): Promise<void> {
    while (together.size > 0 && !this.#options.bench.hasRoom) await together.one();
  }

  /** Takes a trial from an earlier sitting, if it was done there. */
  #take(number: number): boolean {
    const known = this.#known.get(number);
    if (known !== undefined) this.#keep(known);
    return known !== undefined;
  }

  #keep(trial: SearchTrial): void {
    this.trials.push(trial);
    this.trials.sort((a, b) => a.number - b.number);
  }

  async #trial(
    together: Together,
    number: number,
    { point, share, slot }: Proposal,
    until: number,
    over: () => void = () => undefined,
  ): Promise<void> {
    const { folder, report } = this.#options;
    const wish = { number, point, share, seed: null, until };
    await this.#measure(together, wish, async (measured) => {
      const trial: SearchTrial = {
        type: 'trial',
        number,
        point,
        share,
        ...(slot === undefined ? {} : { slot }),
        ...measured,
      };
      await folder.append(trial);
      this.#keep(trial);
      over();
      report({ type: 'trial', trial, best: best(this.trials), tried: this.trials.length });
    });
  }

  /**
   * Begins a piece of work beside those that run. Features are computed for one after the other, for that takes all
   * cores: it resolves when they are there.
   *
   * @param done hears how it went, unless it was cut short
   */
  async #measure(
    together: Together,
    { until, ...wish }: Wish,
    done: (measured: Measured) => Promise<void>,
  ): Promise<void> {
    const { bench, training, report } = this.#options;
    const { point, share, seed } = wish;
    const limit = new AbortController();
    const left = (until - this.elapsed) * 1000;
    const timer = Number.isFinite(left)
      ? setTimeout(() => limit.abort(), Math.min(longestTimer, Math.max(0, left)))
      : undefined;
    const stop = AbortSignal.any([together.signal, limit.signal]);
    this.#underWay.add(wish);
    this.#tell();
    const options = withPoint(training, point);
    const prepared = bench.prepare(options, (progress) => report({ type: 'progress', progress }), stop);
    together.start(async () => {
      let started = performance.now();
      const measured = (score: SearchTrial['score']): Measured => ({
        score,
        seconds: (performance.now() - started) / 1000,
        elapsed: this.elapsed,
      });
      let outcome: Measured;
      try {
        const score = await prepared;
        // What was computed for all trials is none of this one's time.
        started = performance.now();
        outcome = measured(await score({ share, seed: seed ?? training.seed }, stop));
      } catch (error) {
        together.signal.throwIfAborted();
        if (limit.signal.aborted) {
          this.cut.push(wish);
          this.#underWay.delete(wish);
          report({ type: 'cut', cut: wish });
          return;
        }
        // Settings that can't be trained with are a result, too; a disk or a drive that fails is none.
        if (!(error instanceof HolotypeError) || error.code !== 'failed') throw error;
        outcome = { ...measured(null), error: error.message };
      } finally {
        clearTimeout(timer);
      }
      this.#underWay.delete(wish);
      await done(outcome);
      this.#tell();
    });
    await prepared.catch(() => undefined); // heard of above
    this.#tell();
  }

  /** Says what is under way. */
  #tell(): void {
    const { bench, report } = this.#options;
    const underWay = [...this.#underWay];
    report({ type: 'under-way', underWay, atOnce: bench.headsAtOnce });
    if (underWay.length === 0) return;
    report({
      type: 'progress',
      progress: { message: underWayText(underWay), done: 0, unit: 'trials' },
    });
  }
}

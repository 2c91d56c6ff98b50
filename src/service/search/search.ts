import { join, resolve } from 'node:path';
import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import { byScore, searchResultSchema } from '../../contract/search.ts';
import type {
  SearchFinal,
  SearchMethod,
  SearchPoint,
  SearchResult,
  SearchSpace,
  SearchTrial,
} from '../../contract/search.ts';
import { trainSettingsSchema, type TrainSettings } from '../../contract/train-settings.ts';
import { trainOptionsSchema, type TrainOptions } from '../../contract/train.ts';
import { chooseMethod, samplerOf } from '../../engine/search/choose-method.ts';
import { importanceOf } from '../../engine/search/importance.ts';
import type { Sampled } from '../../engine/search/sampler.ts';
import { openSearch } from '../../store/search.ts';
import type { SearchFolder } from '../../store/search.ts';
import { openDataset } from '../dataset.ts';
import { chooseDevice } from '../devices.ts';
import type { ToldProgress } from '../jobs/jobs.ts';
import { listModels } from '../models.ts';
import { bridge } from '../train/bridge.ts';
import { checkSpace, defaultSpace } from './default-space.ts';
import { best, finalistsOf, verdictOf } from './judge-search.ts';
import { writeRecipe } from './recipe-file.ts';
import { TrialBench } from './trial-bench.ts';

export interface SearchOptions {
  /** Where photos are, how they are divided, and all settings that are not searched. */
  readonly training: TrainOptions;
  /** Folder of the search. */
  readonly out: string;
  readonly method: SearchMethod;
  /** Absent: {@link defaultSpace} with the installed backbones, or the one that was named. */
  readonly space?: SearchSpace | undefined;
  /** Trials at most; absent: as many as the budget allows, or 30. */
  readonly trials?: number | undefined;
  /** Seconds, all sittings together. */
  readonly budget?: number | undefined;
  readonly resume: boolean;
  /** Only the photos that the labels file lists. */
  readonly onlyListed?: boolean;
}

export type SearchEvent =
  | { readonly type: 'progress'; readonly progress: ToldProgress }
  | { readonly type: 'method'; readonly method: SearchResult['method']; readonly why: string }
  | { readonly type: 'trial'; readonly trial: SearchTrial; readonly best: SearchTrial | undefined }
  | { readonly type: 'final'; readonly final: SearchFinal };

const usualTrials = 30;
/** The best settings that are tried again, with these seeds: one lucky seed is no result. */
const finalists = 3;
const finalSeeds = [1, 2, 3] as const;
/** No more of the budget than this is kept for them. */
const mostForTheEnd = 0.4;

/**
 * Looks for better settings of a head's training. Every trial is on the disk before the next one begins: a search that
 * was killed goes on where it was.
 *
 * @yields progress, each trial, each repetition of the best
 * @throws HolotypeError; the signal's reason
 */
export async function* search(
  options: SearchOptions,
  signal?: AbortSignal,
): AsyncGenerator<SearchEvent, SearchResult> {
  const training = { ...options.training, recipe: 'head' as const, resume: false };
  const space = options.space ?? (await usualSpace(training));
  checkSpace(space);
  const device = await chooseDevice(training.device, signal === undefined ? {} : { signal });
  const { trials, budget } = options;
  const about = { ...training, photos: resolve(training.photos), out: undefined, device: undefined };
  const folder = await openSearch(
    options.out,
    // As JSON has it: what is undefined is not there.
    JSON.parse(JSON.stringify({ training: about, space, method: options.method })),
    options.resume,
  );
  try {
    const dataset = yield* bridge<SearchEvent, Awaited<ReturnType<typeof openDataset>>>(
      (report, stop) =>
        openDataset(training.photos, {
          ...(training.labels === undefined ? {} : { labelsCsv: training.labels }),
          ...(training.val === undefined ? {} : { valFolder: training.val }),
          ...(training.groupBy === undefined ? {} : { groupBy: training.groupBy }),
          onlyListed: options.onlyListed ?? false,
          task: training.task,
          signal: stop,
          onProgress: ({ done, total }) =>
            report(progressed(`Looking at the photos in ${training.photos}`, done, total, 'photos')),
        }),
      signal,
    );
    const bench = new TrialBench(dataset, training, device);
    const sitting = new Sitting(folder, bench, training, budget, signal);
    // Number 0: what there is without a search.
    yield* sitting.trial({ point: {}, share: 1 });
    const affordable = trials ?? sitting.affordable() ?? usualTrials;
    const { method, why } =
      options.method === 'auto'
        ? chooseMethod(space, affordable)
        : { method: options.method, why: 'As it was asked for.' };
    yield { type: 'method', method, why };
    const sampler = samplerOf(method, space, training.seed, affordable);
    const most = trials ?? (budget === undefined ? usualTrials : Infinity);
    for (let number = 1; number <= most; number += 1) {
      if (sitting.isOver(number)) break;
      const next = sampler.next(sitting.sampled(), []);
      if (next === 'done' || next === 'wait') break;
      yield* sitting.trial(next);
    }
    yield* sitting.finals();
    return await conclude({ options, space, method, why, bench, sitting });
  } finally {
    await folder.close();
  }
}

async function usualSpace(training: TrainOptions): Promise<SearchSpace> {
  const installed = (await listModels()).filter((model) => model.installed).map(({ id }) => id);
  return defaultSpace(training.task, training.backbone === undefined ? installed : []);
}

const progressed = (message: string, done: number, total: number | undefined, unit: string): SearchEvent => ({
  type: 'progress',
  progress: { message, done, unit, ...(total === undefined ? {} : { total }) },
});

/** The settings of a trial: what is searched over what is not; null leaves one to its default. */
export function withPoint(training: TrainOptions, point: SearchPoint): TrainOptions {
  const chosen = Object.entries(point).filter(([, value]) => value !== null);
  return trainOptionsSchema.parse({ ...training, ...Object.fromEntries(chosen) });
}

/** Trials as they are done and kept, from where an earlier sitting ended. */
class Sitting {
  readonly trials: SearchTrial[] = [];
  readonly finalsDone: SearchFinal[] = [];
  /** Of earlier sittings, in their order. */
  readonly #known: SearchTrial[];
  readonly #before: number;
  readonly #started = performance.now();
  readonly #folder: SearchFolder;
  readonly #bench: TrialBench;
  readonly #training: TrainOptions;
  readonly #budget: number | undefined;
  readonly #signal: AbortSignal | undefined;

  constructor(
    folder: SearchFolder,
    bench: TrialBench,
    training: TrainOptions,
    budget: number | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.#folder = folder;
    this.#bench = bench;
    this.#training = training;
    this.#budget = budget;
    this.#signal = signal;
    this.#known = folder.lines.filter((line) => line.type === 'trial');
    this.finalsDone.push(...folder.lines.filter((line) => line.type === 'final'));
    this.#before = folder.lines.at(-1)?.elapsed ?? 0;
  }

  get elapsed(): number {
    return this.#before + (performance.now() - this.#started) / 1000;
  }

  /** What the sampler learns from: all but number 0, which need not be in the space. */
  sampled(): Sampled[] {
    return this.trials
      .slice(1)
      .map(({ point, share, slot, score }) => ({ point, share, slot, loss: score?.loss ?? null }));
  }

  /** Whole trainings that the budget allows beside those at the end; undefined without a budget. */
  affordable(): number | undefined {
    if (this.#budget === undefined) return undefined;
    const [first] = this.trials;
    const each = Math.max(0.01, first?.seconds ?? 1);
    return Math.max(
      1,
      Math.floor((this.#budget - (first?.elapsed ?? 0)) / each) - finalists * finalSeeds.length,
    );
  }

  /** Whether the budget is used up but for what comes at the end. @param number of the next trial */
  isOver(number: number): boolean {
    if (this.#budget === undefined || number < this.#known.length) return false;
    const whole = this.trials.filter(({ share, score }) => share === 1 && score !== null);
    const each = whole.reduce((sum, { seconds }) => sum + seconds, 0) / Math.max(1, whole.length);
    const atTheEnd = Math.min(each * (1 + finalists) * finalSeeds.length, this.#budget * mostForTheEnd);
    return this.elapsed + each + atTheEnd > this.#budget;
  }

  /** Does a trial, or takes it from an earlier sitting. */
  async *trial(
    wanted: Pick<SearchTrial, 'point' | 'share'> & { slot?: string },
  ): AsyncGenerator<SearchEvent, void> {
    const number = this.trials.length;
    const known = this.#known[number];
    if (known !== undefined) {
      this.trials.push(known);
      return;
    }
    const { point, share, slot } = wanted;
    const measured = yield* this.#measure(point, share, this.#training.seed, `Trial ${number}`);
    const trial: SearchTrial = {
      type: 'trial',
      number,
      point,
      share,
      ...(slot === undefined ? {} : { slot }),
      ...measured,
    };
    await this.#folder.append(trial);
    this.trials.push(trial);
    yield { type: 'trial', trial, best: best(this.trials) };
  }

  /** Tries the best settings again, and those without a search. */
  async *finals(): AsyncGenerator<SearchEvent, void> {
    const ranked = this.trials
      .filter(({ number, share, score }) => number > 0 && share === 1 && score !== null)
      .sort((a, b) => (a.score?.loss ?? 0) - (b.score?.loss ?? 0));
    const first = this.trials[0];
    const chosen = [
      ...ranked.slice(0, finalists),
      ...(first === undefined || first.score === null ? [] : [first]),
    ];
    for (const [round, seed] of finalSeeds.entries()) {
      // All of them have the same seeds: a round is begun while there is time, the first in any case.
      if (round > 0 && this.#budget !== undefined && this.elapsed > this.#budget) break;
      for (const { number, point } of chosen) {
        if (this.finalsDone.some((done) => done.number === number && done.seed === seed)) continue;
        const name = number === 0 ? 'The usual settings' : `Trial ${number}`;
        const measured = yield* this.#measure(point, 1, seed, `${name} once more, seed ${seed}`);
        const final: SearchFinal = { type: 'final', number, seed, ...measured };
        await this.#folder.append(final);
        this.finalsDone.push(final);
        yield { type: 'final', final };
      }
    }
  }

  async *#measure(
    point: SearchPoint,
    share: number,
    seed: number,
    what: string,
  ): AsyncGenerator<SearchEvent, Pick<SearchTrial, 'score' | 'error' | 'seconds' | 'elapsed'>> {
    let started = performance.now();
    yield progressed(what, 0, undefined, 'trials');
    const measured = (score: SearchTrial['score']) => ({
      score,
      seconds: (performance.now() - started) / 1000,
      elapsed: this.elapsed,
    });
    try {
      const options = withPoint(this.#training, point);
      const score = yield* bridge<SearchEvent, NonNullable<SearchTrial['score']>>(async (report, stop) => {
        const tell = (progress: ToldProgress): void => report({ type: 'progress', progress });
        await this.#bench.prepare(options, tell, stop);
        // What was computed for all trials is none of this one's time.
        started = performance.now();
        return this.#bench.score({ options, share, seed }, tell, stop);
      }, this.#signal);
      return measured(score);
    } catch (error) {
      this.#signal?.throwIfAborted();
      // Settings that can't be trained with are a result, too; a disk or a drive that fails is none.
      if (!(error instanceof HolotypeError) || error.code !== 'failed') throw error;
      return { ...measured(null), error: toErrorShape(error).message };
    }
  }
}

interface Ended {
  readonly options: SearchOptions;
  readonly space: SearchSpace;
  readonly method: SearchResult['method'];
  readonly why: string;
  readonly bench: TrialBench;
  readonly sitting: Sitting;
}

async function conclude({ options, space, method, why, bench, sitting }: Ended): Promise<SearchResult> {
  const { trials, finalsDone } = sitting;
  const ranked = finalistsOf(trials, finalsDone);
  const [winner] = ranked;
  if (winner === undefined)
    throw new HolotypeError('failed', 'None of the trials could be trained.', {
      remedy: trials.find(({ error }) => error !== undefined)?.error ?? 'Search a space of other settings.',
    });
  const settings = settingsOf(options.training, winner.point);
  const verdict = verdictOf(ranked, trials.length - 1);
  const recipe = join(options.out, 'recipe.json');
  await writeRecipe(recipe, settings, verdict);
  const byValidation = bench.scoredBy === 'validation';
  return searchResultSchema.parse({
    folder: resolve(options.out),
    recipe: resolve(recipe),
    method,
    why,
    space,
    settings,
    verdict,
    scoredBy: bench.scoredBy,
    looks: { validation: byValidation ? trials.length + finalsDone.length : 0, test: 0 },
    counts: bench.counts,
    trials: byScore(trials),
    finalists: ranked,
    importance: importanceOf(space, sitting.sampled()).sort((a, b) => b.share - a.share),
    seconds: sitting.elapsed,
  } satisfies SearchResult);
}

/** What a recipe says: what was searched, and what was said about settings besides. */
function settingsOf(training: TrainOptions, point: SearchPoint): TrainSettings {
  const usual = trainOptionsSchema.parse({ photos: training.photos });
  const own = Object.fromEntries(
    Object.entries(withPoint(training, point)).filter(
      ([key, value]) =>
        Object.hasOwn(trainSettingsSchema.shape, key) &&
        JSON.stringify(value) !== JSON.stringify(usual[key as keyof TrainOptions]),
    ),
  );
  // How photos are divided and where it is computed is no part of a recipe.
  const {
    valFraction: _val,
    testFraction: _test,
    groupBy: _by,
    seed: _seed,
    device: _device,
    ...rest
  } = trainSettingsSchema.parse(own);
  const given = Object.fromEntries(Object.entries(point).filter(([, value]) => value !== null));
  return trainSettingsSchema.parse({ ...rest, ...given, recipe: 'head' });
}

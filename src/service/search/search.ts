import { join, resolve } from 'node:path';
import { HolotypeError } from '../../contract/errors.ts';
import { byScore, searchResultSchema } from '../../contract/search.ts';
import type { SearchMethod, SearchResult, SearchSpace } from '../../contract/search.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { chooseMethod, samplerOf } from '../../engine/search/choose-method.ts';
import { importanceOf } from '../../engine/search/importance.ts';
import { openSearch } from '../../store/search.ts';
import { openDataset } from '../dataset.ts';
import { chooseDevice } from '../devices.ts';
import { listModels } from '../models.ts';
import { bridge } from '../train/bridge.ts';
import { checkSpace, defaultSpace } from './default-space.ts';
import { finalistsOf, verdictOf } from './judge-search.ts';
import { settingsOf } from './point-settings.ts';
import { writeRecipe } from './recipe-file.ts';
import { progressed } from './search-event.ts';
import type { SearchEvent } from './search-event.ts';
import { Sitting } from './sitting.ts';
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
  /** Heads that are trained at once, at most; absent: as many as cores and memory allow. */
  readonly atOnce?: number | undefined;
  /** Only the photos that the labels file lists. */
  readonly onlyListed?: boolean;
}

const usualTrials = 30;
/**
 * Looks for better settings of a head's training. Every trial is on the disk as soon as it is done: a search that was
 * killed goes on where it was. The same seed finds the same, however many trials run at once. See Sitting for what a
 * budget means.
 *
 * @yields progress, what is under way, each trial, each repetition of the best
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
  const about = { ...training, photos: resolve(training.photos), out: undefined, device: undefined };
  const folder = await openSearch(
    options.out,
    // As JSON has it: what is undefined is not there.
    JSON.parse(JSON.stringify({ training: about, space, method: options.method })),
    options.resume,
  );
  try {
    return yield* bridge<SearchEvent, SearchResult>(async (report, stop) => {
      const dataset = await openDataset(training.photos, {
        ...(training.labels === undefined ? {} : { labelsCsv: training.labels }),
        ...(training.val === undefined ? {} : { valFolder: training.val }),
        ...(training.groupBy === undefined ? {} : { groupBy: training.groupBy }),
        onlyListed: options.onlyListed ?? false,
        task: training.task,
        signal: stop,
        onProgress: ({ done, total }) =>
          report(progressed(`Looking at the photos in ${training.photos}`, done, total, 'photos')),
      });
      const bench = new TrialBench(dataset, training, device, { atOnce: options.atOnce });
      try {
        const { budget } = options;
        const sitting = new Sitting({ folder, bench, training, budget, report, signal: stop });
        const chosen = await searched({ options, space, training, sitting, report });
        return await conclude({ options, space, ...chosen, bench, sitting });
      } finally {
        await bench.close();
      }
    }, signal);
  } finally {
    await folder.close();
  }
}

interface Searching {
  readonly options: SearchOptions;
  readonly space: SearchSpace;
  readonly training: TrainOptions;
  readonly sitting: Sitting;
  readonly report: (event: SearchEvent) => void;
}

/** Does all trials. @returns how settings were chosen */
async function searched({
  options,
  space,
  training,
  sitting,
  report,
}: Searching): Promise<Pick<SearchResult, 'method' | 'why'>> {
  const { trials, budget } = options;
  await sitting.usual();
  const affordable = trials ?? sitting.affordable() ?? usualTrials;
  const chosen =
    options.method === 'auto'
      ? chooseMethod(space, affordable)
      : { method: options.method, why: 'As it was asked for.' };
  report({ type: 'method', ...chosen });
  const sampler = samplerOf(chosen.method, space, training.seed, affordable);
  await sitting.tryAll(sampler, trials ?? (budget === undefined ? usualTrials : Infinity));
  await sitting.finals();
  return chosen;
}

async function usualSpace(training: TrainOptions): Promise<SearchSpace> {
  const installed = (await listModels()).filter((model) => model.installed).map(({ id }) => id);
  return defaultSpace(training.task, training.backbone === undefined ? installed : []);
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
    atOnce: bench.headsAtOnce,
    cut: sitting.cut.length,
    seconds: sitting.elapsed,
  } satisfies SearchResult);
}

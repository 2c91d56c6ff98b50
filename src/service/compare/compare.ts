import { comparisonSchema, type ComparedBackbone, type Comparison } from '../../contract/compare.ts';
import { classesOf, type Dataset, type Photo } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import type { ModelInfo } from '../../contract/models.ts';
import type { Task } from '../../contract/project.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { stratifiedGroupFolds } from '../../engine/data/folds.ts';
import { groupPhotos, parseGroupBy } from '../../engine/data/groups.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import type { ToldProgress } from '../jobs/jobs.ts';
import { listModels, loadBackbone } from '../models.ts';
import { answeringOf } from '../train/answering.ts';
import { FeatureStore } from '../train/feature-store.ts';
import { withoutFailed } from '../train/photos.ts';
import { trainingPolicy } from '../train/settings.ts';
import { isBehind, judgeAnswers, type Judgement } from './judge-answers.ts';
import { probe, type ProbedPhotos } from './probe.ts';
import { tryBackbone } from './try-backbone.ts';

export interface CompareOptions {
  /** What is said of a photo; absent: one class. */
  readonly task?: Task | undefined;
  /** Ids of installed backbones; absent: all that are installed. */
  readonly models?: readonly string[] | undefined;
  readonly device: DeviceId;
  readonly seed: number;
  /** Absent: 5, or fewer where a class has too few photos for that. */
  readonly folds?: number | undefined;
  readonly groupBy?: string | undefined;
  /** Absent: as each backbone has it. */
  readonly resize?: TrainOptions['resize'];
  /** Where features are kept; absent: the cache folder. */
  readonly features?: string | undefined;
}

const usualFolds = 5;
/** Fewer numbers than this say nothing about a backbone. */
const fewestNumbers = 10;

interface Judged {
  readonly backbone: Omit<ComparedBackbone, 'behind'>;
  readonly judgement: Judgement;
}

/**
 * Ranks backbones by how well a linear head on each does on these photos: every photo is judged by a head that did not
 * learn from it or its group. Photos that are set apart for testing are left out.
 *
 * @yields how far it is
 * @throws HolotypeError 'bad-input' for too few photos, 'not-found' for a backbone that isn't installed or when none
 *   is, 'failed' when none of them could be judged; the signal's reason
 */
export async function* compareBackbones(
  opened: Dataset,
  options: CompareOptions,
  signal?: AbortSignal,
): AsyncGenerator<ToldProgress, Comparison> {
  const started = performance.now();
  const { task = 'single-label' } = options;
  const models = await wantedModels(options.models);
  let dataset = { ...opened, photos: opened.photos.filter(({ split }) => split !== 'test') };
  const judged: Judged[] = [];
  const failed: Comparison['failed'] = [];
  let probed = photosToProbe(dataset, options);
  for (const [index, model] of models.entries()) {
    const which = `${model.name} (${index + 1} of ${models.length})`;
    try {
      for (;;) {
        const outcome = yield* judge(model, dataset, probed, which, options, signal);
        if ('judgement' in outcome) {
          judged.push(outcome);
          break;
        }
        // All are to be judged on the same photos.
        dataset = withoutFailed(dataset, outcome.failed);
        probed = photosToProbe(dataset, options);
        if (judged.length > 0)
          throw new HolotypeError('bad-input', 'Photos could not be read any more in the middle of it.', {
            remedy: 'Check that the drive with the photos is connected, and compare again.',
          });
      }
    } catch (error) {
      signal?.throwIfAborted();
      failed.push({ id: model.id, error: toErrorShape(error) });
    }
  }
  if (judged.length === 0) {
    const [first] = failed;
    throw new HolotypeError(
      'failed',
      `None of the backbones could be tried: ${first?.id ?? ''}: ${first?.error.message ?? ''}`,
      first?.error.remedy === undefined ? {} : { remedy: first.error.remedy },
    );
  }
  return comparisonSchema.parse({
    createdAt: new Date().toISOString(),
    photos: dataset.photos.length,
    ...(task === 'single-label' ? {} : { task }),
    classes: dataset.classes,
    folds: foldsIn(probed.folds),
    seed: options.seed,
    device: options.device,
    backbones: ranked(judged),
    failed,
    skipped: dataset.skipped.map(({ path, reason }) => ({ path, reason })),
    seconds: (performance.now() - started) / 1000,
  } satisfies Comparison);
}

async function wantedModels(ids: readonly string[] | undefined): Promise<ModelInfo[]> {
  const installed = (await listModels()).filter((model) => model.installed);
  if (ids === undefined) {
    if (installed.length > 0) return installed;
    throw new HolotypeError('not-found', 'No backbone is installed.', {
      remedy: 'Run `holotype models fetch inception-v3`, or download one in the app.',
    });
  }
  return [...new Set(ids)].map((id) => {
    const found = installed.find((model) => model.id === id);
    if (found !== undefined) return found;
    throw new HolotypeError('not-found', `The backbone "${id}" is not installed.`, {
      remedy: `Run \`holotype models fetch ${id}\`, or take some of: ${installed.map((model) => model.id).join(', ')}.`,
    });
  });
}

/** @throws HolotypeError('bad-input') when there are too few photos of a class */
function photosToProbe({ photos, classes }: Dataset, options: CompareOptions): ProbedPhotos {
  const by = options.groupBy === undefined ? undefined : parseGroupBy(options.groupBy);
  const groups = groupPhotos(photos, by);
  const labels = Int32Array.from(photos, ({ label }) => label);
  const { task = 'single-label', seed } = options;
  const most = mostFolds(photos, classes, groups, task);
  const folds = stratifiedGroupFolds(labels, groups, Math.min(options.folds ?? usualFolds, most), seed);
  return { photos, answering: answeringOf(task, classes.length, photos), folds, seed };
}

/** Groups of photos that have to be in different folds. @throws HolotypeError('bad-input') when there are too few */
function mostFolds(
  photos: readonly Photo[],
  classes: readonly string[],
  groups: Int32Array,
  task: Task,
): number {
  const all = new Set(groups).size;
  if (task === 'regression') {
    if (all >= fewestNumbers) return all;
    throw new HolotypeError('bad-input', 'There are too few photos with a number to compare backbones on.', {
      remedy: `Give numbers to more photos: ${fewestNumbers} that don’t belong together are the least.`,
    });
  }
  const perClass = classes.map(
    (_, label) =>
      new Set(groups.filter((__, at) => classesOf(photos[at] ?? { label: -1 }).includes(label))).size,
  );
  if (task === 'multi-label') {
    // A label that hardly any photo has says nothing; the others may.
    if (perClass.some((count) => count >= 2 && count < all)) return all;
    throw new HolotypeError('bad-input', 'There are too few labels to compare backbones on.', {
      remedy: 'Add labels: one that some photos have and others lack is the least.',
    });
  }
  const fewest = Math.min(...perClass);
  if (fewest >= 2) return fewest;
  throw new HolotypeError(
    'bad-input',
    `There are too few photos of "${classes[perClass.indexOf(fewest)] ?? ''}" to compare backbones on.`,
    { remedy: 'Add photos: two of each class that don’t belong together are the least, ten a good start.' },
  );
}

const foldsIn = (folds: Int32Array): number => folds.reduce((a, b) => Math.max(a, b), 0) + 1;

/** @returns how it did, or the photos that can't be read any more */
async function* judge(
  model: ModelInfo,
  dataset: Dataset,
  probed: ProbedPhotos,
  which: string,
  options: CompareOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<ToldProgress, Judged | { readonly failed: Map<string, string> }> {
  yield { message: `Loading ${which}`, done: 0, unit: 'photos' };
  const backbone = await loadBackbone(model.id, {
    allowFetch: false,
    ...(signal === undefined ? {} : { signal }),
  });
  const policy = trainingPolicy(backbone.policy, options);
  const trunk = buildTrunk(backbone.graph, policy);
  const { device, seed } = options;
  const { photosPerSecond, domain } = await tryBackbone(backbone, { trunk, policy }, dataset, {
    device,
    seed,
    signal,
  });
  const store = new FeatureStore(trunk, policy, options.features, device);
  try {
    const wanted = dataset.photos.map((photo: Photo) => ({ photo, views: ['plain'] as const }));
    const computing = store.compute(wanted, dataset.roots, signal);
    for (;;) {
      const step = await computing.next();
      if (step.done === true) {
        if (step.value.size > 0) return { failed: step.value };
        break;
      }
      const { done, total } = step.value;
      yield { message: `Looking at the photos with ${which}`, done, total, unit: 'photos' };
    }
    const heads = probe(store, trunk.dimension, probed, signal);
    for (;;) {
      const step = await heads.next();
      if (step.done !== true) {
        yield { message: `Trying heads on ${which}`, ...step.value, unit: 'steps' };
        continue;
      }
      const { photos, classes } = dataset;
      const judgement = judgeAnswers(step.value, photos, classes, probed.answering, seed);
      return {
        judgement,
        backbone: {
          id: model.id,
          name: model.name,
          ...judgement.figures,
          photosPerSecond,
          size: model.size,
          features: trunk.dimension,
          imagenetTop1: model.imagenetTop1 ?? null,
          licence: model.licence ?? null,
          domain: domain ?? null,
        },
      };
    }
  } finally {
    await store.close();
  }
}

function ranked(judged: readonly Judged[]): ComparedBackbone[] {
  const sorted = judged.toSorted(
    (a, b) =>
      b.judgement.value - a.judgement.value || b.backbone.photosPerSecond - a.backbone.photosPerSecond,
  );
  const first = sorted[0]?.judgement;
  return sorted.map(({ backbone, judgement }) => ({
    ...backbone,
    behind: first !== undefined && first !== judgement && isBehind(judgement, first),
  }));
}

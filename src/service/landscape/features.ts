/** The features a run's head reads, from the cache where they are there. */
import type { Photo } from '../../contract/dataset.ts';
import { deviceIdSchema } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import { seededRandom, shuffled } from '../../engine/data/random.ts';
import { buildTrunk, type Trunk } from '../../engine/train/trunk.ts';
import { openDataset } from '../dataset.ts';
import { loadBackbone } from '../models.ts';
import { answeringOf } from '../train/answering.ts';
import { FeatureStore } from '../train/feature-store.ts';
import { buildMatrices, type Matrices } from '../train/matrices.ts';
import { dividePhotos, withoutFailed } from '../train/photos.ts';
import type { FinishedRun } from './finished-run.ts';

/** How far the preparation is. */
export interface Preparing {
  readonly message: string;
  readonly done: number;
  readonly total: number;
}

export interface RunFeatures {
  readonly matrices: Matrices;
  readonly classes: readonly string[];
  /** Photos the run had. */
  readonly counts: { readonly train: number; readonly val: number };
  readonly notes: readonly string[];
}

/** More photos hardly change a mean, and only take time. */
const mostPhotos = 4_000;

/**
 * Standardized features of a run's training and validation photos, plain views. Those of a head on a frozen backbone are
 * mostly in the cache; those of a fine-tuned network are computed once and kept.
 *
 * @param own the network under the saved model's head
 * @param photos where the photos are now; absent: where they were
 * @throws HolotypeError 'not-found', 'bad-input' when the photos are gone, the signal's reason
 */
export async function* featuresOf(
  run: FinishedRun,
  own: Trunk,
  photos: string | undefined,
  signal?: AbortSignal,
): AsyncGenerator<Preparing, RunFeatures> {
  const { options, model, ofProject } = run;
  const { about } = model;
  yield { message: 'Looking at the photos', done: 0, total: 1 };
  let dataset = await openDataset(photos ?? options.photos, {
    ...(options.labels === undefined ? {} : { labelsCsv: options.labels }),
    ...(options.val === undefined ? {} : { valFolder: options.val }),
    ...(options.groupBy === undefined ? {} : { groupBy: options.groupBy }),
    onlyListed: ofProject,
    task: options.task,
    ...(signal === undefined ? {} : { signal }),
  });
  let divided = dividePhotos(dataset, options);
  const some = { train: fewer(divided.train, options.seed), val: fewer(divided.val, options.seed) };
  const { store, trunk } = await openStore(run, own, [...some.train, ...some.val]);
  try {
    const wanted = [...some.train, ...some.val].map((photo) => ({ photo, views: ['plain'] as const }));
    const work = store.compute(wanted, dataset.roots, signal);
    for (;;) {
      const step = await work.next();
      if (step.done === true) {
        dataset = withoutFailed(dataset, step.value, options.task);
        divided = dividePhotos(dataset, options);
        const there = (photo: Photo): boolean => !step.value.has(photo.id);
        some.train = some.train.filter(there);
        some.val = some.val.filter(there);
        break;
      }
      yield { message: 'Computing features', done: step.value.done, total: step.value.total };
    }
    if (dataset.classes.join('\n') !== about.classes.join('\n'))
      throw new HolotypeError('bad-input', 'The photos are not of the classes that this run learned.', {
        remedy: `It knows ${about.classes.join(', ')}. Give the folder of its photos with --photos.`,
      });
    const answering = answeringOf(about.task, about.classes.length, divided.train);
    const matrices = buildMatrices(store, { ...some, test: [] }, trunk.dimension, ['plain'], answering);
    const changed = divided.hash !== about.datasetHash;
    return {
      matrices,
      classes: dataset.classes,
      counts: { train: divided.train.length, val: divided.val.length },
      notes: changed
        ? ['Photos or labels have changed since this run: losses are those on the photos as they are now.']
        : [],
    };
  } finally {
    await store.close();
  }
}

/** Some of the photos, in their order; the same ones for the same seed. */
function fewer(photos: readonly Photo[], seed: number): Photo[] {
  if (photos.length <= mostPhotos) return [...photos];
  const chosen = shuffled(photos.keys(), seededRandom(seed)).slice(0, mostPhotos);
  return chosen.sort((a, b) => a - b).flatMap((at) => photos[at] ?? []);
}

/** Where the features are cached, if all are; else where they can be computed. */
async function openStore(
  run: FinishedRun,
  own: Trunk,
  photos: readonly Photo[],
): Promise<{ readonly store: FeatureStore; readonly trunk: Trunk }> {
  const { input } = run.model.about;
  const trunk = (await frozenTrunk(run)) ?? own;
  const device = deviceIdSchema.safeParse(run.result.device);
  if (device.success && device.data !== 'cpu') {
    const store = new FeatureStore(trunk, input, undefined, device.data);
    if (photos.every(({ id }) => store.get('plain', id) !== undefined)) return { store, trunk };
    await store.close();
  }
  return { store: new FeatureStore(trunk, input), trunk };
}

/** The backbone a head was trained on, where it stayed as it was and is still here: its features are cached. */
async function frozenTrunk({ model, result, options }: FinishedRun): Promise<Trunk | undefined> {
  const { recipe, backbone, input } = model.about;
  if (recipe.name !== 'head') return undefined;
  for (const name of new Set([options.backbone ?? result.backbone, result.backbone])) {
    const found = await loadBackbone(name, { allowFetch: false }).catch(() => undefined);
    if (found?.sha256 === backbone.sha256) return buildTrunk(found.graph, input);
  }
  return undefined;
}

import type { Dataset } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { TrialScore } from '../../contract/search.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { stratifiedGroupFolds } from '../../engine/data/folds.ts';
import type { ToldProgress } from '../jobs/jobs.ts';
import { defaultBackbone, loadBackbone } from '../models.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import { answeringOf } from '../train/answering.ts';
import { augmentationOf, headViews } from '../train/augmenting.ts';
import { FeatureStore, nameOf } from '../train/feature-store.ts';
import { buildMatrices } from '../train/matrices.ts';
import type { Matrices } from '../train/matrices.ts';
import { dividePhotos, withoutFailed } from '../train/photos.ts';
import type { DividedPhotos } from '../train/photos.ts';
import { trainingPolicy } from '../train/settings.ts';
import type { HeadJob } from './head-job.ts';
import { HeadLanes } from './head-lanes.ts';
import type { LaneOptions } from './head-lanes.ts';

/** With this many validation photos they can tell settings apart; with fewer, cross-validation does. */
const enoughToCompare = 300;
const foldCount = 4;
/** Features of so many combinations of backbone, fit and views stay in memory. */
const kept = 2;

export type ScoredBy = 'cross-validation' | 'validation';

export interface TrialTask {
  /** Part of the usual epochs. */
  readonly share: number;
  /** Of the head's training and of the folds; the division of the photos has its own. */
  readonly seed: number;
}

/** Where trials are done. */
export interface Bench {
  readonly scoredBy: ScoredBy;
  readonly counts: { readonly train: number; readonly val: number; readonly test: number };
  /** How many heads are trained at once, of those whose features were prepared last. */
  readonly headsAtOnce: number;
  /** How many trials that is, one at least: the folds of one are trained at once, too. */
  readonly trialsAtOnce: number;
  /** Whether another trial would be begun at once. */
  readonly hasRoom: boolean;
  /**
   * Computes the features that settings need, where that was not done before: other trials use them, too.
   *
   * @returns what does a trial with these settings
   */
  prepare(
    options: TrainOptions,
    tell: (progress: ToldProgress) => void,
    signal?: AbortSignal,
  ): Promise<Scorer>;
}

/**
 * Trains a head and judges it on photos it did not learn from. How good it is does not depend on how many run at once.
 *
 * @throws HolotypeError of what can't be trained; the signal's reason
 */
export type Scorer = (task: TrialTask, signal?: AbortSignal) => Promise<TrialScore>;

/** Photos that are divided once, and heads that are trained on them and judged. No test photo is ever read. */
export class TrialBench implements Bench {
  readonly scoredBy: ScoredBy;
  #dataset: Dataset;
  readonly #options: TrainOptions;
  readonly #device: DeviceId;
  readonly #lanes: HeadLanes;
  #divided: DividedPhotos;
  #failedKnown = false;
  /** Bytes of the features that were prepared last. */
  #bytes = 0;
  readonly #features = new Map<string, Matrices>();

  /**
   * @param options how photos are divided
   * @throws HolotypeError('bad-input') when there are too few photos to judge settings by
   */
  constructor(dataset: Dataset, options: TrainOptions, device: DeviceId, lanes: LaneOptions = {}) {
    this.#dataset = dataset;
    this.#options = options;
    this.#device = device;
    // There is one graphics card.
    this.#lanes = new HeadLanes(device === 'cuda-tfjs' ? { atOnce: 1 } : lanes);
    this.#divided = dividePhotos(dataset, options);
    const { val } = this.#divided;
    const folds = this.#foldsOf(0) !== undefined;
    if (!folds && val.length === 0)
      throw new HolotypeError('bad-input', 'There are too few photos to tell which settings are better.', {
        remedy: `Add photos: at least ${foldCount} of each class that don’t belong together.`,
      });
    this.scoredBy = val.length >= enoughToCompare || !folds ? 'validation' : 'cross-validation';
  }

  get counts(): Bench['counts'] {
    const { train, val, test } = this.#divided;
    return { train: train.length, val: val.length, test: test.length };
  }

  get headsAtOnce(): number {
    return this.#lanes.atOnce(this.scoredBy === 'validation' ? 0 : this.#bytes);
  }

  get trialsAtOnce(): number {
    return Math.max(1, Math.floor(this.headsAtOnce / (this.scoredBy === 'validation' ? 1 : foldCount)));
  }

  get hasRoom(): boolean {
    return this.#lanes.hasRoom;
  }

  async prepare(
    options: TrainOptions,
    tell: (progress: ToldProgress) => void,
    signal?: AbortSignal,
  ): Promise<Scorer> {
    const matrices = await this.#featuresFor(options, tell, signal);
    this.#bytes = matrices.train.data.byteLength;
    return (task, stop) => this.#score({ ...task, options }, matrices, stop);
  }

  /** Ends what runs. */
  close(): Promise<void> {
    return this.#lanes.close();
  }

  async #score(
    task: TrialTask & Pick<HeadJob, 'options'>,
    { train, val, answering }: Matrices,
    signal: AbortSignal | undefined,
  ): Promise<TrialScore> {
    const { classes } = this.#dataset;
    const common = { ...task, classes, answering, device: this.#device, train };
    const folds = this.#foldsOf(task.seed) ?? new Int32Array(0);
    const jobs: HeadJob[] =
      this.scoredBy === 'validation' && val !== undefined
        ? [{ ...common, val }]
        : Array.from({ length: foldCount }, (_, held) => ({ ...common, val: { folds, held } }));
    // One that fails ends the others of its trial, which are then of no use.
    const others = new AbortController();
    const stop = signal === undefined ? others.signal : AbortSignal.any([signal, others.signal]);
    const heads = jobs.map((job) => this.#lanes.run(job, stop));
    const scores = await Promise.all(heads).catch(async (error: unknown) => {
      others.abort();
      await Promise.allSettled(heads);
      throw error;
    });
    let [loss, accuracy, total] = [0, 0, 0];
    for (const score of scores) {
      loss += score.loss * score.rows;
      accuracy += score.accuracy * score.rows;
      total += score.rows;
    }
    if (!Number.isFinite(loss))
      throw new HolotypeError('failed', 'Training diverged: the loss is not a number.', {
        remedy: 'A smaller learning rate may help.',
      });
    return { loss: loss / total, accuracy: Number.isNaN(accuracy) ? null : accuracy / total };
  }

  async #featuresFor(
    options: TrainOptions,
    tell: (progress: ToldProgress) => void,
    signal: AbortSignal | undefined,
  ): Promise<Matrices> {
    const id = options.backbone ?? (await defaultBackbone());
    const views = headViews(await augmentationOf(options), options, this.#divided.train.length);
    const key = JSON.stringify([id, options.resize ?? null, views.map(nameOf)]);
    const known = this.#features.get(key);
    if (known !== undefined) {
      this.#features.delete(key);
      this.#features.set(key, known); // the newest now
      return known;
    }
    for (const oldest of this.#features.keys()) {
      if (this.#features.size < kept) break;
      this.#features.delete(oldest);
    }
    const backbone = await loadBackbone(id, signal === undefined ? {} : { signal });
    const policy = trainingPolicy(backbone.policy, options);
    const trunk = buildTrunk(backbone.graph, policy);
    const store = new FeatureStore(trunk, policy, undefined, this.#device);
    try {
      for (;;) {
        const { train, val } = this.#divided;
        const wanted = [
          ...train.map((photo) => ({ photo, views })),
          ...val.map((photo) => ({ photo, views: ['plain'] as const })),
        ];
        const work = store.compute(wanted, this.#dataset.roots, signal);
        let step = await work.next();
        for (; step.done !== true; step = await work.next())
          tell({
            message: `Computing what ${id} sees in the photos`,
            done: step.value.done,
            total: step.value.total,
            unit: 'views',
          });
        if (step.value.size === 0) break;
        if (this.#failedKnown)
          throw new HolotypeError('bad-input', 'Photos could not be read any more in the middle of it.', {
            remedy: 'Check that the drive with the photos is connected, and go on with --resume.',
          });
        this.#dataset = withoutFailed(this.#dataset, step.value, this.#options.task);
        this.#divided = dividePhotos(this.#dataset, this.#options);
      }
      // From now on all trials are judged on the same photos.
      this.#failedKnown = true;
      const { train, val } = this.#divided;
      const answering = answeringOf(options.task, this.#dataset.classes.length, train);
      const photos = { train, val: this.scoredBy === 'validation' ? val : [], test: [] };
      const matrices = buildMatrices(store, photos, trunk.dimension, views, answering, true);
      this.#features.set(key, matrices);
      return matrices;
    } finally {
      await store.close();
    }
  }

  /** A fold for every training photo, or undefined when some class has too few photos (or groups) for it. */
  #foldsOf(seed: number): Int32Array | undefined {
    const { train, trainGroups } = this.#divided;
    const labels = Int32Array.from(train, ({ label }) => label);
    const perClass = new Map<number, Set<number>>();
    for (const [index, label] of labels.entries())
      perClass.set(label, (perClass.get(label) ?? new Set()).add(trainGroups[index] ?? index));
    if ([...perClass.values()].some((groups) => groups.size < foldCount)) return undefined;
    return stratifiedGroupFolds(labels, trainGroups, foldCount, this.#options.seed + seed);
  }
}

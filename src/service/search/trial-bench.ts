import type { Dataset } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { TrialScore } from '../../contract/search.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { stratifiedGroupFolds } from '../../engine/data/folds.ts';
import { headLogits } from '../../engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { judgeAnswers } from '../../engine/train/finetune/judge.ts';
import type { ToldProgress } from '../jobs/jobs.ts';
import { defaultBackbone, loadBackbone } from '../models.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import { answeringOf } from '../train/answering.ts';
import { augmentationOf, headViews } from '../train/augmenting.ts';
import { FeatureStore, nameOf } from '../train/feature-store.ts';
import { trainHead } from '../train/head.ts';
import { buildMatrices } from '../train/matrices.ts';
import type { Matrices } from '../train/matrices.ts';
import { objectiveOf } from '../train/objective.ts';
import { dividePhotos, withoutFailed } from '../train/photos.ts';
import type { DividedPhotos } from '../train/photos.ts';
import { headSettings, trainingPolicy } from '../train/settings.ts';

/** With this many validation photos they can tell settings apart; with fewer, cross-validation does. */
const enoughToCompare = 300;
const foldCount = 4;
/** Features of so many combinations of backbone, fit and views stay in memory. */
const kept = 2;

export type ScoredBy = 'cross-validation' | 'validation';

export interface TrialTask {
  readonly options: TrainOptions;
  /** Part of the usual epochs. */
  readonly share: number;
  /** Of the head's training and of the folds; the division of the photos has its own. */
  readonly seed: number;
}

/** Photos that are divided once, and heads that are trained on them and judged. No test photo is ever read. */
export class TrialBench {
  readonly scoredBy: ScoredBy;
  #dataset: Dataset;
  readonly #options: TrainOptions;
  readonly #device: DeviceId;
  #divided: DividedPhotos;
  #failedKnown = false;
  readonly #features = new Map<string, { readonly matrices: Matrices; readonly columns: number }>();

  /**
   * @param options how photos are divided
   * @throws HolotypeError('bad-input') when there are too few photos to judge settings by
   */
  constructor(dataset: Dataset, options: TrainOptions, device: DeviceId) {
    this.#dataset = dataset;
    this.#options = options;
    this.#device = device;
    this.#divided = dividePhotos(dataset, options);
    const { val } = this.#divided;
    const folds = this.#foldsOf(0) !== undefined;
    if (!folds && val.length === 0)
      throw new HolotypeError('bad-input', 'There are too few photos to tell which settings are better.', {
        remedy: `Add photos: at least ${foldCount} of each class that don’t belong together.`,
      });
    this.scoredBy = val.length >= enoughToCompare || !folds ? 'validation' : 'cross-validation';
  }

  get counts(): { readonly train: number; readonly val: number; readonly test: number } {
    const { train, val, test } = this.#divided;
    return { train: train.length, val: val.length, test: test.length };
  }

  /** Computes the features that settings need, where that was not done before: other trials use them, too. */
  async prepare(
    options: TrainOptions,
    tell: (progress: ToldProgress) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#featuresFor(options, tell, signal);
  }

  /**
   * Trains a head with some settings and judges it on photos it did not learn from.
   *
   * @throws HolotypeError of what can't be trained; the signal's reason
   */
  async score(
    task: TrialTask,
    tell: (progress: ToldProgress) => void,
    signal?: AbortSignal,
  ): Promise<TrialScore> {
    const { matrices, columns } = await this.#featuresFor(task.options, tell, signal);
    const parts: { readonly train: FeatureMatrix; readonly val: FeatureMatrix }[] = [];
    if (this.scoredBy === 'validation' && matrices.val !== undefined)
      parts.push({ train: matrices.train, val: matrices.val });
    else {
      const folds = this.#foldsOf(task.seed) ?? [];
      const { outputs } = matrices.answering;
      for (let held = 0; held < foldCount; held += 1)
        parts.push({
          train: rowsOf(matrices.train, outputs, (row) => folds[row % folds.length] !== held),
          val: rowsOf(matrices.train, outputs, (row) => row < folds.length && folds[row] === held),
        });
    }
    let [loss, accuracy, total] = [0, 0, 0];
    for (const part of parts) {
      const judged = await this.#judge(task, { ...matrices, ...part, test: undefined }, columns, signal);
      loss += judged.loss * part.val.rows;
      accuracy += judged.accuracy * part.val.rows;
      total += part.val.rows;
    }
    if (!Number.isFinite(loss))
      throw new HolotypeError('failed', 'Training diverged: the loss is not a number.', {
        remedy: 'A smaller learning rate may help.',
      });
    return { loss: loss / total, accuracy: Number.isNaN(accuracy) ? null : accuracy / total };
  }

  async #judge(
    { options, share, seed }: TrialTask,
    matrices: Matrices & { readonly val: FeatureMatrix },
    columns: number,
    signal: AbortSignal | undefined,
  ): Promise<{ loss: number; accuracy: number }> {
    const { train, val, answering } = matrices;
    const { classes } = this.#dataset;
    const usual = headSettings({ ...options, seed }, train.rows);
    const settings = { ...usual, epochs: Math.max(1, Math.round(usual.epochs * share)) };
    const training = trainHead(
      {
        matrices,
        classes: answering.outputs,
        objective: await objectiveOf(options, classes, train, answering.scale?.deviation),
        sampling: options.sampling,
        groups: new Int32Array(train.rows).map((_, row) => row),
        columns: { final: columns, all: columns },
        settings,
        weightDecay: options.weightDecay,
        fingerprint: '',
        // The head of a trial is too small for a graphics card, and is not kept.
        device: this.#device === 'cuda-tfjs' ? this.#device : 'cpu',
        checkpoints: false,
      },
      false,
      signal,
    );
    for (;;) {
      const step = await training.next();
      if (step.done !== true) continue;
      const answers = headLogits(step.value.weights, val);
      // By the usual loss, whatever was made small: settings with different losses are compared.
      const plain = { ...options, loss: undefined, classWeights: 'none', labelSmoothing: undefined };
      const objective = await objectiveOf(plain, classes, train, answering.scale?.deviation);
      return judgeAnswers(answers, val, answering.outputs, objective);
    }
  }

  async #featuresFor(
    options: TrainOptions,
    tell: (progress: ToldProgress) => void,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly matrices: Matrices; readonly columns: number }> {
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
      const matrices = buildMatrices(store, photos, trunk.dimension, views, answering);
      const made = { matrices, columns: trunk.dimension };
      this.#features.set(key, made);
      return made;
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

/** Some rows of a matrix, as one of their own. */
function rowsOf(matrix: FeatureMatrix, outputs: number, wanted: (row: number) => boolean): FeatureMatrix {
  const { columns, data, labels, targets } = matrix;
  const rows = Array.from({ length: matrix.rows }, (_, row) => row).filter(wanted);
  const own = new Float32Array(rows.length * columns);
  const goals = targets === undefined ? undefined : new Float32Array(rows.length * outputs);
  for (const [at, row] of rows.entries()) {
    own.set(data.subarray(row * columns, (row + 1) * columns), at * columns);
    if (targets !== undefined) goals?.set(targets.subarray(row * outputs, (row + 1) * outputs), at * outputs);
  }
  return {
    rows: rows.length,
    columns,
    data: own,
    labels: Int32Array.from(rows, (row) => labels[row] ?? 0),
    ...(goals === undefined ? {} : { targets: goals }),
  };
}

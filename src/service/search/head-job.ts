import type { DeviceId } from '../../contract/devices.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { headLogits } from '../../engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { judgeAnswers } from '../../engine/train/finetune/judge.ts';
import type { Answering } from '../train/answering.ts';
import { trainHead } from '../train/head.ts';
import { objectiveOf } from '../train/objective.ts';
import { headSettings } from '../train/settings.ts';

/**
 * A head to train and to judge: the whole of a trial, or one fold of it. Plain data that goes to a thread; the features
 * in it lie in shared memory.
 */
export interface HeadJob {
  readonly options: TrainOptions;
  /** Part of the usual epochs. */
  readonly share: number;
  readonly seed: number;
  readonly classes: readonly string[];
  readonly answering: Answering;
  readonly device: DeviceId;
  /** The plain views come first, one row a photo. */
  readonly train: FeatureMatrix;
  /** What it is judged on. */
  readonly val:
    | FeatureMatrix
    /** Those training photos whose fold is `held`; the others are learned from. A fold a photo. */
    | { readonly folds: Int32Array; readonly held: number };
}

/** How good a head was. */
export interface HeadScore {
  readonly loss: number;
  /** NaN for numbers. */
  readonly accuracy: number;
  /** Rows that it was judged on. */
  readonly rows: number;
}

/** Bytes of what is made of a job's features while it is done: its own rows of them, at most all. */
export function bytesOf({ train, val }: HeadJob): number {
  return 'held' in val ? train.data.byteLength : 0;
}

/**
 * Trains a head and judges it by the usual loss. The same bits come of the same job wherever it is done.
 *
 * @throws HolotypeError of what can't be trained; the signal's reason, within a batch of its abort
 */
export async function doHeadJob(job: HeadJob, signal?: AbortSignal): Promise<HeadScore> {
  const { options, share, seed, classes, answering, device } = job;
  const { train, val } = partsOf(job);
  const usual = headSettings({ ...options, seed }, train.rows);
  const settings = { ...usual, epochs: Math.max(1, Math.round(usual.epochs * share)) };
  const training = trainHead(
    {
      matrices: { train, val },
      classes: answering.outputs,
      objective: await objectiveOf(options, classes, train, answering.scale?.deviation),
      sampling: options.sampling,
      groups: new Int32Array(train.rows).map((_, row) => row),
      columns: { final: train.columns, all: train.columns },
      settings,
      weightDecay: options.weightDecay,
      fingerprint: '',
      // The head of a trial is too small for a graphics card, and is not kept.
      device: device === 'cuda-tfjs' ? device : 'cpu',
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
    const { loss, accuracy } = judgeAnswers(answers, val, answering.outputs, objective);
    return { loss, accuracy, rows: val.rows };
  }
}

function partsOf({ train, val, answering: { outputs } }: HeadJob): {
  readonly train: FeatureMatrix;
  readonly val: FeatureMatrix;
} {
  if (!('held' in val)) return { train, val };
  const { folds, held } = val;
  return {
    train: rowsOf(train, outputs, (row) => folds[row % folds.length] !== held),
    val: rowsOf(train, outputs, (row) => row < folds.length && folds[row] === held),
  };
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

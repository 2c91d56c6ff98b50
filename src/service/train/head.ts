import { z } from 'zod';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { Sampling } from '../../contract/train.ts';
import { stratifiedGroupFolds } from '../../engine/data/folds.ts';
import { candidatesFor, crossValidate, usualDecays, weightDecays } from '../../engine/train/choose-decay.ts';
import type { Candidate } from '../../engine/train/choose-decay.ts';
import type { HeadWeights } from '../../engine/train/head-model.ts';
import { startTfOnCuda } from '../../engine/train/tf.ts';
import { firstRows } from '../../engine/train/feature-matrix.ts';
import type { Objective } from '../../engine/train/losses.ts';
import { trainHeads } from '../../engine/train/train-heads.ts';
import type {
  GroupProgress,
  HeadEpoch,
  HeadEvent,
  HeadState,
  HeadTraining,
} from '../../engine/train/head-training.ts';
import type { Run } from '../../store/runs.ts';
import type { Matrices } from './matrices.ts';
import { Progress } from './progress.ts';
import type { HeadSettings } from './settings.ts';
import { startTf } from './start-tf.ts';

export interface HeadTask {
  readonly matrices: Pick<Matrices, 'train' | 'val'>;
  /** Answers a photo. */
  readonly classes: number;
  readonly objective: Objective;
  readonly sampling: Sampling;
  /** Which photos must stay together, one number a training photo. */
  readonly groups: Int32Array;
  /** Columns of the final features, and of all; the same when there are no others. */
  readonly columns: { readonly final: number; readonly all: number };
  readonly settings: HeadSettings;
  /** Given by the person; undefined: compared. */
  readonly weightDecay: number | undefined;
  /** Keeps checkpoints; absent where there are none. */
  readonly run?: Pick<Run, 'saveCheckpoint' | 'loadCheckpoint'>;
  /** Names the photos, features and settings: a checkpoint of others is not gone on with. */
  readonly fingerprint: string;
  /** `cuda-tfjs` trains the head on `@tensorflow/tfjs-node-gpu`; for others it is too small to leave the CPU. */
  readonly device: DeviceId;
  /** Whether to write checkpoints of the head. */
  readonly checkpoints: boolean;
  /** Aborted to end early with the best weights so far. */
  readonly stop?: AbortSignal;
}

export interface ChosenHead {
  readonly weights: HeadWeights;
  readonly candidate: Candidate;
  readonly comparedBy: 'cross-validation' | 'validation' | 'given' | 'default';
  readonly candidates: number;
  readonly history: readonly (HeadEpoch & { readonly shown: GroupProgress })[];
  readonly bestEpoch: number;
}

/** With this many validation photos they can choose between candidates; with fewer, cross-validation does. */
const enoughToCompare = 300;
const foldCount = 4;
/** A checkpoint is written when the last one is this old (ms), or this many times what writing it took. */
const checkpointEvery = { ms: 500, times: 20 };

/**
 * Settles the regularization by comparison and trains the head.
 *
 * @yields progress, epochs, checkpoints
 * @throws the signal's reason; what was trained stays in the run's last checkpoint
 */
export async function* trainHead(
  task: HeadTask,
  resume: boolean,
  signal?: AbortSignal,
): AsyncGenerator<JobEventBody, ChosenHead> {
  if (task.device === 'cuda-tfjs') await startTfOnCuda();
  else await startTf();
  const { matrices, settings } = task;
  const { train, val } = matrices;
  const shared = {
    ...settings,
    train,
    ...(val === undefined ? {} : { val }),
    classes: task.classes,
    objective: task.objective,
    sampling: task.sampling,
  };
  const candidates = candidatesOf(task);
  const byValidation =
    candidates.length > 1 && val !== undefined && (val.rows >= enoughToCompare || settings.hidden.length > 0);
  let contenders = candidates;
  let comparedBy: ChosenHead['comparedBy'] = byValidation ? 'validation' : 'given';
  if (candidates.length > 1 && !byValidation) {
    const folds = foldsOf(task);
    if (folds === undefined) {
      const columns = settings.hidden.length > 0 ? task.columns.all : task.columns.final;
      contenders = [{ weightDecay: task.weightDecay ?? usualDecays[settings.optimizer], columns }];
      comparedBy = 'default';
    } else {
      contenders = [yield* compare(task, candidates, folds, signal)];
      comparedBy = 'cross-validation';
    }
  }

  const message = `Training the head${contenders.length > 1 ? ` at ${contenders.length} strengths` : ''}`;
  yield { type: 'stage', stage: 'head', message };
  // Hidden layers can't share one network, so their contenders take turns.
  const rounds = settings.hidden.length === 0 ? [contenders] : contenders.map((one) => [one]);
  let best: ChosenHead | undefined;
  let bestLoss = Number.POSITIVE_INFINITY;
  for (const [round, groups] of rounds.entries()) {
    if (task.stop?.aborted === true && best !== undefined) break;
    const last = round === rounds.length - 1;
    const saved = resume && last ? await savedState(task, groups) : undefined;
    if (saved !== undefined) {
      const message = `Going on after epoch ${saved.epoch} of ${settings.epochs}`;
      const from = { epoch: saved.epoch, step: saved.optimizerSteps };
      yield { type: 'stage', stage: 'head', message, from };
    }
    const training: HeadTraining = { ...shared, groups, resume: saved, stop: task.stop };
    const trained = yield* trainRound(training, task, groups, last, signal);
    for (const [index, head] of trained.heads.entries()) {
      const candidate = groups[index];
      const loss = Number.isNaN(head.valLoss) ? 0 : head.valLoss;
      if (candidate === undefined || !(loss < bestLoss) || !isFinite(head.weights)) continue;
      bestLoss = loss;
      best = {
        weights: head.weights,
        candidate,
        comparedBy,
        candidates: candidates.length,
        history: trained.history.map((epoch) => ({ ...epoch, shown: epoch.groups[index] ?? nothing })),
        bestEpoch: head.bestEpoch,
      };
    }
  }
  if (best === undefined)
    throw new HolotypeError('failed', 'Training diverged: the loss is not a number.', {
      remedy: 'Train with a smaller --lr.',
    });
  return best;
}

/** Whether every weight is a number. */
function isFinite({ layers }: HeadWeights): boolean {
  return layers.every(({ kernel, bias }) =>
    [kernel, bias].every(({ data }) => data.every((value) => Number.isFinite(value))),
  );
}

const nothing: GroupProgress = {
  trainLoss: Number.NaN,
  trainAccuracy: Number.NaN,
  valLoss: Number.NaN,
  valAccuracy: Number.NaN,
};

function candidatesOf({ weightDecay, columns, settings }: HeadTask): Candidate[] {
  const decays = weightDecay === undefined ? weightDecays[settings.optimizer] : [weightDecay];
  const widths = settings.hidden.length > 0 ? [columns.all] : [...new Set([columns.all, columns.final])];
  return candidatesFor(decays, widths);
}

/** A fold for every training photo, or undefined when some class has too few photos (or groups) for it. */
function foldsOf({
  matrices,
  groups,
  classes,
  settings,
  objective,
}: HeadTask): ArrayLike<number> | undefined {
  const labels = matrices.train.labels.subarray(0, groups.length);
  const perKind = new Map<number, Set<number>>();
  // A class without any photo can't be compared, either.
  if (objective.task === 'single-label')
    for (let label = 0; label < classes; label++) perKind.set(label, new Set());
  for (const [index, group] of groups.entries()) {
    const label = labels[index] ?? 0;
    perKind.set(label, (perKind.get(label) ?? new Set()).add(group));
  }
  if ([...perKind.values()].some((some) => some.size < foldCount)) return undefined;
  return stratifiedGroupFolds(labels, groups, foldCount, settings.seed);
}

async function* compare(
  task: HeadTask,
  candidates: readonly Candidate[],
  folds: ArrayLike<number>,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Candidate> {
  const message = `Comparing ${candidates.length} ways to regularize by ${foldCount}-fold cross-validation`;
  yield { type: 'stage', stage: 'choose', message };
  const { matrices, settings, classes, objective, sampling } = task;
  const progress = new Progress('choose', 'steps');
  const plain = firstRows(matrices.train, task.groups.length, classes);
  const comparison = { ...settings, train: plain, classes, objective, sampling };
  for await (const event of crossValidate(comparison, candidates, folds, signal)) {
    if (event.type === 'batch') {
      const body = progress.at(event.done, event.total);
      if (body !== undefined) yield body;
    } else if (event.comparisons[0] !== undefined) return event.comparisons[0].candidate;
  }
  throw new HolotypeError('failed', 'Cross-validation ended without a result.');
}

async function* trainRound(
  training: HeadTraining,
  task: HeadTask,
  groups: readonly Candidate[],
  checkpoints: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Extract<HeadEvent, { type: 'done' }>> {
  const progress = new Progress('head', 'steps');
  const perEpoch = Math.ceil(training.train.rows / training.batchSize);
  let due = performance.now() + checkpointEvery.ms;
  for await (const event of trainHeads(training, signal)) {
    if (event.type === 'done') return event;
    if (event.type === 'batch') {
      const body = progress.at(event.done, event.total);
      if (body !== undefined) yield body;
      continue;
    }
    const { epoch, learningRate } = event.epoch;
    const shown = leading(event.epoch.groups);
    yield { type: 'epoch', epoch, epochs: training.epochs, ...shown, learningRate };
    const now = performance.now();
    if (checkpoints && now > due) {
      await saveState(task, groups, event.state());
      yield { type: 'checkpoint', step: epoch * perEpoch, epoch };
      const saved = performance.now();
      due = saved + Math.max(checkpointEvery.ms, checkpointEvery.times * (saved - now));
    }
  }
  throw new HolotypeError('failed', 'Training ended without a result.');
}

/** The group to show while several are trained: the one that validation likes best so far. */
function leading(groups: readonly GroupProgress[]): Record<keyof GroupProgress, number | null> {
  const [first = nothing, ...rest] = groups;
  const best = rest.reduce((a, b) => (b.valLoss < a.valLoss ? b : a), first);
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    trainLoss: finite(best.trainLoss),
    trainAccuracy: finite(best.trainAccuracy),
    valLoss: finite(best.valLoss),
    valAccuracy: finite(best.valAccuracy),
  };
}

async function saveState(task: HeadTask, groups: readonly Candidate[], state: HeadState): Promise<void> {
  const { tensors, ...rest } = state;
  await task.run?.saveCheckpoint({
    step: state.optimizerSteps,
    tensors: new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }])),
    state: { stage: 'head', fingerprint: task.fingerprint, groups, ...rest },
  });
}

/** Losses may be NaN or infinite, which zod's own number refuses. */
const real = z.custom<number>((value) => typeof value === 'number');
const checkpointSchema = z.object({
  stage: z.literal('head'),
  fingerprint: z.string(),
  groups: z.array(z.object({ weightDecay: real, columns: real })),
  epoch: real,
  sinceBest: real,
  optimizerSteps: real,
  best: z.array(z.object({ epoch: real, loss: real, accuracy: real })),
  schedule: z.object({ level: real, sinceBetter: real, best: real }),
  history: z.array(
    z.object({
      epoch: real,
      learningRate: real,
      groups: z.array(z.object({ trainLoss: real, trainAccuracy: real, valLoss: real, valAccuracy: real })),
    }),
  ),
});

/** The state of the run's newest intact checkpoint, if it is of this very training. */
async function savedState(task: HeadTask, groups: readonly Candidate[]): Promise<HeadState | undefined> {
  const { checkpoint } = (await task.run?.loadCheckpoint()) ?? {};
  const parsed = checkpointSchema.safeParse(checkpoint?.state);
  if (checkpoint === undefined || !parsed.success) return undefined;
  if (parsed.data.fingerprint !== task.fingerprint) return undefined;
  if (JSON.stringify(parsed.data.groups) !== JSON.stringify(groups)) return undefined;
  const tensors = new Map(
    [...checkpoint.tensors].flatMap(([name, { shape, data }]) =>
      data instanceof Float32Array ? [[name, { shape, data }] as const] : [],
    ),
  );
  return { ...parsed.data, tensors };
}

import { createHash } from 'node:crypto';
import type { Photo } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { FinetuneChoice } from '../../contract/train.ts';
import type { Block } from '../../engine/graph/blocks.ts';
import { foldBatchNorm } from '../../engine/graph/fold.ts';
import { createFlatOptimizer } from '../../engine/train/finetune/flat-optimizer.ts';
import { judgeLogits } from '../../engine/train/finetune/judge.ts';
import { nothing, planTail } from '../../engine/train/finetune/plan.ts';
import { createTail, splitFlat, withWeights } from '../../engine/train/finetune/tail-model.ts';
import type { TailModel } from '../../engine/train/finetune/tail-model.ts';
import { secondsPerStep, trainTail } from '../../engine/train/finetune/train-tail.ts';
import type {
  TailEpoch,
  TailEvent,
  TailState,
  TailTraining,
} from '../../engine/train/finetune/train-tail.ts';
import { headLogits } from '../../engine/train/assemble-model.ts';
import { standardize } from '../../engine/train/feature-matrix.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { constantTensor } from '../../engine/train/tf.ts';
import type { Trunk } from '../../engine/train/trunk.ts';
import type { Run } from '../../store/runs.ts';
import { FrozenPhotos, PhotoRunner } from './boundary-photos.ts';
import type { FinetuneSettings } from './finetune-settings.ts';
import { saveTailState } from './finetune-state.ts';
import type { ChosenHead } from './head.ts';
import type { Matrices } from './matrices.ts';
import type { DividedPhotos } from './photos.ts';
import { Progress } from './progress.ts';

export interface FinetuneTask {
  /** With its batch norms, not folded. */
  readonly trunk: Trunk;
  readonly blocks: readonly Block[];
  readonly freezeUntil: string;
  readonly head: ChosenHead;
  readonly matrices: Matrices;
  readonly classes: number;
  readonly divided: DividedPhotos;
  readonly roots: readonly string[];
  readonly policy: InputPolicy;
  readonly settings: FinetuneSettings;
  readonly run: Run;
  /** Optimizer steps of the head: fine-tuning's are counted on from there. */
  readonly headSteps: number;
  /** Names photos and settings: a checkpoint of others is not gone on with. */
  readonly fingerprint: string;
  /** Seconds it may take by what its first steps say; Infinity: whatever it takes. */
  readonly budget: number;
  /** Fine-tuning is dropped unless it makes no more mistakes on validation, either. */
  readonly strict: boolean;
}

/** A backbone and head as fine-tuning left them. */
export interface Tuned {
  readonly trunk: Trunk;
  readonly head: ChosenHead;
  readonly matrices: Matrices;
  readonly settings: FinetuneSettings;
  readonly frozenUntil: string;
  readonly blocks: readonly string[];
}

export interface FinetuneOutcome {
  /** Undefined: the head alone is the better model. */
  readonly tuned: Tuned | undefined;
  readonly choice: FinetuneChoice;
}

/** Activations at the freeze boundary together take no more memory than this (bytes). */
const activationBytes = 1024 ** 3;
/** A checkpoint is written when the last one is this old (ms), and this many times what writing it took. */
const checkpointEvery = { ms: 500, times: 40 };
/** Steps timed to tell how long fine-tuning takes; the first compiles and doesn't count. */
const timedSteps = 3;

/**
 * Fine-tunes the last blocks of a backbone with its head and says whether that is worth keeping.
 *
 * @param saved where a killed run had got to
 * @throws the signal's reason; what was trained stays in the run's last checkpoint
 */
export async function* finetune(
  task: FinetuneTask,
  saved: SavedTail | undefined,
  signal?: AbortSignal,
): AsyncGenerator<JobEventBody, FinetuneOutcome> {
  const { divided, policy, roots, settings, trunk, head, matrices, classes } = task;
  const plan = planTail(trunk, task.blocks, task.freezeUntil);
  const frozenUntil = plan.frozenUntil ?? nothing;
  const from = frozenUntil === nothing ? 'the whole backbone' : `the backbone after ${frozenUntil}`;
  yield {
    type: 'stage',
    stage: 'finetune',
    message: `Fine-tuning ${from}: ${plan.blocks.length} block${plan.blocks.length === 1 ? '' : 's'} and the head`,
  };
  const fingerprint = fingerprintOf(task);
  const resume = saved?.fingerprint === fingerprint ? saved.state : undefined;
  if (resume !== undefined) {
    const message = `Going on in epoch ${Math.min(resume.epoch, settings.epochs)} of ${settings.epochs}`;
    yield { type: 'stage', stage: 'finetune', message };
  }

  const { columns } = head.candidate;
  const start = { weights: head.weights, standardization: matrices.standardization, columns };
  const model = createTail(trunk.graph, plan, start, constantTensor);
  const optimizer = createFlatOptimizer(
    model.parts,
    { kind: settings.optimizer, rates: settings, clip: settings.clip, ema: settings.ema },
    constantTensor,
  );
  const runner = new PhotoRunner(plan.frozen, policy, roots);
  // A view that every epoch has to itself is never asked for again.
  const views = settings.views < settings.epochs ? settings.views : 1;
  const room = { dimension: plan.dimension, seed: settings.seed, budget: activationBytes, views };
  try {
    const training: TailTraining = {
      ...settings,
      model,
      optimizer,
      classes,
      train: new FrozenPhotos(runner, divided.train, room),
      ...(divided.val.length === 0 ? {} : { val: new FrozenPhotos(runner, divided.val, room) }),
      resume,
    };
    if (resume === undefined && Number.isFinite(task.budget)) {
      const estimate = await estimateSeconds(training, signal);
      if (estimate > task.budget)
        return {
          tuned: undefined,
          choice: {
            tried: false,
            kept: false,
            why: `Fine-tuning would take some ${Math.ceil(estimate / 60)} minutes here: left out. --recipe finetune does it.`,
          },
        };
    }
    const done = yield* trainRound(training, task, fingerprint, signal);
    return yield* decide(task, model, done, frozenUntil, plan.blocks, signal);
  } finally {
    optimizer.dispose();
    model.dispose();
    await runner.close();
  }
}

/** What a saved checkpoint of fine-tuning holds. */
export interface SavedTail {
  readonly fingerprint: string;
  readonly state: TailState;
}

/** The start weights are part of it: the same settings on another head are another training. */
function fingerprintOf({ fingerprint, settings, freezeUntil, head }: FinetuneTask): string {
  const hash = createHash('sha256').update(JSON.stringify([fingerprint, settings, freezeUntil]));
  for (const { kernel, bias } of head.weights.layers)
    for (const { data } of [kernel, bias])
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** How long a training will take, by a few steps that are taken back. */
async function estimateSeconds(training: TailTraining, signal: AbortSignal | undefined): Promise<number> {
  const { train, val, epochs, batchSize } = training;
  const photos = [...Array(Math.min(batchSize, train.labels.length)).keys()];
  const started = performance.now();
  for await (const _ of train.prepare(0, photos, signal)) signal?.throwIfAborted();
  const perPhoto = (performance.now() - started) / 1000 / photos.length;
  const perStep = secondsPerStep(training, photos, timedSteps);
  const rows = train.labels.length;
  const validation = (val?.labels.length ?? 0) / rows / 3; // the forward third of a step
  return epochs * (Math.ceil(rows / batchSize) * perStep * (1 + validation) + rows * perPhoto);
}

async function* trainRound(
  training: TailTraining,
  task: FinetuneTask,
  fingerprint: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Extract<TailEvent, { type: 'done' }>> {
  const { settings } = task;
  const progress = new Progress('finetune', 'steps');
  let due = performance.now() + checkpointEvery.ms;
  for await (const event of trainTail(training, signal)) {
    switch (event.type) {
      case 'prepare':
        break; // a moment each epoch; the bar stands where it is
      case 'batch': {
        const body = progress.at(event.done, event.total);
        if (body !== undefined) yield body;
        break;
      }
      case 'safe':
        if (performance.now() > due) {
          const started = performance.now();
          const state = event.state();
          const step = task.headSteps + state.optimizerSteps;
          await saveTailState(task.run, step, fingerprint, state);
          yield { type: 'checkpoint', step };
          const saved = performance.now();
          due = saved + Math.max(checkpointEvery.ms, checkpointEvery.times * (saved - started));
        }
        break;
      case 'epoch':
        yield { type: 'epoch', epochs: settings.epochs, ...shown(event.epoch, settings) };
        break;
      case 'diverged':
        yield {
          type: 'warning',
          message: `Fine-tuning diverged in epoch ${event.epoch}: back to the last good weights, on at ${event.rateFactor} times the rates.`,
        };
        break;
      case 'done':
      default:
        return event;
    }
  }
  throw new HolotypeError('failed', 'Fine-tuning ended without a result.');
}

function shown(epoch: TailEpoch, { learningRate }: FinetuneSettings) {
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    epoch: epoch.epoch,
    learningRate: epoch.rateFactor * learningRate,
    trainLoss: finite(epoch.trainLoss),
    trainAccuracy: finite(epoch.trainAccuracy),
    valLoss: finite(epoch.valLoss),
    valAccuracy: finite(epoch.valAccuracy),
  };
}

/** Puts the tuned weights into the network and judges it as it will be saved. */
async function* decide(
  task: FinetuneTask,
  model: TailModel,
  done: Extract<TailEvent, { type: 'done' }>,
  frozenUntil: string,
  blocks: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, FinetuneOutcome> {
  const { head, matrices, divided, settings, classes } = task;
  const base = { tried: true, frozenUntil, epochs: done.history.length - 1, bestEpoch: done.bestEpoch };
  const before =
    matrices.val === undefined
      ? undefined
      : judgeLogits(headLogits(head.weights, matrices.val), matrices.val.labels, classes);
  const headJudged = before && { accuracy: before.accuracy, logLoss: before.loss };
  if (done.bestEpoch === 0) {
    const why =
      'No epoch of fine-tuning did better on the validation photos than the head alone, which was kept.';
    return {
      tuned: undefined,
      choice: { ...base, kept: false, why, ...(headJudged === undefined ? {} : { head: headJudged }) },
    };
  }

  yield { type: 'stage', stage: 'finetune', message: 'Judging the fine-tuned model' };
  const weights = splitFlat(model, done.weights);
  const graph = foldBatchNorm(withWeights(task.trunk.graph, weights.backbone));
  const trunk: Trunk = { ...task.trunk, graph };
  const runner = new PhotoRunner(trunk.graph, task.policy, task.roots);
  const rows = async (photos: readonly Photo[]): Promise<FeatureMatrix | undefined> =>
    photos.length === 0 ? undefined : featuresOf(runner, photos, trunk.dimension, matrices, signal);
  let tunedMatrices: Matrices;
  try {
    const val = await rows(divided.val);
    const test = await rows(divided.test);
    // Without validation photos the exports are checked on training photos.
    const train = val === undefined ? ((await rows(divided.train)) ?? matrices.train) : matrices.train;
    tunedMatrices = { train, val, test, standardization: matrices.standardization };
  } finally {
    await runner.close();
  }
  const { val } = tunedMatrices;
  const after = val && judgeLogits(headLogits(weights.head, val), val.labels, classes);
  const seen = done.history.find(({ epoch }) => epoch === done.bestEpoch);
  if (
    after !== undefined &&
    seen !== undefined &&
    !(Math.abs(after.loss - seen.valLoss) < 0.02 + 0.1 * after.loss)
  )
    throw new HolotypeError(
      'failed',
      `The fine-tuned network answers differently once it is put together: its log loss is ${after.loss} instead of ${seen.valLoss}.`,
      { remedy: 'Please report this, with the backbone you used; the run itself is kept.' },
    );

  const judged = {
    ...(headJudged === undefined ? {} : { head: headJudged }),
    ...(after === undefined ? {} : { finetuned: { accuracy: after.accuracy, logLoss: after.loss } }),
  };
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  if (before !== undefined && after !== undefined) {
    const compared = `${percent(after.accuracy)} right at a log loss of ${after.loss.toFixed(3)}, the head alone ${percent(before.accuracy)} at ${before.loss.toFixed(3)}`;
    if (!(after.loss < before.loss) || (task.strict && after.accuracy < before.accuracy))
      return {
        tuned: undefined,
        choice: {
          ...base,
          kept: false,
          why: `Validation prefers the head alone: fine-tuned ${compared}.`,
          ...judged,
        },
      };
    const choice = {
      ...base,
      kept: true,
      why: `Validation prefers the fine-tuned model: ${compared}.`,
      ...judged,
    };
    return { tuned: tunedOf(), choice };
  }
  const why =
    'Fine-tuned as asked; without validation photos nobody knows whether that is better than the head alone.';
  return { tuned: tunedOf(), choice: { ...base, kept: true, why } };

  function tunedOf(): Tuned {
    const history = done.history
      .filter(({ epoch }) => epoch > 0)
      .map((epoch) => ({
        epoch: epoch.epoch,
        learningRate: epoch.rateFactor * settings.learningRate,
        groups: [],
        shown: {
          trainLoss: epoch.trainLoss,
          trainAccuracy: epoch.trainAccuracy,
          valLoss: epoch.valLoss,
          valAccuracy: epoch.valAccuracy,
        },
      }));
    return {
      trunk,
      matrices: tunedMatrices,
      head: { ...head, weights: weights.head, history, bestEpoch: done.bestEpoch },
      settings,
      frozenUntil,
      blocks,
    };
  }
}

/** Features of the plain view, standardized as the head wants them. */
async function featuresOf(
  runner: PhotoRunner,
  photos: readonly Photo[],
  columns: number,
  { standardization }: Matrices,
  signal: AbortSignal | undefined,
): Promise<FeatureMatrix> {
  const data = new Float32Array(photos.length * columns);
  for await (const { place, vector } of runner.run(photos, () => ({ flip: false }), signal))
    data.set(vector, place * columns);
  const labels = Int32Array.from(photos, ({ label }) => label);
  const matrix = { rows: photos.length, columns, data, labels };
  standardize(matrix, standardization);
  return matrix;
}

import { createHash } from 'node:crypto';
import { HolotypeError } from '../../contract/errors.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { RateSearchResult, Sampling } from '../../contract/train.ts';
import type { Block } from '../../engine/graph/blocks.ts';
import { findTailRate } from '../../engine/train/finetune/find-tail-rate.ts';
import { createFlatOptimizer } from '../../engine/train/finetune/flat-optimizer.ts';
import type { FlatOptimizer } from '../../engine/train/finetune/flat-optimizer.ts';
import { nothing, planTail } from '../../engine/train/finetune/plan.ts';
import { photosAtOnce } from '../../engine/train/finetune/room.ts';
import { tailRateSteps } from '../../engine/train/finetune/tail-rates.ts';
import { createTail } from '../../engine/train/finetune/tail-model.ts';
import { secondsPerStep } from '../../engine/train/finetune/train-step.ts';
import { batchOf, trainTail } from '../../engine/train/finetune/train-tail.ts';
import type { TailEpoch, TailEvent, TailTraining } from '../../engine/train/finetune/train-tail.ts';
import { constantTensor } from '../../engine/train/tf.ts';
import type { Run } from '../../store/runs.ts';
import { BoundaryCache } from './boundary-cache.ts';
import { FrozenPhotos } from './boundary-photos.ts';
import { tellSearch } from './find-rate.ts';
import { peakRates, type FinetuneSettings } from './finetune-settings.ts';
import { saveTailState, type SavedTail } from './finetune-state.ts';
import { judgeTuned } from './finetune-verdict.ts';
import type { FinetuneOutcome, JudgedTask } from './finetune-verdict.ts';
import { PhotoRunner } from './photo-runner.ts';
import type { DividedPhotos } from './photos.ts';
import { Progress } from './progress.ts';

export interface FinetuneTask extends JudgedTask {
  readonly blocks: readonly Block[];
  readonly freezeUntil: string;
  readonly run: Run;
  readonly sampling: Sampling;
  /** Optimizer steps of the head: fine-tuning's are counted on from there. */
  readonly headSteps: number;
  /** Names photos and settings: a checkpoint of others is not gone on with. */
  readonly fingerprint: string;
  /** Seconds it may take by what its first steps say; Infinity: whatever it takes. */
  readonly budget: number;
  /** What it goes on from was trained on a faster device: whether the rest is within the budget is open again. */
  readonly moved: boolean;
  /** Aborted to end early with the best weights so far. */
  readonly stop?: AbortSignal;
}

/** Activations at the freeze boundary together take no more memory than this (bytes). */
const activationBytes = 1024 ** 3;
/** So much of it is for the validation photos'. */
const validationShare = 0.25;
/** A checkpoint is written when the last one is this old (ms), and this many times what writing it took. */
const checkpointEvery = { ms: 500, times: 40 };
/** Steps timed to tell how long fine-tuning takes; the first compiles and doesn't count. */
const timedSteps = 3;

/** What becomes of it where a person ends the training before anything was fine-tuned. */
export const stoppedBefore: FinetuneOutcome = {
  tuned: undefined,
  choice: { tried: false, kept: false, why: 'Left out: training was stopped before it.' },
};

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
  if (settings.updateBn && !plan.nodes.some(({ op }) => op === 'batch-norm')) {
    const message =
      'The trained blocks of this backbone have no batch normalization: there is none to adapt to your photos.';
    yield { type: 'warning', message };
  }
  const fingerprint = fingerprintOf(task);
  const resume = saved?.fingerprint === fingerprint ? saved.state : undefined;
  if (resume !== undefined) {
    const message = `Going on in epoch ${Math.min(resume.epoch, settings.epochs)} of ${settings.epochs}`;
    const from = { epoch: resume.epoch - 1, step: task.headSteps + resume.optimizerSteps };
    yield { type: 'stage', stage: 'finetune', message, from };
  }

  const { columns } = head.candidate;
  const start = { weights: head.weights, standardization: matrices.standardization, columns };
  const model = createTail(trunk.graph, plan, start, settings, constantTensor);
  const runner = new PhotoRunner(plan.frozen, policy, roots);
  let optimizer: FlatOptimizer | undefined;
  // A view that every epoch has to itself is never asked for again.
  const views = settings.views < settings.epochs ? settings.views : 1;
  const cache = await BoundaryCache.open(plan, policy);
  const photosOf = (photos: DividedPhotos['train'], share: number, most: number): FrozenPhotos => {
    const budget = share * activationBytes;
    const { dimension } = plan;
    const { seed, augmentation } = settings;
    const { answering } = matrices;
    const room = { runner, answering, cache, dimension, seed, augmentation, budget, views: most };
    return new FrozenPhotos(photos, room);
  };
  const train = photosOf(divided.train, 1 - validationShare, views);
  const val = divided.val.length === 0 ? undefined : photosOf(divided.val, validationShare, 1);
  const optimizerOf = (rates: FinetuneSettings): FlatOptimizer =>
    createFlatOptimizer(model.parts, { ...settings, kind: settings.optimizer, rates }, constantTensor);
  try {
    optimizer = optimizerOf(settings);
    let training: TailTraining = {
      ...settings,
      model,
      optimizer,
      classes,
      objective: task.objective,
      sampling: task.sampling,
      ...(settings.mixup + settings.cutmix > 0 ? { mixing: { ...settings, crossings: plan.crossings } } : {}),
      atOnce: photosAtOnce(plan, trunk.graph),
      train,
      ...(val === undefined ? {} : { val }),
      resume,
      stop: task.stop,
    };
    const looks = Math.min(settings.views, settings.epochs);
    const known = { train: await train.countStored(looks), val: (await val?.countStored(1)) ?? 0 };
    if (known.train + known.val > 0) {
      const total = divided.train.length * looks + divided.val.length;
      const message = `What the frozen blocks make of ${known.train + known.val} of ${total} views of photos is known from before`;
      yield { type: 'stage', stage: 'finetune', message };
    }
    if ((resume === undefined || task.moved) && Number.isFinite(task.budget)) {
      const left = 1 - ((resume?.epoch ?? 1) - 1) / settings.epochs;
      const estimate =
        left * (await estimateSeconds(training, train, known.train, settings.findRate === true, signal));
      if (estimate > task.budget)
        return {
          tuned: undefined,
          choice: {
            tried: resume !== undefined,
            kept: false,
            why: `Fine-tuning would take some ${Math.ceil(estimate / 60)} minutes here: left out. --recipe finetune does it.`,
          },
        };
    }
    let tuned = task;
    let rateSearch = resume === undefined ? undefined : saved?.rateSearch;
    if (settings.findRate === true) {
      rateSearch ??= yield* findRate(training, settings.learningRate, signal);
      if (rateSearch === undefined) return stoppedBefore;
      tuned = { ...task, settings: { ...settings, ...peakRates(rateSearch.chosen) } };
      optimizer.dispose();
      optimizer = optimizerOf(tuned.settings);
      training = { ...training, optimizer };
    }
    const done = yield* trainRound(training, tuned, { fingerprint, rateSearch }, cache, signal);
    await cache.close();
    yield* warnOf(cache);
    const { choice, ...outcome } = yield* judgeTuned(tuned, model, done, frozenUntil, plan.blocks, signal);
    return { ...outcome, choice: { ...choice, ...(rateSearch === undefined ? {} : { rateSearch }) } };
  } finally {
    optimizer?.dispose();
    model.dispose();
    await runner.close();
    await cache.close();
  }
}

/** The start weights are part of it: the same settings on another head are another training. */
function fingerprintOf({ fingerprint, settings, freezeUntil, head }: FinetuneTask): string {
  const hash = createHash('sha256').update(JSON.stringify([fingerprint, settings, freezeUntil]));
  for (const { kernel, bias } of head.weights.layers)
    for (const { data } of [kernel, bias])
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/**
 * Looks for the peak rate of the backbone's last block on the photos to learn from, in their plain view.
 *
 * @returns undefined when a person ended the training meanwhile
 */
async function* findRate(
  training: TailTraining,
  learningRate: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, RateSearchResult | undefined> {
  const message = 'Trying learning rates for fine-tuning, from low to high';
  yield { type: 'stage', stage: 'finetune', message };
  const { stop } = training;
  const either = AbortSignal.any([signal, stop].filter((one) => one !== undefined));
  try {
    return yield* tellSearch(findTailRate({ ...training, learningRate }, either), 'finetune', learningRate);
  } catch (error) {
    if (stop?.aborted === true && signal?.aborted !== true) return undefined;
    throw error;
  }
}

/** How long a training will take, by a few steps that are taken back. @param known views of photos that are stored @param finds its rate first */
async function estimateSeconds(
  training: TailTraining,
  train: FrozenPhotos,
  known: number,
  finds: boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { val, epochs, batchSize, views } = training;
  const rows = train.labels.length;
  const photos = [...Array(Math.min(batchSize, rows)).keys()];
  const { values, secondsPerPhoto } = await train.compute(photos, signal);
  const batch = { values, ...batchOf(train, photos, training.classes) };
  const perStep = secondsPerStep(training, batch, timedSteps);
  const validation = (val?.labels.length ?? 0) / rows / 3; // the forward third of a step
  const missing = rows * Math.min(views, epochs) - known;
  const looking = finds ? tailRateSteps(rows, Math.min(batchSize, rows)) * perStep : 0;
  return (
    looking + epochs * Math.ceil(rows / batchSize) * perStep * (1 + validation) + missing * secondsPerPhoto
  );
}

/** Trouble with stored activations costs time, not the training: one warning. */
function* warnOf(cache: BoundaryCache): Generator<JobEventBody, void> {
  const message = cache.takeProblem();
  if (message !== undefined) yield { type: 'warning', message };
}

async function* trainRound(
  training: TailTraining,
  task: FinetuneTask,
  about: Omit<SavedTail, 'state'>,
  cache: BoundaryCache,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Extract<TailEvent, { type: 'done' }>> {
  const { settings } = task;
  const progress = new Progress('finetune', 'steps');
  let due = performance.now() + checkpointEvery.ms;
  for await (const event of trainTail(training, signal)) {
    yield* warnOf(cache);
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
          await saveTailState(task.run, step, { ...about, state });
          yield { type: 'checkpoint', step, epoch: state.epoch - 1 };
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

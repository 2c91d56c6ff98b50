import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import type { Augmentation } from '../../contract/augment.ts';
import type { Dataset } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { JobEvent, JobEventBody } from '../../contract/job-events.ts';
import { trainOptionsSchema, trainResultSchema } from '../../contract/train.ts';
import type {
  RateSearchResult,
  Sampling,
  TrainOptions,
  TrainOptionsInput,
  TrainResult,
} from '../../contract/train.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import type { Objective } from '../../engine/train/losses.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import type { Trunk } from '../../engine/train/trunk.ts';
import type { Run } from '../../store/runs.ts';
import { openDataset } from '../dataset.ts';
import { chooseDevice } from '../devices.ts';
import type { Backbone } from '../models.ts';
import { answeringOf } from './answering.ts';
import { augmentationOf, headViews } from './augmenting.ts';
import { bridge, mapped } from './bridge.ts';
import { checkBackbone, checkFolders, checkOptions } from './check.ts';
import { CurveWatch, toldBefore } from './curves.ts';
import { FeatureStore, nameOf } from './feature-store.ts';
import type { FeatureView } from './feature-store.ts';
import { finetunePart } from './finetune-part.ts';
import type { FinetuneOutcome } from './finetune-verdict.ts';
import { findRate } from './find-rate.ts';
import { finish } from './finish.ts';
import { trainHead } from './head.ts';
import type { ChosenHead } from './head.ts';
import { buildMatrices } from './matrices.ts';
import { openBackbone } from './open-backbone.ts';
import { objectiveOf } from './objective.ts';
import { dividePhotos, withoutFailed } from './photos.ts';
import type { DividedPhotos } from './photos.ts';
import { Progress } from './progress.ts';
import { checkOut, openProjectRun, openTrainingRun } from './run.ts';
import { loadTailState } from './finetune-state.ts';
import { headSettings, trainingPolicy } from './settings.ts';
import type { HeadSettings } from './settings.ts';
import { stopwatch, WorkClock } from './surroundings.ts';
import type { TrainSurroundings } from './surroundings.ts';
import { TrainingDevice } from './training-device.ts';

/** Seconds each part of a training took. */
export type Seconds = TrainResult['seconds'];

/** What the last part of a training needs of the parts before it. */
export interface Trained {
  readonly options: TrainOptions;
  readonly device: TrainingDevice;
  readonly out: string;
  /** What the model is called; absent: as its folder. */
  readonly name?: string;
  readonly run: Run;
  readonly dataset: Dataset;
  readonly divided: ReturnType<typeof dividePhotos>;
  readonly backbone: Backbone;
  readonly policy: InputPolicy;
  readonly trunk: Trunk;
  readonly store: FeatureStore;
  readonly matrices: ReturnType<typeof buildMatrices>;
  readonly objective: Objective;
  /** Of the training photos, by the backbone as it was before fine-tuning. */
  readonly features: FeatureMatrix;
  readonly settings: ReturnType<typeof headSettings>;
  /** How its learning rate was found, where it was. */
  readonly rateSearch?: RateSearchResult;
  readonly head: ChosenHead;
  /** What became of fine-tuning; absent for the recipe `head`. */
  readonly finetuned?: FinetuneOutcome;
  readonly augmentation: Augmentation;
  /** Whether the head learned from mirror images, too. */
  readonly flips: boolean;
  readonly warnings: readonly string[];
  readonly seconds: Seconds;
  readonly started: number;
  readonly clock: WorkClock;
  readonly watch: CurveWatch;
  /** A person ended it early. */
  readonly stopped: boolean;
}

/**
 * Trains a classifier from a folder of photos and writes a saved model, report and run into `options.out`.
 *
 * @param input see trainOptionsSchema
 * @param signal cancels within a second; features and checkpoints that are done stay, for `resume`
 * @param surroundings where it stands; by default alone in a folder of its own
 * @yields what happens, each event also in the run's log
 * @returns what `train --json` prints
 * @throws HolotypeError; the generator yields `failed` or `cancelled` before it throws
 */
export async function* train(
  input: TrainOptionsInput,
  signal?: AbortSignal,
  surroundings: TrainSurroundings = {},
): AsyncGenerator<JobEvent, TrainResult> {
  const parsed = trainOptionsSchema.safeParse(input);
  if (!parsed.success)
    throw new HolotypeError(
      'bad-usage',
      `A training option is wrong: ${parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}.`,
      { remedy: 'Correct it; everything but the photos may be left out.' },
    );
  const options = parsed.data;
  checkOptions(options);
  await checkBackbone(options);
  const { place } = surroundings;
  const out = place?.out ?? resolve(options.out ?? `${basename(resolve(options.photos)) || 'photos'}-model`);
  await checkFolders(options);
  if (place === undefined) await checkOut(out, options);
  // Better told before the photos are read.
  const device = new TrainingDevice(
    await chooseDevice(options.device, signal === undefined ? {} : { signal }),
  );

  const { run, resumed, release } =
    place === undefined ? await openTrainingRun(out, options) : await openProjectRun(place, options.resume);
  const numbered = async (body: JobEventBody): Promise<JobEvent> => {
    // Progress is for the moment; what a reader of the log wants is what happened.
    const seq = body.type === 'batch' ? run.takeSeq() : await run.appendEvent(body);
    return { ...body, jobId: run.id, seq };
  };
  try {
    yield await numbered({ type: 'started', run: run.folder });
    const clock = new WorkClock();
    const watch = new CurveWatch(options, resumed ? await toldBefore(run) : []);
    const steps = trainSteps({ options, surroundings, device, out, run, resumed, clock, watch }, signal);
    const result = yield* clock.watch(mapped(watch.over(steps), numbered));
    yield await numbered({ type: 'done', model: result.model });
    return result;
  } catch (error) {
    const cancelled = signal?.aborted === true;
    const shape = toErrorShape(error);
    const last: JobEventBody = cancelled ? { type: 'cancelled' } : { type: 'failed', error: shape };
    // The disk may be what failed: the log must not hide the reason.
    yield await numbered(last).catch(() => ({ ...last, jobId: run.id, seq: run.takeSeq() }));
    if (!cancelled) throw error;
    throw new HolotypeError('cancelled', 'Training was cancelled; what was done is kept.', {
      remedy: 'Run the same command with --resume to go on.',
      cause: error,
    });
  } finally {
    await run.close();
    release();
  }
}

interface Training {
  readonly options: TrainOptions;
  readonly surroundings: TrainSurroundings;
  readonly device: TrainingDevice;
  readonly out: string;
  readonly run: Run;
  readonly resumed: boolean;
  readonly clock: WorkClock;
  readonly watch: CurveWatch;
}

async function* trainSteps(
  { options, surroundings, device, out, run, resumed, clock, watch }: Training,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, TrainResult> {
  const { stop, place } = surroundings;
  const started = clock.now();
  const seconds: Seconds = { total: 0, scan: 0, decode: 0, features: 0, head: 0, finetune: 0, export: 0 };
  const warnings: string[] = [];
  const warn = function* (messages: readonly string[]): Generator<JobEventBody, void> {
    for (const message of messages) {
      if (warnings.includes(message)) continue;
      warnings.push(message);
      yield { type: 'warning', message };
    }
  };
  /** Notes the warnings of a part that makes its own. */
  const heard = (body: JobEventBody): JobEventBody => {
    if (body.type === 'warning') warnings.push(body.message);
    return body;
  };
  const timed = stopwatch(clock);

  yield { type: 'stage', stage: 'scan', message: `Looking at the photos in ${options.photos}` };
  let dataset = yield* scan(options, place !== undefined, signal);
  yield* warn(dataset.warnings.map(({ message }) => message));
  seconds.scan = timed();

  const backbone = yield* openBackbone(options, signal);
  if (backbone.policyGuess !== undefined) yield* warn([backbone.policyGuess]);
  const policy = trainingPolicy(backbone.policy, options);
  const trunk = buildTrunk(backbone.graph, policy);
  timed();

  let divided = dividePhotos(dataset, options);
  const augmentation = await augmentationOf(options);
  const trainViews = headViews(augmentation, options, divided.train.length);
  const openStore = (): FeatureStore => new FeatureStore(trunk, policy, undefined, device.id);
  let store = openStore();
  const features = async function* (_: unknown, again: boolean) {
    if (again) {
      await store.close();
      store = openStore();
    }
    return yield* computeFeatures(store, divided, dataset.roots, trainViews, signal);
  };
  try {
    for (;;) {
      const failed = yield* mapped(device.use('features', features, signal), heard);
      if (failed.size === 0) break;
      dataset = withoutFailed(dataset, failed, options.task);
      divided = dividePhotos(dataset, options);
    }
    yield* warn([...dataset.warnings.map(({ message }) => message), ...divided.warnings]);
    if (store.storageProblem !== undefined)
      yield* warn([`Features could not be kept for next time: ${store.storageProblem}`]);
    seconds.features = timed();
    seconds.decode = store.times.decode;
    watch.know(dataset);

    const answering = answeringOf(options.task, dataset.classes.length, divided.train);
    const matrices = buildMatrices(store, divided, trunk.dimension, trainViews, answering);
    const objective = await objectiveOf(options, dataset.classes, matrices.train, answering.scale?.deviation);
    const usual = {
      matrices,
      classes: answering.outputs,
      objective,
      sampling: options.sampling,
      columns: { final: trunk.finalColumns, all: trunk.dimension },
      settings: headSettings(options, matrices.train.rows),
      weightDecay: options.weightDecay,
    };
    const search =
      options.findLearningRate === 'on'
        ? yield* mapped(
            device.use('choose', (id) => findRate(usual, id, signal), signal),
            heard,
          )
        : undefined;
    const settings = { ...usual.settings, ...(search && { learningRate: search.chosen }) };
    // Read before the head is trained again, whose checkpoints would push fine-tuning's out.
    const tail = resumed && options.recipe !== 'head' ? await loadTailState(run) : undefined;
    const source = [store.key, ...trainViews.map(nameOf)].join(' ');
    const print = fingerprint(divided, source, settings, objective, options.sampling);
    const headTask = {
      ...usual,
      groups: divided.trainGroups,
      settings,
      run,
      fingerprint: print,
      checkpoints: tail === undefined,
      ...(stop === undefined ? {} : { stop }),
    };
    const trainOn = (id: DeviceId, again: boolean) =>
      trainHead({ ...headTask, device: id }, resumed || again, signal);
    const head = yield* mapped(device.use('head', trainOn, signal), heard);
    seconds.head = timed();

    const finetuned = yield* mapped(
      finetunePart(
        {
          options,
          augmentation,
          device,
          run,
          dataset,
          divided,
          backbone,
          policy,
          matrices,
          objective,
          settings,
          head,
          fingerprint: print,
          ...(stop === undefined ? {} : { stop }),
        },
        tail,
        signal,
      ),
      heard,
    );
    if (finetuned !== undefined) {
      seconds.finetune = timed();
      if (!finetuned.choice.kept && options.recipe === 'finetune') yield* warn([finetuned.choice.why]);
    }

    const stopped = stop?.aborted === true;
    if (stopped) yield* warn(['Training was stopped early: the best weights up to then were kept.']);
    const tuned = finetuned?.tuned;
    const parts: Trained = {
      options,
      device,
      out,
      ...(place === undefined ? {} : { name: place.name }),
      run,
      dataset,
      divided,
      backbone,
      policy,
      trunk: tuned?.trunk ?? trunk,
      store,
      matrices: tuned?.matrices ?? matrices,
      objective,
      features: matrices.train,
      settings,
      ...(search === undefined ? {} : { rateSearch: search }),
      head: tuned?.head ?? head,
      ...(finetuned === undefined ? {} : { finetuned }),
      augmentation,
      flips: trainViews.includes('flip'),
      warnings,
      seconds,
      started,
      clock,
      watch,
      stopped,
    };
    const result = yield* mapped(
      device.use('export', () => finish(parts, signal), signal),
      heard,
    );
    return trainResultSchema.parse(result);
  } finally {
    await store.close();
  }
}

/** Names all that a head's training depends on, photos in their order included. */
function fingerprint(
  divided: DividedPhotos,
  features: string,
  settings: HeadSettings,
  objective: Objective,
  sampling: Sampling,
): string {
  const { train, val, trainGroups } = divided;
  const rows = [train, val].map((photos) =>
    photos.map(({ id, label, labels, target }) => [id, label, labels, target]),
  );
  return createHash('sha256')
    .update(JSON.stringify([features, settings, rows, [...trainGroups], objective, sampling]))
    .digest('hex');
}

async function* scan(
  options: TrainOptions,
  onlyListed: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Dataset> {
  const progress = new Progress('scan', 'photos');
  const reports = bridge<JobEventBody, Dataset>(
    (report, stop) =>
      openDataset(options.photos, {
        ...(options.labels === undefined ? {} : { labelsCsv: options.labels }),
        ...(options.val === undefined ? {} : { valFolder: options.val }),
        ...(options.groupBy === undefined ? {} : { groupBy: options.groupBy }),
        onlyListed,
        task: options.task,
        signal: stop,
        onProgress: ({ done, total }) => {
          const body = progress.at(done, total);
          if (body !== undefined) report(body);
        },
      }),
    signal,
  );
  return yield* reports;
}

async function* computeFeatures(
  store: FeatureStore,
  divided: ReturnType<typeof dividePhotos>,
  roots: readonly string[],
  trainViews: readonly FeatureView[],
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, Map<string, string>> {
  const wanted = [
    ...divided.train.map((photo) => ({ photo, views: trainViews })),
    ...[...divided.val, ...divided.test].map((photo) => ({ photo, views: ['plain'] as const })),
  ];
  const progress = new Progress('features', 'views');
  return yield* mapped(store.compute(wanted, roots, signal), ({ done, total, photos }) => {
    if (done > 0) return progress.at(done, total);
    const message = `Computing features of ${photos} photos (${total} views)`;
    return { type: 'stage', stage: 'features', message } as const;
  });
}

import { basename, join } from 'node:path';
import type { Photo } from '../../contract/dataset.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import { savedModelSchema, savedModelVersion } from '../../contract/saved-model.ts';
import type { SavedModel } from '../../contract/saved-model.ts';
import type { HeadHealth, TrainResult } from '../../contract/train.ts';
import { adviseOn } from '../../engine/evaluate/advice.ts';
import { assembleModel } from '../../engine/train/assemble-model.ts';
import { inspectHead } from '../../engine/train/head-health.ts';
import { writePredictions } from '../../store/predictions.ts';
import { softwareVersions } from '../../store/versions.ts';
import { answersFor } from './answers.ts';
import { mapped } from './bridge.ts';
import { judgeModel } from './judge-model.ts';
import type { JudgedModel } from './judge-model.ts';
import { learnUnlike } from './learn-unlike.ts';
import { lossText } from './objective.ts';
import { makeReport } from './report.ts';
import {
  answerNames,
  checkParity,
  describeFiles,
  exportModel,
  modelFiles,
  writeModel,
} from './save-model.ts';
import { parityTolerance, pixelsOf, type ParityPhoto } from './parity.ts';
import { parityPhotos, spread } from './spread.ts';
import { findSuspects } from './suspects.ts';
import type { Trained } from './train.ts';

/**
 * Judges the trained head, makes and checks the saved model and the report, and sums up. Nothing is written, and a
 * model that is there already stays as it is, until all of it is ready.
 *
 * @throws the signal's reason, as long as nothing is written
 */
export async function* finish(
  trained: Trained,
  signal?: AbortSignal,
): AsyncGenerator<JobEventBody, TrainResult> {
  const { options, out, run, dataset, divided, backbone, policy, trunk, matrices, head, seconds } = trained;
  const { classes } = dataset;
  const { task } = options;
  const started = trained.clock.now();
  yield { type: 'stage', stage: 'export', message: `Writing and checking the model in ${out}` };

  const judged = judgeModel(trained);
  const { temperature, thresholds, val, test, answers } = judged;

  const { columns } = head.candidate;
  const graph = assembleModel({
    trunk,
    head: head.weights,
    standardization: matrices.standardization,
    columns,
    temperature,
    ending: judged.ending,
  });
  const createdAt = new Date().toISOString();
  const name = trained.name ?? (basename(out) || 'model');
  const exported = await exportModel(graph, { name, task, classes, policy, createdAt });
  signal?.throwIfAborted();
  const photos = await photosForParity(trained, judged, signal);
  if (photos.length === 0) {
    const message =
      'The exports could not be checked against the trained model: the photos are gone or changed.';
    yield { type: 'warning', message };
  }
  // Numbers differ in proportion to what they span.
  const tolerance = parityTolerance * (matrices.answering.scale?.deviation ?? 1);
  const parity = await checkParity(exported, policy, photos, tolerance, signal);
  const suspects = yield* findSuspects(trained, answers, signal);
  const unlike = yield* mapped(learnUnlike(trained, signal), (): JobEventBody | undefined => undefined);
  const files = modelFiles(exported, answerNames(task, classes), unlike?.file);
  const counts = {
    train: divided.train.length,
    val: divided.val.length,
    test: divided.test.length,
    skipped: dataset.skipped.length,
  };
  const features = columns < trunk.dimension ? trunk.parts.slice(0, 1) : trunk.parts;
  const about: SavedModel = {
    formatVersion: savedModelVersion,
    kind: 'model',
    name,
    createdAt,
    task,
    classes,
    ...(thresholds === undefined ? {} : { thresholds }),
    ...(task === 'regression' ? { target: rangeOf(divided.train) } : {}),
    input: policy,
    backbone: {
      id: backbone.id,
      name: backbone.name,
      sha256: backbone.sha256,
      ...(backbone.licence === undefined ? {} : { licence: backbone.licence }),
    },
    recipe: {
      name: trained.finetuned?.tuned === undefined ? 'head' : 'finetune',
      hidden: [...trained.settings.hidden],
      features: features.map(({ node }) => node),
      optimizer: trained.settings.optimizer,
      learningRate: trained.settings.learningRate,
      weightDecay: head.candidate.weightDecay,
      batchSize: trained.settings.batchSize,
      epochs: trained.settings.epochs,
      bestEpoch: head.bestEpoch,
      flips: trained.flips,
      augment: trained.augmentation,
      ...describeHead(trained),
      ...describeObjective(trained),
      ...describeFinetuning(trained),
    },
    seed: options.seed,
    datasetHash: divided.hash,
    counts,
    metrics: { val, ...(test === undefined ? {} : { test }) },
    calibration: { temperature, applied: true },
    unknownBelow: judged.unknownBelow,
    ...(unlike === undefined ? {} : { unlike: unlike.about }),
    parity: { ...parity, tolerance },
    customLayers: exported.tfjs.customLayers,
    files: describeFiles(files),
    versions: softwareVersions(),
  };

  yield { type: 'stage', stage: 'report', message: 'Writing the report' };
  const health = healthOf(trained);
  const advice = adviseOn({
    metrics: val,
    classCounts: divided.classCounts,
    skipped: dataset.skipped,
    conflicts: dataset.conflicts,
    duplicatesAcrossSplits: divided.leaks,
    suspects,
    head: health,
    ...trained.watch.input,
    stoppedEarly: trained.stopped,
  });
  const totalSoFar = (trained.clock.now() - trained.started) / 1000;
  const html = await makeReport(trained, about, answers.val, { advice, health, seconds: totalSoFar }, signal);
  signal?.throwIfAborted();
  await writeModel(out, files, html, savedModelSchema.parse(about));
  await writePredictions(run.folder, [
    ...answersFor(trained, 'val', answers.val, thresholds),
    ...answersFor(trained, 'test', answers.test, thresholds),
  ]);
  seconds.export = (trained.clock.now() - started) / 1000;
  seconds.total = (trained.clock.now() - trained.started) / 1000;

  const { computed } = trained.store;
  const result: TrainResult = {
    model: out,
    run: run.folder,
    report: join(out, 'report.html'),
    ...(task === 'single-label' ? {} : { task }),
    classes,
    counts,
    skipped: dataset.skipped,
    metrics: about.metrics,
    device: trained.device.id,
    ...(trained.device.lost === undefined ? {} : { deviceLost: trained.device.lost }),
    backbone: backbone.id,
    recipe: trained.finetuned?.tuned === undefined ? 'head' : 'finetune',
    chosen: {
      weightDecay: head.candidate.weightDecay,
      features: columns < trunk.dimension ? 'final' : 'final and earlier blocks',
      comparedBy: head.comparedBy,
      candidates: head.candidates,
      ...(trained.rateSearch === undefined ? {} : { rateSearch: trained.rateSearch }),
      ...(trained.finetuned === undefined ? {} : { finetune: trained.finetuned.choice }),
    },
    head: health,
    seconds: { ...seconds },
    imagesPerSecond: computed > 0 ? computed / seconds.features : 0,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
    parity,
    advice,
    // Those of this part are among them: whoever runs it notes what it tells.
    warnings: [...trained.warnings],
    ...(trained.stopped ? { stoppedEarly: true } : {}),
    seed: options.seed,
  };
  await run.writeReport(result);
  return result;
}

/** The head's units, by photos as the network sees them that is saved. */
function healthOf({ finetuned, matrices, features, head }: Trained): HeadHealth {
  const tuned = finetuned?.tuned !== undefined;
  return inspectHead(head.weights, tuned ? (matrices.val ?? matrices.train) : features);
}

/** What the head is made of and how its weights were moved, beside what older versions knew. */
function describeHead({ settings }: Trained): Partial<SavedModel['recipe']> {
  const { schedule, warmup, ema, l1, l2, dropout, batchNorm, activation, init, clip } = settings;
  return {
    schedule,
    warmup,
    ema,
    l1,
    l2,
    dropout,
    batchNorm,
    ...(settings.hidden.length === 0 ? {} : { activation }),
    ...(init === undefined ? {} : { init }),
    ...(Number.isFinite(clip) ? { clip } : {}),
  };
}

/** What was made small, and what counted how much. */
function describeObjective({
  options,
  dataset,
  objective,
}: Trained): Pick<SavedModel['recipe'], 'loss' | 'labelSmoothing' | 'classWeights' | 'sampling'> {
  const { weights, labelSmoothing } = objective;
  return {
    loss: lossText(options),
    labelSmoothing,
    sampling: options.sampling,
    ...(weights === undefined
      ? {}
      : {
          classWeights: dataset.classes.map((name, c) => ({ class: name, weight: weights.present[c] ?? 1 })),
        }),
  };
}

function rangeOf(photos: readonly Photo[]): { low: number; high: number } {
  const targets = photos.map(({ target = 0 }) => target);
  return targets.reduce(
    ({ low, high }, target) => ({ low: Math.min(low, target), high: Math.max(high, target) }),
    { low: targets[0] ?? 0, high: targets[0] ?? 0 },
  );
}

/** How the backbone's tail was trained, if it was. */
function describeFinetuning({ finetuned, head }: Trained): Pick<SavedModel['recipe'], 'finetune'> {
  const tuned = finetuned?.tuned;
  if (tuned === undefined) return {};
  const { patience: _patience, seed: _seed, headWeightDecay: _decay, ...settings } = tuned.settings;
  const { frozenUntil, blocks } = tuned;
  return { finetune: { ...settings, frozenUntil, blocks: [...blocks], bestEpoch: head.bestEpoch } };
}

/**
 * Validation photos (training photos when there are none), spread evenly, with what the trained model answers. Those
 * that vanished or changed since their features were computed are left out.
 */
async function photosForParity(
  { divided, dataset, matrices, policy }: Trained,
  judged: JudgedModel,
  signal: AbortSignal | undefined,
): Promise<ParityPhoto[]> {
  const { outputs } = matrices.answering;
  const fromVal = divided.val.length > 0;
  const photos = fromVal ? divided.val : divided.train;
  const answers = fromVal ? judged.answers.val : judged.answer(matrices.train);
  const found = await Promise.all(
    spread(photos.length, parityPhotos).map(async (index): Promise<ParityPhoto[]> => {
      const photo = photos[index];
      if (photo === undefined) return [];
      const pixels = await pixelsOf(dataset.roots[photo.root] ?? '', photo, policy);
      signal?.throwIfAborted();
      if (pixels === undefined) return [];
      return [{ pixels, probabilities: answers.slice(index * outputs, (index + 1) * outputs) }];
    }),
  );
  return found.flat();
}

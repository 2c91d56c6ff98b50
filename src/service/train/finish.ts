import { basename, join } from 'node:path';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { Metrics } from '../../contract/metrics.ts';
import { savedModelSchema, savedModelVersion } from '../../contract/saved-model.ts';
import type { SavedModel } from '../../contract/saved-model.ts';
import type { TrainResult } from '../../contract/train.ts';
import { adviseOn } from '../../engine/evaluate/advice.ts';
import { fitTemperature, softmaxRows } from '../../engine/evaluate/calibration.ts';
import { evaluateClassifier } from '../../engine/evaluate/metrics.ts';
import { assembleModel, headLogits } from '../../engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { writePredictions } from '../../store/predictions.ts';
import { softwareVersions } from '../../store/versions.ts';
import { unknownThreshold } from './unknown-threshold.ts';
import { answersFor } from './answers.ts';
import { makeReport } from './report.ts';
import { checkParity, describeFiles, exportModel, modelFiles, writeModel } from './save-model.ts';
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
  const started = trained.clock.now();
  yield { type: 'stage', stage: 'export', message: `Writing and checking the model in ${out}` };

  const judge = (matrix: FeatureMatrix | undefined): { logits: Float32Array; labels: Int32Array } =>
    matrix === undefined
      ? { logits: new Float32Array(), labels: new Int32Array() }
      : { logits: headLogits(head.weights, matrix), labels: matrix.labels };
  const onVal = judge(matrices.val);
  const temperature = fitTemperature(onVal.logits, onVal.labels, classes.length);
  const evaluate = (answers: { logits: Float32Array; labels: Int32Array }): Metrics =>
    evaluateClassifier({ ...answers, classes, temperature, seed: options.seed });
  const val = evaluate(onVal);
  const onTest = judge(matrices.test);
  const test = matrices.test === undefined ? undefined : evaluate(onTest);
  const probabilities = softmaxRows(onVal.logits, classes.length, temperature);
  const testProbabilities = softmaxRows(onTest.logits, classes.length, temperature);

  const { columns } = head.candidate;
  const graph = assembleModel({
    trunk,
    head: head.weights,
    standardization: matrices.standardization,
    columns,
    temperature,
  });
  const createdAt = new Date().toISOString();
  const name = trained.name ?? (basename(out) || 'model');
  const exported = await exportModel(graph, { name, classes, policy, createdAt });
  signal?.throwIfAborted();
  const photos = await photosForParity(trained, probabilities, temperature, signal);
  if (photos.length === 0) {
    const message =
      'The exports could not be checked against the trained model: the photos are gone or changed.';
    yield { type: 'warning', message };
  }
  const parity = await checkParity(exported, policy, photos, signal);
  const suspects = yield* findSuspects(trained, { val: probabilities, test: testProbabilities }, signal);
  const files = modelFiles(exported, classes);
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
    task: 'single-label',
    classes,
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
      ...describeFinetuning(trained),
    },
    seed: options.seed,
    datasetHash: divided.hash,
    counts,
    metrics: { val, ...(test === undefined ? {} : { test }) },
    calibration: { temperature, applied: true },
    unknownBelow: unknownThreshold(probabilities, onVal.labels, classes.length),
    parity: { ...parity, tolerance: parityTolerance },
    customLayers: exported.tfjs.customLayers,
    files: describeFiles(files),
    versions: softwareVersions(),
  };

  yield { type: 'stage', stage: 'report', message: 'Writing the report' };
  const advice = adviseOn({
    metrics: val,
    classCounts: divided.classCounts,
    skipped: dataset.skipped,
    conflicts: dataset.conflicts,
    duplicatesAcrossSplits: divided.leaks,
    suspects,
    ...trained.watch.input,
    stoppedEarly: trained.stopped,
  });
  const totalSoFar = (trained.clock.now() - trained.started) / 1000;
  const html = await makeReport(trained, about, probabilities, advice, totalSoFar, signal);
  signal?.throwIfAborted();
  await writeModel(out, files, html, savedModelSchema.parse(about));
  await writePredictions(run.folder, [
    ...answersFor(trained, 'val', probabilities),
    ...answersFor(trained, 'test', testProbabilities),
  ]);
  seconds.export = (trained.clock.now() - started) / 1000;
  seconds.total = (trained.clock.now() - trained.started) / 1000;

  const { computed } = trained.store;
  const result: TrainResult = {
    model: out,
    run: run.folder,
    report: join(out, 'report.html'),
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
      ...(trained.finetuned === undefined ? {} : { finetune: trained.finetuned.choice }),
    },
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
  { divided, dataset, matrices, policy, head }: Trained,
  valProbabilities: Float32Array,
  temperature: number,
  signal: AbortSignal | undefined,
): Promise<ParityPhoto[]> {
  const classes = dataset.classes.length;
  const fromVal = divided.val.length > 0;
  const photos = fromVal ? divided.val : divided.train;
  const probabilities = fromVal
    ? valProbabilities
    : softmaxRows(headLogits(head.weights, matrices.train), classes, temperature);
  const found = await Promise.all(
    spread(photos.length, parityPhotos).map(async (index): Promise<ParityPhoto[]> => {
      const photo = photos[index];
      if (photo === undefined) return [];
      const pixels = await pixelsOf(dataset.roots[photo.root] ?? '', photo, policy);
      signal?.throwIfAborted();
      if (pixels === undefined) return [];
      return [{ pixels, probabilities: probabilities.slice(index * classes, (index + 1) * classes) }];
    }),
  );
  return found.flat();
}

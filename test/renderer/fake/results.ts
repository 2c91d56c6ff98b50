import type { EpochPoint, RunDetail, RunPhoto, RunSummary } from '../../../src/contract/runs.ts';
import type { TrainSettings } from '../../../src/contract/train-settings.ts';
import type { Metrics } from '../../../src/contract/metrics.ts';
import { adviseOn } from '../../../src/engine/evaluate/advice.ts';
import { evaluateClassifier } from '../../../src/engine/evaluate/metrics.ts';
import { recount, type FakeProject } from './world.ts';

export interface FakeRun {
  /** 1, 2, 3, ... */
  readonly number: number;
  /** One photo of so many is answered wrong; 0: none. */
  readonly wrongEvery?: number;
  /** Keeps some photos for the final test. */
  readonly test?: boolean;
  readonly settings?: TrainSettings;
  /** As runs of older versions: without answers for photos. */
  readonly old?: boolean;
  readonly suspects?: number;
}

/** The id of a run that `addResult` made. */
export function runId(number: number): string {
  return `2025030${number}T101500-123Z-0a1b2c3d`;
}

/** Puts a finished run with all its figures into a project; they are computed as the engine does. */
export function addResult(project: FakeProject, run: FakeRun): void {
  const { number, wrongEvery = 6, test = false, settings = {}, old = false, suspects = 0 } = run;
  const id = runId(number);
  const classes = project.state.classes.map(({ name }) => name);
  const photos = answersOf(project, classes, wrongEvery, test);
  const val = metricsOf(
    photos.filter(({ split }) => split === 'val'),
    classes,
  );
  const forTest = test
    ? metricsOf(
        photos.filter(({ split }) => split === 'test'),
        classes,
      )
    : undefined;
  const train = project.photos.filter(({ labels }) => labels.length > 0).length - photos.length;
  const { count } = val;
  const advice = adviseOn({
    metrics: val,
    classCounts: classes.map((name) => ({
      class: name,
      train: project.photos.filter(({ labels }) => labels[0] === name).length,
      val: photos.filter(({ truth }) => truth === name).length,
      test: 0,
    })),
  });
  const summary: RunSummary = {
    id,
    number,
    createdAt: `2025-03-0${number}T10:15:00.123Z`,
    state: 'finished',
    backbone: 'mobilenet-v2',
    recipe: 'finetune',
    accuracy: val.accuracy,
    accuracyInterval: val.accuracyInterval,
    macroF1: val.macroF1,
    seconds: 192.4,
    photos: train,
    error: null,
  };
  const detail: RunDetail = {
    summary,
    settings: { quality: 'balanced', ...settings },
    result: {
      model: '/models/leaves',
      run: '/runs/leaves',
      report: '/runs/leaves/report.html',
      classes,
      counts: { train, val: count, test: forTest?.count ?? 0, skipped: 3 },
      skipped: [],
      metrics: { val, ...(forTest === undefined ? {} : { test: forTest }) },
      device: 'cpu',
      backbone: 'mobilenet-v2',
      recipe: 'finetune',
      chosen: {
        weightDecay: 0.01,
        features: 'pooled',
        comparedBy: 'cross-validation',
        candidates: 5,
        finetune: { tried: true, kept: true, why: 'It was right more often.', epochs: 8, bestEpoch: 6 },
      },
      seconds: { total: 192.4, scan: 2, decode: 20, features: 50, head: 12, finetune: 120, export: 8 },
      imagesPerSecond: 34,
      peakRssBytes: 1.2e9,
      parity: { photos: 16, tfjsPhotos: 4, onnx: 1e-6, tfjs: 1e-6 },
      advice,
      warnings: [],
      seed: 0,
    },
    advice,
    curves: curvesOf(val.accuracy ?? 0.5),
    unknownBelow: 0.5,
  };
  // In the order they were made, as the engine lists them.
  project.runs = [...project.runs, summary];
  project.runPhotos.set(id, old ? [] : photos);
  project.details.set(id, detail);
  project.suspects.set(
    id,
    photos
      .filter(({ truth, predicted }) => truth !== predicted)
      .slice(0, suspects)
      .map(({ photo, path, truth, predicted, confidence }) => ({
        photo,
        path,
        given: truth,
        suggested: predicted,
        score: confidence,
      })),
  );
  project.state = { ...project.state, lastRun: id };
}

/** Gives the photos of a project other classes, in turn. */
export function withClasses(project: FakeProject, names: readonly string[]): void {
  project.photos = project.photos.map((row, at) => ({ ...row, labels: [names[at % names.length] ?? ''] }));
  project.state = {
    ...project.state,
    classes: names.map((name, at) => ({ name, color: at % 12, count: 0 })),
  };
  recount(project);
}

function answersOf(
  project: FakeProject,
  classes: readonly string[],
  wrongEvery: number,
  test: boolean,
): RunPhoto[] {
  const kept = project.photos.filter(({ labels }) => labels.length > 0);
  return kept.flatMap((row, at): RunPhoto[] => {
    const turn = Math.floor(at / classes.length) % 4;
    const split = turn % 2 === 0 ? 'val' : test && turn === 1 ? 'test' : undefined;
    if (split === undefined) return [];
    const truth = row.labels[0] ?? '';
    const own = classes.indexOf(truth);
    const wrong = wrongEvery > 0 && at % wrongEvery === 2;
    const answer = wrong ? (own + 1 + (at % Math.max(1, classes.length - 1))) % classes.length : own;
    const predicted = classes[answer] ?? truth;
    // Sure mostly, least so where it errs.
    const confidence = (wrong ? 0.52 : 0.72) + ((at * 7) % 27) / 100;
    const rest = (1 - confidence) / Math.max(1, classes.length - 1);
    return [
      {
        photo: row.id,
        path: row.path,
        split,
        truth,
        predicted,
        confidence,
        probabilities: classes.map((_, n) => (n === answer ? confidence : rest)),
      },
    ];
  });
}

function metricsOf(photos: readonly RunPhoto[], classes: readonly string[]): Metrics {
  return evaluateClassifier({
    logits: Float32Array.from(photos.flatMap(({ probabilities }) => probabilities.map(Math.log))),
    labels: Int32Array.from(photos, ({ truth }) => classes.indexOf(truth)),
    classes,
    temperature: 1,
  });
}

/** Twelve epochs of the head and eight of fine-tuning. */
export function curvesOf(accuracy: number): EpochPoint[] {
  return Array.from({ length: 20 }, (_, at): EpochPoint => {
    const stage = at < 12 ? 'head' : 'finetune';
    const far = 1 - Math.exp(-(at + 1) / 5);
    return {
      stage,
      epoch: at < 12 ? at + 1 : at - 11,
      trainLoss: 1.2 * (1 - far) + 0.08,
      valLoss: 1.1 * (1 - far) + 0.22 + (at > 16 ? 0.01 * (at - 16) : 0),
      trainAccuracy: 0.4 + 0.58 * far,
      valAccuracy: 0.35 + (accuracy - 0.35) * far,
      learningRate: 0.002 * (1 - at / 20),
    };
  });
}

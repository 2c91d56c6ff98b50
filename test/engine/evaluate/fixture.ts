import { seededRandom } from '../../../src/engine/data/random.ts';
import { adviseOn } from '../../../src/engine/evaluate/advice.ts';
import { fitTemperature, softmaxRows } from '../../../src/engine/evaluate/calibration.ts';
import { evaluateClassifier } from '../../../src/engine/evaluate/metrics.ts';
import type { ReportData, ReportPrediction } from '../../../src/engine/evaluate/report-data.ts';

/** Logits of a classifier that is right most of the time, a little too sure, with one hard class (the last). */
export function syntheticAnswers(classes: readonly string[], count: number, seed = 1, skill = 3.2) {
  const random = seededRandom(seed);
  const c = classes.length;
  const labels = Int32Array.from({ length: count }, (_, i) => i % c);
  const logits = new Float32Array(count * c);
  for (let i = 0; i < count; i++) {
    const label = labels[i] ?? 0;
    const own = label === c - 1 && c > 2 ? skill * 0.55 : skill;
    for (let j = 0; j < c; j++) logits[i * c + j] = 1.8 * (random.normal() + (j === label ? own : 0));
  }
  return { logits, labels, classes: [...classes] };
}

/** A 1 x 1 GIF. */
export const dot = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';

/** A whole report's data, made up but consistent. */
export function syntheticReport(
  options: {
    classes?: readonly string[];
    count?: number;
    pathOf?: (label: string, index: number) => string;
    thumbnailOf?: (path: string) => string | undefined;
    skill?: number;
  } = {},
): ReportData {
  const classes = options.classes ?? ['ants', 'bees'];
  const answers = syntheticAnswers(classes, options.count ?? 60, 7, options.skill);
  const temperature = fitTemperature(answers.logits, answers.labels, classes.length);
  const val = evaluateClassifier({ ...answers, temperature, seed: 42 });
  const probabilities = softmaxRows(answers.logits, classes.length, temperature);
  const predictions: ReportPrediction[] = [...answers.labels].map((label, i) => {
    const row = [...probabilities.subarray(i * classes.length, (i + 1) * classes.length)];
    const confidence = Math.max(...row);
    const name = classes[label] ?? '';
    const path = options.pathOf?.(name, i) ?? `${name}/IMG_${1000 + i}.jpg`;
    const thumbnail = options.thumbnailOf === undefined ? dot : options.thumbnailOf(path);
    return {
      path,
      label: name,
      predicted: classes[row.indexOf(confidence)] ?? '',
      confidence,
      probabilities: row,
      ...(thumbnail === undefined ? {} : { thumbnail }),
    };
  });
  const classCounts = val.perClass.map((one, i) => ({
    class: one.class,
    train: 40 + 37 * i,
    val: one.support,
    test: 0,
  }));
  const skipped = [
    { path: 'ants/broken.jpg', reason: 'The file ends in the middle of the picture.' },
    { path: 'bees/IMG_0042.HEIC', reason: 'HEIC photos cannot be read here; export it as JPEG.' },
    { path: 'bees/notes.txt', reason: 'Not a picture.' },
  ];
  const conflicts = [{ paths: ['ants/x1.jpg', 'bees/x1 copy.jpg'], labels: ['ants', 'bees'] }];
  return {
    name: 'field-insects',
    createdAt: '2026-05-04T10:20:30Z',
    classes,
    counts: {
      train: classCounts.reduce((sum, { train }) => sum + train, 0),
      val: val.count,
      test: 0,
      skipped: skipped.length,
    },
    classCounts,
    metrics: { val },
    history: Array.from({ length: 30 }, (_, i) => ({
      epoch: i + 1,
      trainLoss: 0.05 + 0.65 * Math.exp(-i / 5),
      valLoss: 0.18 + 0.5 * Math.exp(-i / 5) + 0.003 * Math.max(0, i - 15),
      trainAccuracy: 0.99 - 0.35 * Math.exp(-i / 4),
      valAccuracy: 0.95 - 0.33 * Math.exp(-i / 4),
      learningRate: 0.001 * (1 + Math.cos((Math.PI * i) / 30)) * 0.5,
    })),
    bestEpoch: 16,
    predictions,
    skipped,
    duplicates: [
      { kind: 'exact', paths: ['ants/a.jpg', 'ants/a (1).jpg'] },
      { kind: 'near', paths: ['bees/burst1.jpg', 'bees/burst2.jpg', 'bees/burst3.jpg'] },
    ],
    conflicts,
    advice: adviseOn({ metrics: val, classCounts, skipped, conflicts }),
    recipe: 'head',
    settings: [
      { name: 'Epochs', value: '30', explanation: 'How often it goes through all training photos at most.' },
      {
        name: 'Learning rate',
        value: '0.001',
        explanation: 'How large a step it takes after each batch of photos.',
      },
      {
        name: 'Weight decay',
        value: '0.01',
        explanation: 'Pulls towards simple answers; more helps when photos are few.',
      },
    ],
    backbone: {
      id: 'mobilenet_v2_1.0_224',
      name: 'MobileNetV2 1.0',
      licence: 'Apache-2.0',
      sha256: 'c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5',
    },
    inputPolicy: {
      height: 224,
      width: 224,
      resize: 'crop',
      cropFraction: 0.875,
      mean: [123.675, 116.28, 103.53],
      std: [58.395, 57.12, 57.375],
    },
    device: 'CPU, 2 cores',
    seconds: 18.4,
    seed: 42,
    datasetHash: '9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de',
    versions: { holotype: '0.1.0', 'onnxruntime-node': '1.30.0', '@tensorflow/tfjs-core': '4.22.0' },
    files: [
      { path: 'model.onnx', bytes: 9_412_345 },
      { path: 'tfjs/weights.bin', bytes: 9_300_000 },
      { path: 'labels.txt', bytes: 10 },
    ],
    parity: [
      { format: 'ONNX', photos: 32, maxDifference: 3.2e-7 },
      { format: 'TensorFlow.js', photos: 32, maxDifference: 1.4e-5 },
    ],
  };
}

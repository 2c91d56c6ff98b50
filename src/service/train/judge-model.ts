/** What a trained model answers for photos that it did not learn from, and how good that is; by task. */
import type { Metrics } from '../../contract/metrics.ts';
import { fitTemperature, softmaxRows } from '../../engine/evaluate/calibration.ts';
import { sigmoids } from '../../engine/evaluate/logistic.ts';
import { evaluateClassifier } from '../../engine/evaluate/metrics.ts';
import { chooseThresholds, evaluateLabels, fitLabelTemperature } from '../../engine/evaluate/multi-label.ts';
import { evaluateNumbers } from '../../engine/evaluate/numbers.ts';
import { headLogits } from '../../engine/train/assemble-model.ts';
import type { ModelEnding } from '../../engine/train/assemble-model.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import type { Trained } from './train.ts';
import { unknownThreshold } from './unknown-threshold.ts';

export interface JudgedModel {
  readonly temperature: number;
  readonly ending: ModelEnding;
  /** With several labels a photo. */
  readonly thresholds?: number[];
  readonly unknownBelow: number;
  readonly val: Metrics;
  /** Absent where there are no test photos. */
  readonly test?: Metrics;
  /** Calibrated probabilities [photos, classes], or numbers in their own units, of the splits' photos. */
  readonly answers: { readonly val: Float32Array; readonly test: Float32Array };
  /** The same for any features. */
  answer(matrix: FeatureMatrix): Float32Array;
}

type Parts = Pick<Trained, 'options' | 'dataset' | 'matrices' | 'head'>;

/** Judges the trained head on validation and test photos; temperature and thresholds are fitted on validation. */
export function judgeModel({ options, dataset, matrices, head }: Parts): JudgedModel {
  const { answering } = matrices;
  const outputs = (matrix: FeatureMatrix | undefined): Float32Array =>
    matrix === undefined ? new Float32Array() : headLogits(head.weights, matrix);
  const [onVal, onTest] = [outputs(matrices.val), outputs(matrices.test)];
  const { classes } = dataset;
  const { seed } = options;
  const shared = <T extends object>(
    part: T,
    turn: (outputs: Float32Array) => Float32Array,
    evaluate: (matrix: FeatureMatrix | undefined, outputs: Float32Array) => Metrics,
  ) => ({
    ...part,
    val: evaluate(matrices.val, onVal),
    ...(matrices.test === undefined ? {} : { test: evaluate(matrices.test, onTest) }),
    answers: { val: turn(onVal), test: turn(onTest) },
    answer: (matrix: FeatureMatrix) => turn(headLogits(head.weights, matrix)),
  });

  if (answering.task === 'regression') {
    const { mean, deviation } = answering.scale ?? { mean: 0, deviation: 1 };
    const turn = (values: Float32Array): Float32Array => values.map((value) => value * deviation + mean);
    const ending = { kind: 'number', mean, deviation } as const;
    return shared({ temperature: 1, ending, unknownBelow: 0 }, turn, (matrix, values) =>
      evaluateNumbers(turn(values), turn(matrix?.targets ?? new Float32Array()), seed),
    );
  }
  if (answering.task === 'multi-label') {
    const known = matrices.val?.targets ?? new Float32Array();
    const temperature = fitLabelTemperature(onVal, known);
    const turn = (logits: Float32Array): Float32Array => sigmoids(logits, temperature);
    const thresholds = chooseThresholds(turn(onVal), known, classes.length);
    const part = { temperature, ending: { kind: 'sigmoid' } as const, thresholds, unknownBelow: 0 };
    return shared(part, turn, (matrix, logits) => {
      const targets = matrix?.targets ?? new Float32Array();
      return evaluateLabels({ logits, targets, classes, thresholds, temperature, seed });
    });
  }
  const labels = matrices.val?.labels ?? new Int32Array();
  const temperature = fitTemperature(onVal, labels, classes.length);
  const turn = (logits: Float32Array): Float32Array => softmaxRows(logits, classes.length, temperature);
  const unknownBelow = unknownThreshold(turn(onVal), labels, classes.length);
  const part = { temperature, ending: { kind: 'softmax' } as const, unknownBelow };
  return shared(part, turn, (matrix, logits) =>
    evaluateClassifier({ logits, labels: matrix?.labels ?? new Int32Array(), classes, temperature, seed }),
  );
}

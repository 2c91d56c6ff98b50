import type { InputPolicy } from '../../contract/input-policy.ts';
import type { OptimizerKind, TrainOptions } from '../../contract/train.ts';

/** What a head is trained with, once everything left open is settled. */
export interface HeadSettings {
  readonly optimizer: OptimizerKind;
  readonly learningRate: number;
  readonly warmup: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number;
  readonly hidden: readonly number[];
  readonly seed: number;
}

/** Above this many training photos, mirrored copies cost more time than they bring. */
const manyPhotos = 10_000;

/** Whether the training photos are learned mirrored, too. @param photos to learn from */
export function withFlips({ flips }: TrainOptions, photos: number): boolean {
  return flips === 'auto' ? photos <= manyPhotos : flips === 'on';
}

/**
 * How photos are fitted to a backbone's input. ImageNet's habit of cutting away the rim (cropFraction 0.875) loses 1 to
 * 2 points on flowers and hymenoptera: a person's photos are framed as they want them.
 */
export function trainingPolicy(backbone: InputPolicy, { resize }: Pick<TrainOptions, 'resize'>): InputPolicy {
  return { ...backbone, cropFraction: 1, ...(resize === undefined ? {} : { resize }) };
}

/** Optimizer steps that bring a linear head on standardized features to rest, and bounds on the epochs they take. */
const usualSteps = 1500;
const fewestEpochs = 15;
const mostEpochs = 60;

/** Peak learning rates for standardized features, from the comparison in choose-decay's measurements. */
const learningRates: Record<OptimizerKind, number> = { adamw: 2e-3, adam: 2e-3, sgd: 2e-2 };

/** @param rows training rows: views of photos */
export function headSettings(options: TrainOptions, rows: number): HeadSettings {
  const batchSize = Math.min(options.batchSize, Math.max(1, rows));
  const stepsPerEpoch = Math.ceil(rows / batchSize);
  const epochs =
    options.epochs ?? Math.min(mostEpochs, Math.max(fewestEpochs, Math.ceil(usualSteps / stepsPerEpoch)));
  return {
    optimizer: options.optimizer,
    learningRate: options.learningRate ?? learningRates[options.optimizer],
    warmup: 0.05,
    batchSize,
    epochs,
    patience: Math.max(10, Math.ceil(epochs / 3)),
    hidden: options.hidden,
    seed: options.seed,
  };
}

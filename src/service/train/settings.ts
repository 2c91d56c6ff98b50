import type { InputPolicy } from '../../contract/input-policy.ts';
import type { HeadActivation, Initializer, OptimizerKind, TrainOptions } from '../../contract/train.ts';
import type { ScheduleKind, StopMetric } from '../../contract/train.ts';
import { earlyStopOf } from '../../engine/train/early-stop.ts';
import { usualWarmup } from '../../engine/train/schedule.ts';

/** What a head is trained with, once everything left open is settled. */
export interface HeadSettings {
  readonly optimizer: OptimizerKind;
  readonly learningRate: number;
  readonly schedule: ScheduleKind;
  readonly warmup: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly stopMetric: StopMetric;
  readonly patience: number;
  readonly hidden: readonly number[];
  readonly activation: HeadActivation;
  /** Undefined: what suits the activation. */
  readonly init: Initializer | undefined;
  readonly batchNorm: boolean;
  readonly dropout: number;
  readonly l1: number;
  readonly l2: number;
  /** Infinity: gradients are never scaled down. */
  readonly clip: number;
  readonly ema: number;
  readonly seed: number;
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
const learningRates: Record<OptimizerKind, number> = {
  adamw: 2e-3,
  adam: 2e-3,
  momentum: 2e-2,
  sgd: 2e-1,
  rmsprop: 1e-3,
};

/** @param rows training rows: views of photos */
export function headSettings(options: TrainOptions, rows: number): HeadSettings {
  const batchSize = Math.min(options.batchSize, Math.max(1, rows));
  const stepsPerEpoch = Math.ceil(rows / batchSize);
  const epochs =
    options.epochs ?? Math.min(mostEpochs, Math.max(fewestEpochs, Math.ceil(usualSteps / stepsPerEpoch)));
  const { metric: stopMetric, patience } = earlyStopOf(
    options.earlyStop,
    Math.max(10, Math.ceil(epochs / 3)),
  );
  return {
    optimizer: options.optimizer,
    learningRate: options.learningRate ?? learningRates[options.optimizer],
    schedule: options.schedule,
    warmup: options.warmup ?? usualWarmup(options.schedule, 0.05),
    batchSize,
    epochs,
    stopMetric,
    patience,
    hidden: options.hidden,
    activation: options.activation,
    init: options.init,
    batchNorm: options.batchNorm === 'on',
    dropout: options.dropout,
    l1: options.l1,
    l2: options.l2,
    clip: options.clip ?? Number.POSITIVE_INFINITY,
    ema: options.ema ?? 0,
    seed: options.seed,
  };
}

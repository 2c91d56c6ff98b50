import type { OptimizerKind, ScheduleKind, StopMetric, TrainOptions } from '../../contract/train.ts';
import { earlyStopOf } from '../../engine/train/early-stop.ts';
import { usualWarmup } from '../../engine/train/schedule.ts';
import type { Rates } from '../../engine/train/finetune/flat-optimizer.ts';

/** What a tail is trained with, once everything left open is settled. */
export interface FinetuneSettings extends Rates {
  readonly optimizer: OptimizerKind;
  readonly batchSize: number;
  readonly epochs: number;
  readonly stopMetric: StopMetric;
  readonly patience: number;
  readonly schedule: ScheduleKind;
  readonly warmup: number;
  readonly clip: number;
  readonly ema: number;
  /** Penalties on the head's weights and what of its inputs is left out, as when it was trained alone. */
  readonly l1: number;
  readonly l2: number;
  readonly dropout: number;
  /** Batch norms of the trained blocks follow the photos. */
  readonly updateBn: boolean;
  readonly labelSmoothing: number;
  readonly views: number;
  readonly seed: number;
}

/** The recipe `auto` fine-tunes when that takes no longer than this (s). */
export const autoBudget = 600;

/** Optimizer steps that bring a tail to rest, and bounds on the epochs they take. */
const usualSteps = 700;
const fewestEpochs = 6;
const mostEpochs = 20;

/**
 * Peak learning rates of the backbone's last block. A backbone whose batch norms were folded into its convolutions
 * bears no more: with momentum at the 1e-3 of many tutorials a folded MobileNetV2 falls to chance.
 */
const learningRates: Record<OptimizerKind, number> = {
  adamw: 3e-4,
  adam: 3e-4,
  momentum: 3e-4,
  sgd: 3e-3,
  rmsprop: 1e-4,
};

/**
 * @param photos to learn from
 * @param headDecay the weight decay that was found best for the head alone
 */
export function finetuneSettings(options: TrainOptions, photos: number, headDecay: number): FinetuneSettings {
  const batchSize = Math.min(options.finetuneBatchSize ?? 32, Math.max(1, photos));
  const stepsPerEpoch = Math.ceil(photos / batchSize);
  const usual = Math.min(mostEpochs, Math.max(fewestEpochs, Math.round(usualSteps / stepsPerEpoch)));
  const epochs = options.finetuneEpochs ?? usual;
  const usualPatience = Math.max(3, Math.ceil(epochs / 2));
  const { metric: stopMetric, patience } = earlyStopOf(options.earlyStop, usualPatience);
  const learningRate = options.finetuneLearningRate ?? learningRates[options.optimizer];
  return {
    optimizer: options.optimizer,
    learningRate,
    headLearningRate: learningRate * 2,
    layerDecay: options.layerDecay ?? 0.9,
    weightDecay: 0.05,
    headWeightDecay: headDecay,
    batchSize,
    epochs,
    stopMetric,
    patience,
    schedule: options.schedule,
    warmup: options.warmup ?? usualWarmup(options.schedule, 0.1),
    clip: options.clip ?? 1,
    ema: options.ema ?? 0.99,
    l1: options.l1,
    l2: options.l2,
    dropout: options.dropout,
    updateBn: options.updateBn === 'on',
    labelSmoothing: options.labelSmoothing ?? 0,
    views: options.views ?? epochs,
    seed: options.seed,
  };
}

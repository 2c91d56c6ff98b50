import type { Augmentation } from '../../contract/augment.ts';
import type { OptimizerKind, ScheduleKind, StopMetric, TrainOptions } from '../../contract/train.ts';
import { earlyStopOf } from '../../engine/train/early-stop.ts';
import { changesAnything } from '../../engine/train/finetune/views.ts';
import { usualWarmup } from '../../engine/train/schedule.ts';
import type { Rates } from '../../engine/train/finetune/flat-optimizer.ts';
import { presetOf } from './augmenting.ts';

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
  /** How each of them changes the photo; the first doesn't. */
  readonly augmentation: Augmentation;
  /** Alphas of the mixtures that photos are learned in; 0: none. */
  readonly mixup: number;
  readonly cutmix: number;
  readonly seed: number;
  /** Its learning rate is looked for first; absent: it is the one above. */
  readonly findRate?: true;
}

/** The recipe `auto` fine-tunes when that takes no longer than this (s). */
export const autoBudget = 600;

/** Optimizer steps that bring a tail to rest, and bounds on the epochs they take. */
const usualSteps = 700;
const usualBatch = 32;
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

/** With fewer photos, or fewer in a step, the same few mixtures would come again and again. */
const fewestMixed = { photos: 64, batch: 4 };

/**
 * Why photos are not mixed although that is asked for.
 *
 * @param photos to learn from
 * @returns undefined when they are, or nobody asked
 */
export function mixingTrouble(options: TrainOptions, photos: number): string | undefined {
  if (options.mixup === 0 && options.cutmix === 0) return undefined;
  if (options.recipe === 'head')
    return 'Photos are mixed (mixup, CutMix) while the backbone is fine-tuned: the recipe "head" trains without.';
  if (photos < fewestMixed.photos)
    return `Photos are not mixed (mixup, CutMix): ${photos} to learn from are too few for it, ${fewestMixed.photos} would do.`;
  const batch = options.finetuneBatchSize ?? usualBatch;
  if (batch < fewestMixed.batch)
    return `Photos are not mixed (mixup, CutMix): that takes others of the same step, and a step has only ${batch}.`;
  return undefined;
}

/** The head has more to learn than the last block. @param learningRate of that block */
export function peakRates(learningRate: number): Pick<Rates, 'learningRate' | 'headLearningRate'> {
  return { learningRate, headLearningRate: learningRate * 2 };
}

/**
 * @param photos to learn from
 * @param headDecay the weight decay that was found best for the head alone
 * @param augmentation what the options ask for, where that is known better than by a preset's name
 */
export function finetuneSettings(
  options: TrainOptions,
  photos: number,
  headDecay: number,
  augmentation = presetOf(options),
): FinetuneSettings {
  const batchSize = Math.min(options.finetuneBatchSize ?? usualBatch, Math.max(1, photos));
  const stepsPerEpoch = Math.ceil(photos / batchSize);
  const usual = Math.min(mostEpochs, Math.max(fewestEpochs, Math.round(usualSteps / stepsPerEpoch)));
  const epochs = options.finetuneEpochs ?? usual;
  const usualPatience = Math.max(3, Math.ceil(epochs / 2));
  const { metric: stopMetric, patience } = earlyStopOf(options.earlyStop, usualPatience);
  const mixes = mixingTrouble(options, photos) === undefined;
  return {
    optimizer: options.optimizer,
    ...peakRates(options.finetuneLearningRate ?? learningRates[options.optimizer]),
    ...(options.findFinetuneLearningRate === 'on' ? { findRate: true } : {}),
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
    // Where nothing is changed, one view is all there is.
    views: changesAnything(augmentation) ? (options.views ?? epochs) : 1,
    augmentation,
    mixup: mixes ? options.mixup : 0,
    cutmix: mixes ? options.cutmix : 0,
    seed: options.seed,
  };
}

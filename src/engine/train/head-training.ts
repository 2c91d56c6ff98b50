import type { OptimizerKind, Sampling, ScheduleKind, StopMetric } from '../../contract/train.ts';
import type { Weight } from '../graph/graph.ts';
import type { Validated } from './early-stop.ts';
import type { FeatureMatrix } from './feature-matrix.ts';
import type { HeadGroup, HeadShape, HeadWeights } from './head-model.ts';
import type { Objective } from './losses.ts';
import type { OptimizerExtras } from './optimizer.ts';
import type { ScheduleState } from './schedule.ts';

export interface HeadTraining extends HeadShape, Omit<OptimizerExtras, 'groups'> {
  readonly train: FeatureMatrix;
  /** Watched after every epoch; absent: the last epoch's weights are kept. */
  readonly val?: FeatureMatrix;
  /** Answers of the head a row: classes, labels, or 1 for a number. */
  readonly classes: number;
  /** What is made small; absent: cross-entropy of one class a photo. */
  readonly objective?: Objective;
  /** How an epoch goes through the rows; absent: each once. */
  readonly sampling?: Sampling;
  readonly groups: readonly HeadGroup[];
  readonly optimizer: OptimizerKind;
  /** At the peak of the schedule. */
  readonly learningRate: number;
  /** Absent: cosine. */
  readonly schedule?: ScheduleKind;
  /** Share of the steps spent warming up, 0..1. */
  readonly warmup: number;
  readonly batchSize: number;
  readonly epochs: number;
  /** Epochs without a better value of the watched metric in any group before training stops. */
  readonly patience: number;
  /** What is watched on the validation photos; absent: the loss. */
  readonly stopMetric?: StopMetric;
  readonly seed: number;
  /** Epochs from one look at the validation photos to the next; the last epoch always has one. Default 1. */
  readonly checkEvery?: number;
  /** Where a killed run had got to; goes on from there to the same bits. */
  readonly resume?: HeadState | undefined;
  /** Aborted to end early, with the best weights of the epochs that were finished: one at least. */
  readonly stop?: AbortSignal | undefined;
}

/** How one group does. */
export interface GroupProgress {
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  /** NaN without validation photos. */
  readonly valLoss: number;
  readonly valAccuracy: number;
}

/** All it takes to go on after an epoch. */
export interface HeadState {
  readonly epoch: number;
  readonly sinceBest: number;
  readonly optimizerSteps: number;
  readonly best: readonly (Validated & { readonly epoch: number })[];
  /** Absent: as at the start. */
  readonly schedule?: ScheduleState | undefined;
  readonly history: readonly HeadEpoch[];
  /** Weights, optimizer moments and each group's best weights, by name. */
  readonly tensors: ReadonlyMap<string, Weight>;
}

export interface HeadEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly groups: readonly GroupProgress[];
}

export interface TrainedHead {
  readonly weights: HeadWeights;
  /** The epoch these weights come from, from 1. */
  readonly bestEpoch: number;
  /** Validation loss of that epoch, in nats; NaN without validation photos. */
  readonly valLoss: number;
}

export type HeadEvent =
  | { readonly type: 'batch'; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly type: 'epoch'; readonly epoch: HeadEpoch; readonly state: () => HeadState }
  | { readonly type: 'done'; readonly heads: readonly TrainedHead[]; readonly history: readonly HeadEpoch[] };

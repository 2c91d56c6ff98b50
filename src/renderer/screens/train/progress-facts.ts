import type { JobEvent, Stage } from '../../../contract/job-events.ts';
import type { Advice } from '../../../contract/metrics.ts';
import type { EpochPoint } from '../../../contract/runs.ts';
import { bestEpoch } from '../../components/charts/best-epoch.ts';

/** Stages of a training as people are told of them, in their order. */
export const stageNames: readonly (readonly [Stage, string])[] = [
  ['scan', 'Look through the photos'],
  ['backbone', 'Load the backbone'],
  ['features', 'See every photo through the backbone'],
  ['choose', 'Compare settings'],
  ['head', 'Train the head'],
  ['finetune', 'Fine-tune the last blocks'],
  ['export', 'Write and check the model'],
  ['report', 'Write the report'],
];

export interface TrainingFacts {
  /** Stages that have begun, in the order they did; the last is the present one. */
  readonly begun: readonly Stage[];
  readonly points: readonly EpochPoint[];
  /** Epochs of the present stage, at most. */
  readonly epochs: number | undefined;
  /** The epoch whose weights are the best so far: its position from 1, and how often it was right. */
  readonly best: { readonly accuracy: number | null; readonly position: number } | undefined;
  /** What else was said, oldest first, each once. */
  readonly warnings: readonly string[];
  /** What the curves say so far. */
  readonly advice: readonly Advice[];
}

/** What a training's events say, all together. */
export function factsOf(events: readonly JobEvent[]): TrainingFacts {
  const begun: Stage[] = [];
  const points: EpochPoint[] = [];
  const warnings: string[] = [];
  let epochs: number | undefined;
  let advice: readonly Advice[] = [];
  for (const event of events) {
    if (event.type === 'stage' && begun.at(-1) !== event.stage) {
      begun.push(event.stage);
      epochs = undefined;
    } else if (event.type === 'epoch') {
      const stage = begun.at(-1) === 'finetune' ? 'finetune' : 'head';
      epochs = event.epochs;
      const point: EpochPoint = {
        stage,
        epoch: event.epoch,
        trainLoss: event.trainLoss,
        valLoss: event.valLoss,
        trainAccuracy: event.trainAccuracy,
        valAccuracy: event.valAccuracy,
        learningRate: event.learningRate,
      };
      // A training that goes on from a checkpoint tells the epochs after it once more.
      const again = points.findIndex((known) => known.stage === stage && known.epoch === event.epoch);
      if (again >= 0) points.splice(again);
      points.push(point);
    } else if (event.type === 'advice') advice = event.advice;
    else if (event.type === 'warning' && !warnings.includes(event.message)) warnings.push(event.message);
  }
  return { begun, points, epochs, best: bestOf(points), warnings, advice };
}

function bestOf(points: readonly EpochPoint[]): TrainingFacts['best'] {
  const position = bestEpoch(points);
  return position === undefined
    ? undefined
    : { position, accuracy: points[position - 1]?.valAccuracy ?? null };
}

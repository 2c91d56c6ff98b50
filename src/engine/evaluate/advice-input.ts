import type { Advice, Metrics } from '../../contract/metrics.ts';
import type { EpochPoint } from '../../contract/runs.ts';
import type { Suspect } from '../../contract/suspects.ts';
import type { HeadHealth, TrainOptions } from '../../contract/train.ts';
import type { ClassCounts } from './report-data.ts';

/** What advice is drawn from. Leave out what isn't known: no advice is given without evidence. */
export interface AdviceInput extends CurveInput {
  /** On the validation photos. */
  readonly metrics: Metrics;
  readonly classCounts: readonly ClassCounts[];
  readonly skipped?: readonly { readonly path: string; readonly reason: string }[];
  /** Photos under more than one class. */
  readonly conflicts?: readonly { readonly paths: readonly string[]; readonly labels: readonly string[] }[];
  /** Pairs of photos that look the same, one in training and one in validation (or test). */
  readonly duplicatesAcrossSplits?: readonly { readonly train: string; readonly other: string }[];
  /** Labels and numbers that are probably wrong, by models that did not learn from them; the likeliest first. */
  readonly suspects?: readonly Omit<Suspect, 'photo'>[];
  /** What the trained head's weights and units look like. */
  readonly head?: HeadHealth;
}

/** What can be said while a training runs, from its curves alone. */
export interface CurveInput {
  /** Epochs of head and fine-tuning, in order. */
  readonly curves?: readonly EpochPoint[];
  /** What the training was told: a fix changes it. */
  readonly options?: ChosenOptions;
  /** Classes (or labels) there are. */
  readonly classes?: number;
  /** Who is to learn and who to check was given with the photos, so no setting can change it. */
  readonly splitGiven?: boolean;
  /** It goes on: what only an end can show is not said yet. */
  readonly running?: boolean;
  /** A person ended the training before it was through. */
  readonly stoppedEarly?: boolean;
}

/** Those of the options that a diagnosis or a fix looks at. */
export type ChosenOptions = Partial<
  Pick<
    TrainOptions,
    | 'task'
    | 'recipe'
    | 'epochs'
    | 'finetuneEpochs'
    | 'learningRate'
    | 'finetuneLearningRate'
    | 'findLearningRate'
    | 'findFinetuneLearningRate'
    | 'hidden'
    | 'dropout'
    | 'weightDecay'
    | 'valFraction'
    | 'val'
    | 'groupBy'
    | 'sampling'
    | 'classWeights'
    | 'mixup'
    | 'cutmix'
  >
>;

export type Finding = Advice | null;

/** Whether what fine-tuning made is kept: judged as it will be saved. */
import type { Photo } from '../../contract/dataset.ts';
import { HolotypeError } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { FinetuneChoice } from '../../contract/train.ts';
import { foldBatchNorm } from '../../engine/graph/fold.ts';
import { headLogits } from '../../engine/train/assemble-model.ts';
import { standardize } from '../../engine/train/feature-matrix.ts';
import type { FeatureMatrix } from '../../engine/train/feature-matrix.ts';
import { judgeAnswers } from '../../engine/train/finetune/judge.ts';
import type { Judgement } from '../../engine/train/finetune/judge.ts';
import { splitFlat, withWeights } from '../../engine/train/finetune/tail-model.ts';
import type { TailModel } from '../../engine/train/finetune/tail-model.ts';
import type { TailEvent } from '../../engine/train/finetune/train-tail.ts';
import type { Objective } from '../../engine/train/losses.ts';
import type { Trunk } from '../../engine/train/trunk.ts';
import { knownOf } from './answering.ts';
import type { FinetuneSettings } from './finetune-settings.ts';
import type { ChosenHead } from './head.ts';
import type { Matrices } from './matrices.ts';
import { PhotoRunner } from './photo-runner.ts';
import type { DividedPhotos } from './photos.ts';

export interface JudgedTask {
  /** With its batch norms, not folded. */
  readonly trunk: Trunk;
  readonly head: ChosenHead;
  readonly matrices: Matrices;
  /** Answers a photo. */
  readonly classes: number;
  readonly objective: Objective;
  readonly divided: DividedPhotos;
  readonly roots: readonly string[];
  readonly policy: InputPolicy;
  readonly settings: FinetuneSettings;
  /** Fine-tuning is dropped unless it makes no more mistakes on validation, either. */
  readonly strict: boolean;
}

/** A backbone and head as fine-tuning left them. */
export interface Tuned {
  readonly trunk: Trunk;
  readonly head: ChosenHead;
  readonly matrices: Matrices;
  readonly settings: FinetuneSettings;
  readonly frozenUntil: string;
  readonly blocks: readonly string[];
}

export interface FinetuneOutcome {
  /** Undefined: the head alone is the better model. */
  readonly tuned: Tuned | undefined;
  readonly choice: FinetuneChoice;
}

/** Puts the tuned weights into the network and judges it as it will be saved. */
export async function* judgeTuned(
  task: JudgedTask,
  model: TailModel,
  done: Extract<TailEvent, { type: 'done' }>,
  frozenUntil: string,
  blocks: readonly string[],
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, FinetuneOutcome> {
  const { head, matrices, divided, settings, classes } = task;
  const base = { tried: true, frozenUntil, epochs: done.history.length - 1, bestEpoch: done.bestEpoch };
  const before =
    matrices.val === undefined
      ? undefined
      : judgeAnswers(headLogits(head.weights, matrices.val), matrices.val, classes, task.objective);
  const headJudged = before && judgementOf(before);
  if (done.bestEpoch === 0) {
    const why =
      'No epoch of fine-tuning did better on the validation photos than the head alone, which was kept.';
    return {
      tuned: undefined,
      choice: { ...base, kept: false, why, ...(headJudged === undefined ? {} : { head: headJudged }) },
    };
  }

  yield { type: 'stage', stage: 'finetune', message: 'Judging the fine-tuned model' };
  const weights = splitFlat(model, done.weights);
  const graph = foldBatchNorm(withWeights(task.trunk.graph, weights.backbone));
  const trunk: Trunk = { ...task.trunk, graph };
  const runner = new PhotoRunner(trunk.graph, task.policy, task.roots);
  const rows = async (photos: readonly Photo[]): Promise<FeatureMatrix | undefined> =>
    photos.length === 0 ? undefined : featuresOf(runner, photos, trunk.dimension, matrices, signal);
  let tunedMatrices: Matrices;
  try {
    const val = await rows(divided.val);
    const test = await rows(divided.test);
    // Without validation photos the exports are checked on training photos.
    const train = val === undefined ? ((await rows(divided.train)) ?? matrices.train) : matrices.train;
    tunedMatrices = { ...matrices, train, val, test };
  } finally {
    await runner.close();
  }
  const { val } = tunedMatrices;
  const after = val && judgeAnswers(headLogits(weights.head, val), val, classes, task.objective);
  const seen = done.history.find(({ epoch }) => epoch === done.bestEpoch);
  if (
    after !== undefined &&
    seen !== undefined &&
    !(Math.abs(after.loss - seen.valLoss) < 0.02 + 0.1 * after.loss)
  )
    throw new HolotypeError(
      'failed',
      `The fine-tuned network answers differently once it is put together: its log loss is ${after.loss} instead of ${seen.valLoss}.`,
      { remedy: 'Please report this, with the backbone you used; the run itself is kept.' },
    );

  const judged = {
    ...(headJudged === undefined ? {} : { head: headJudged }),
    ...(after === undefined ? {} : { finetuned: judgementOf(after) }),
  };
  if (before !== undefined && after !== undefined) {
    const compared = `${inWords(after, 'a loss')}, the head alone ${inWords(before, 'one')}`;
    if (!(after.loss < before.loss) || (task.strict && after.accuracy < before.accuracy))
      return {
        tuned: undefined,
        choice: {
          ...base,
          kept: false,
          why: `Validation prefers the head alone: fine-tuned ${compared}.`,
          ...judged,
        },
      };
    const choice = {
      ...base,
      kept: true,
      why: `Validation prefers the fine-tuned model: ${compared}.`,
      ...judged,
    };
    return { tuned: tunedOf(), choice };
  }
  const why =
    'Fine-tuned as asked; without validation photos nobody knows whether that is better than the head alone.';
  return { tuned: tunedOf(), choice: { ...base, kept: true, why } };

  function tunedOf(): Tuned {
    const history = done.history
      .filter(({ epoch }) => epoch > 0)
      .map((epoch) => ({
        epoch: epoch.epoch,
        learningRate: epoch.rateFactor * settings.learningRate,
        groups: [],
        shown: {
          trainLoss: epoch.trainLoss,
          trainAccuracy: epoch.trainAccuracy,
          valLoss: epoch.valLoss,
          valAccuracy: epoch.valAccuracy,
        },
      }));
    return {
      trunk,
      matrices: tunedMatrices,
      head: { ...head, weights: weights.head, history, bestEpoch: done.bestEpoch },
      settings,
      frozenUntil,
      blocks,
    };
  }
}

/** As it is kept: where no answer is ever quite right, there is no accuracy. */
function judgementOf({ accuracy, loss }: Judgement): NonNullable<FinetuneChoice['head']> {
  return { accuracy: Number.isNaN(accuracy) ? null : accuracy, logLoss: loss };
}

function inWords({ accuracy, loss }: Judgement, what: string): string {
  const at = `${what} of ${loss.toFixed(3)}`;
  return Number.isNaN(accuracy) ? at : `${(100 * accuracy).toFixed(1)}% right at ${at}`;
}

/** Features of the plain view, standardized as the head wants them. */
async function featuresOf(
  runner: PhotoRunner,
  photos: readonly Photo[],
  columns: number,
  { standardization, answering }: Matrices,
  signal: AbortSignal | undefined,
): Promise<FeatureMatrix> {
  const data = new Float32Array(photos.length * columns);
  for await (const { place, vector } of runner.run(photos, () => ({ flip: false }), signal))
    data.set(vector, place * columns);
  const matrix = { rows: photos.length, columns, data, ...knownOf(photos, answering) };
  standardize(matrix, standardization);
  return matrix;
}

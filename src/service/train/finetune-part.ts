/** Whether a training goes on with fine-tuning, and with what. */
import type { Augmentation } from '../../contract/augment.ts';
import type { Dataset } from '../../contract/dataset.ts';
import type { DeviceId } from '../../contract/devices.ts';
import { HolotypeError, toErrorShape } from '../../contract/errors.ts';
import type { InputPolicy } from '../../contract/input-policy.ts';
import type { JobEventBody } from '../../contract/job-events.ts';
import type { TrainOptions } from '../../contract/train.ts';
import { isOnnxDevice } from '../../engine/devices/providers.ts';
import { blocksOf } from '../../engine/graph/blocks.ts';
import { defaultFreezePoint } from '../../engine/train/finetune/plan.ts';
import type { Objective } from '../../engine/train/losses.ts';
import { startTfOnCuda, startTfOnOnnxRuntime } from '../../engine/train/tf.ts';
import { buildTrunk } from '../../engine/train/trunk.ts';
import type { Run } from '../../store/runs.ts';
import type { Backbone } from '../models.ts';
import { finetune, stoppedBefore } from './finetune.ts';
import type { FinetuneTask } from './finetune.ts';
import type { FinetuneOutcome } from './finetune-verdict.ts';
import { loadTailState, type SavedTail } from './finetune-state.ts';
import { autoBudget, finetuneSettings, mixingTrouble } from './finetune-settings.ts';
import type { ChosenHead } from './head.ts';
import type { Matrices } from './matrices.ts';
import type { DividedPhotos } from './photos.ts';
import type { HeadSettings } from './settings.ts';
import type { TrainingDevice } from './training-device.ts';

/** With fewer mistakes on validation than this, and this good a head, `auto` could not tell better from luck. */
const mistakesToImprove = 5;
const goodEnough = 0.9;

export interface FinetunePart {
  readonly options: TrainOptions;
  readonly augmentation: Augmentation;
  readonly device: TrainingDevice;
  readonly run: Run;
  readonly dataset: Dataset;
  readonly divided: DividedPhotos;
  readonly backbone: Backbone;
  readonly policy: InputPolicy;
  readonly matrices: Matrices;
  readonly objective: Objective;
  readonly settings: HeadSettings;
  readonly head: ChosenHead;
  readonly fingerprint: string;
  /** Aborted to end early with the best weights so far. */
  readonly stop?: AbortSignal;
}

/**
 * Fine-tunes as the recipe says: `finetune` always, `auto` when validation can show that it helps and it is done
 * within ten minutes.
 *
 * @param saved where a killed run had got to
 * @returns undefined for the recipe `head`
 */
export async function* finetunePart(
  part: FinetunePart,
  saved: SavedTail | undefined,
  signal?: AbortSignal,
): AsyncGenerator<JobEventBody, FinetuneOutcome | undefined> {
  const { options, divided } = part;
  const message = mixingTrouble(options, divided.train.length);
  if (message !== undefined) yield { type: 'warning', message };
  if (options.recipe === 'head') return undefined;
  const auto = options.recipe === 'auto';
  if (part.stop?.aborted === true) return stoppedBefore;
  if (auto && divided.val.length === 0) {
    const why = 'Left out: without validation photos nothing could tell whether fine-tuning helps.';
    return { tuned: undefined, choice: { tried: false, kept: false, why } };
  }
  const tuneWithin = (budget: number) =>
    part.device.use(
      'finetune',
      async function* (device, again) {
        const from = again ? await loadTailState(part.run) : saved;
        return yield* tune(part, { device, budget, moved: again }, from, signal);
      },
      signal,
    );
  if (!auto) return yield* tuneWithin(Infinity);
  const mistakes = mistakesOf(part.head, divided.val.length);
  // Of numbers none is quite right: there is always something to gain.
  const counted = options.task !== 'regression';
  if (counted && saved === undefined && nothingToGain(mistakes, divided.val.length)) {
    const count = mistakes === 1 ? '1 mistake' : `${mistakes} mistakes`;
    const why = `Left out: with ${count} on ${divided.val.length} validation photos, better could not be told from luck.`;
    return { tuned: undefined, choice: { tried: false, kept: false, why } };
  }
  try {
    return yield* tuneWithin(autoBudget);
  } catch (error) {
    if (signal?.aborted === true || (error instanceof HolotypeError && error.code === 'bad-usage'))
      throw error;
    // The head is a good model already: what nobody asked for must not cost it.
    const why = `Fine-tuning failed, so the head alone was kept: ${toErrorShape(error).message}`;
    yield { type: 'warning', message: why };
    return { tuned: undefined, choice: { tried: true, kept: false, why } };
  }
}

/** Whether a head with so few mistakes on so many validation photos leaves nothing that could be seen to improve. */
export function nothingToGain(mistakes: number, photos: number): boolean {
  return mistakes < mistakesToImprove && mistakes <= (1 - goodEnough) * photos;
}

/** How many validation photos the head gets wrong. */
function mistakesOf(head: ChosenHead, photos: number): number {
  const best = head.history.find(({ epoch }) => epoch === head.bestEpoch);
  return Math.round((1 - (best?.shown.valAccuracy ?? 0)) * photos);
}

async function* tune(
  part: FinetunePart,
  on: { readonly device: DeviceId } & Pick<FinetuneTask, 'budget' | 'moved'>,
  saved: SavedTail | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEventBody, FinetuneOutcome> {
  const { options, divided, backbone, policy, settings, head } = part;
  if (isOnnxDevice(on.device)) await startTfOnOnnxRuntime(on.device);
  else await startTfOnCuda();
  const blocks = blocksOf(backbone.graph);
  const trunk = buildTrunk(backbone.graph, policy, { fold: false });
  return yield* finetune(
    {
      trunk,
      blocks,
      freezeUntil: options.freezeUntil ?? defaultFreezePoint(blocks, trunk),
      head,
      matrices: part.matrices,
      classes: part.matrices.answering.outputs,
      objective: part.objective,
      sampling: options.sampling,
      divided,
      roots: part.dataset.roots,
      policy,
      settings: finetuneSettings(
        options,
        divided.train.length,
        head.candidate.weightDecay,
        part.augmentation,
      ),
      run: part.run,
      headSteps: settings.epochs * Math.ceil(part.matrices.train.rows / settings.batchSize),
      fingerprint: part.fingerprint,
      budget: on.budget,
      moved: on.moved,
      strict: options.recipe === 'auto',
      ...(part.stop === undefined ? {} : { stop: part.stop }),
    },
    saved,
    signal,
  );
}

import { z } from 'zod';
import type { TrainOptions, TrainResult } from '../../contract/train.ts';
import { tailRateSteps } from '../../engine/train/finetune/tail-rates.ts';
import { cachedNote } from '../../store/cached-note.ts';
import { autoBudget, finetuneSettings } from '../train/finetune-settings.ts';
import { headViews, presetOf } from '../train/augmenting.ts';
import { headSettings } from '../train/settings.ts';

/** How long parts of a training take on this machine, on one device with one backbone. */
const speedSchema = z.object({
  /** Seconds a view of a photo through the frozen backbone. */
  features: z.number().positive().optional(),
  /** Seconds a view and planned epoch of the head, comparing included: fewer epochs than planned are accounted for. */
  head: z.number().positive().optional(),
  /** Seconds a photo and planned epoch of fine-tuning. */
  finetune: z.number().positive().optional(),
  /** Seconds it takes to write and check a model. */
  export: z.number().positive().optional(),
  /** Features were tried with a few photos, but there was no training yet. */
  tried: z.boolean().optional(),
});
export type Speed = z.infer<typeof speedSchema>;

const noteSchema = z.object({ version: z.literal(1), speeds: z.record(z.string(), speedSchema) });
const note = cachedNote('training-speeds.json');
const keyOf = (device: string, backbone: string): string => `${device} ${backbone}`;

async function readAll(): Promise<Record<string, Speed>> {
  return noteSchema.safeParse(await note.read()).data?.speeds ?? {};
}

/** What is known; empty when nothing is. */
export async function speedOf(device: string, backbone: string): Promise<Speed> {
  return (await readAll())[keyOf(device, backbone)] ?? {};
}

/** Remembers what was measured; what is not named stays as it was. */
export async function rememberSpeed(device: string, backbone: string, speed: Speed): Promise<void> {
  const speeds = await readAll();
  const key = keyOf(device, backbone);
  await note.write({ version: 1, speeds: { ...speeds, [key]: { ...speeds[key], ...speed } } });
}

/** How much there is to do in each part of a training. */
export interface Amounts {
  /** Views through the frozen backbone. */
  readonly views: number;
  /** Views of training photos times planned epochs of the head. */
  readonly headSteps: number;
  /** Training photos times planned epochs of fine-tuning, and those of the steps in which its rate is looked for. */
  readonly finetuneSteps: number;
}

/** @param counts photos of each split */
export function amountsOf(
  options: TrainOptions,
  counts: { readonly train: number; readonly val: number; readonly test: number },
): Amounts {
  const rows = counts.train * headViews(presetOf(options), options, counts.train).length;
  const { batchSize, epochs, findRate } = finetuneSettings(options, counts.train, 0);
  const looking = findRate === true ? tailRateSteps(counts.train, batchSize) * batchSize : 0;
  return {
    views: rows + counts.val + counts.test,
    headSteps: rows * headSettings(options, rows).epochs,
    finetuneSteps: counts.train * epochs + looking,
  };
}

/**
 * What a finished training says about this machine's speed.
 *
 * @param whole it ran from its beginning to its end, neither resumed nor stopped
 */
export function speedFrom(options: TrainOptions, result: TrainResult, whole: boolean): Speed {
  const { seconds, imagesPerSecond, counts, chosen } = result;
  // Two devices took part: what took how long on which, nobody knows.
  if (result.deviceLost !== undefined) return {};
  const { headSteps, finetuneSteps } = amountsOf(options, counts);
  const tuned = chosen.finetune?.epochs !== undefined && seconds.finetune > 0;
  return {
    ...(imagesPerSecond > 0 ? { features: 1 / imagesPerSecond, tried: false } : {}),
    ...(seconds.export > 0 ? { export: seconds.export } : {}),
    ...(whole && seconds.head > 0 && headSteps > 0 ? { head: seconds.head / headSteps } : {}),
    ...(whole && tuned && finetuneSteps > 0 ? { finetune: seconds.finetune / finetuneSteps } : {}),
  };
}

/** Until a head was trained here: seconds a view and epoch, by trainings on two cores of a server. */
const usualHead = 1e-4;
/** Until a model was written here (s). */
const usualExport = 8;
/** Until fine-tuning was done here, a photo takes this many times as long as a view through the frozen backbone. */
const finetuneFactor = 3;
/**
 * How long a training will take.
 *
 * @param cached features of most photos are there already
 * @returns seconds, between; undefined while not even the backbone's speed is known
 */
export function estimate(
  speed: Speed,
  options: TrainOptions,
  { views, headSteps, finetuneSteps }: Amounts,
  cached: boolean,
): { low: number; high: number } | undefined {
  if (speed.features === undefined) return undefined;
  const features = views * speed.features;
  const head = headSteps * (speed.head ?? usualHead);
  const rest = speed.export ?? usualExport;
  const tune = finetuneSteps * (speed.finetune ?? speed.features * finetuneFactor);
  const [least, most] =
    options.recipe === 'head'
      ? [0, 0]
      : options.recipe === 'finetune'
        ? [tune, tune]
        : // It may be left out, or found to be too slow after a try.
          [0, Math.min(tune, autoBudget)];
  // What was never done here is known less well.
  const wide = speed.head === undefined ? 2 : 1.3;
  const low = ((cached ? 0 : features) + head + least) / wide + rest / 1.3;
  const high = (features + head + most) * wide + rest * 1.3;
  return { low: Math.round(low), high: Math.max(1, Math.ceil(high)) };
}

/** Fine-tuning's part of a run's checkpoints. */
import { z } from 'zod';
import { rateSearchSchema } from '../../contract/train.ts';
import type { RateSearchResult } from '../../contract/train.ts';
import type { TailState } from '../../engine/train/finetune/train-tail.ts';
import type { Run } from '../../store/runs.ts';

/** Losses may be NaN or infinite, which zod's own number refuses. */
const real = z.custom<number>((value) => typeof value === 'number');
const stateSchema = z.object({
  stage: z.literal('finetune'),
  fingerprint: z.string(),
  rateSearch: rateSearchSchema.optional(),
  epoch: real,
  step: real,
  optimizerSteps: real,
  sums: z.object({ loss: real, right: real, n: real }),
  watch: z.object({ reference: real, seen: real, smoothed: real, halvings: real }),
  best: z.object({ epoch: real, loss: real, accuracy: real }),
  schedule: z.object({ level: real, sinceBetter: real, best: real }),
  sinceBest: real,
  history: z.array(
    z.object({
      epoch: real,
      rateFactor: real,
      trainLoss: real,
      trainAccuracy: real,
      valLoss: real,
      valAccuracy: real,
    }),
  ),
});

/** What a saved checkpoint of fine-tuning holds. */
export interface SavedTail {
  readonly fingerprint: string;
  /** How its learning rate was found, where it was looked for. */
  readonly rateSearch?: RateSearchResult | undefined;
  readonly state: TailState;
}

/** @param step of the whole run, the head's steps included */
export async function saveTailState(
  run: Run,
  step: number,
  { fingerprint, rateSearch, state: { vectors, ...state } }: SavedTail,
): Promise<void> {
  const tensors = new Map(
    [...vectors].map(([name, data]) => [name, { shape: [data.length], data: data.slice() }]),
  );
  const found = rateSearch === undefined ? {} : { rateSearch };
  await run.saveCheckpoint({
    step,
    tensors,
    state: { stage: 'finetune', fingerprint, ...found, ...state },
  });
}

/** What the run's newest intact checkpoint says, if it is one of fine-tuning. */
export async function loadTailState(run: Run): Promise<SavedTail | undefined> {
  const { checkpoint } = await run.loadCheckpoint();
  const parsed = stateSchema.safeParse(checkpoint?.state);
  if (checkpoint === undefined || !parsed.success) return undefined;
  const vectors = new Map(
    [...checkpoint.tensors].flatMap(([name, { data }]) =>
      data instanceof Float32Array ? [[name, Float32Array.from(data)] as const] : [],
    ),
  );
  const { stage: _stage, fingerprint, rateSearch, ...state } = parsed.data;
  return { fingerprint, rateSearch, state: { ...state, vectors } };
}

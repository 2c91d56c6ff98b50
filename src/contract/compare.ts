import { z } from 'zod';
import { deviceIdSchema } from './devices.ts';
import { errorSchema } from './error-schema.ts';
import { intervalSchema, numberFiguresSchema } from './metrics.ts';
import { taskSchema } from './project.ts';

/** How near a person's photos are to those a backbone learned from. */
export const nearnesses = ['near', 'between', 'far'] as const;

/**
 * How familiar photos look to a backbone that still names ImageNet's 1,000 kinds of things. Nobody's ImageNet photos
 * are needed: a network is unsure of pictures unlike those it learned from.
 */
export const domainSchema = z.object({
  /** Photos it was asked about. */
  photos: z.number().int().positive(),
  /** Mean probability of its first answer, 0..1, with a 95% interval. */
  confidence: z.number().min(0).max(1),
  interval: intervalSchema,
  /** Share of the photos it is at least half sure of, 0..1. */
  sure: z.number().min(0).max(1),
  /** Mean entropy of its answers, as a share of the most it can be: 0 always sure, 1 no idea. */
  entropy: z.number().min(0).max(1),
  /**
   * Its accuracy on ImageNet, 0..1: about how sure it is of photos like those it learned from, if it is as often right
   * as it is sure. Null where its publisher states none; then `nearness` is null, too.
   */
  expected: z.number().min(0).max(1).nullable(),
  nearness: z.enum(nearnesses).nullable(),
});
export type Domain = z.infer<typeof domainSchema>;

/** How one backbone did on a person's photos. */
export const comparedBackboneSchema = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  /**
   * Of linear heads, each judged on the photos of the fold it did not learn from: share that is right; with several
   * labels, all of a photo's labels. Null for numbers.
   */
  accuracy: z.number().min(0).max(1).nullable(),
  /** 95%, Wilson's. */
  interval: intervalSchema.nullable(),
  macroF1: z.number().min(0).max(1).nullable(),
  /** With several labels a photo: what is ranked by, with a 95% bootstrap interval. */
  labels: z
    .object({ meanAveragePrecision: z.number().min(0).max(1), interval: intervalSchema.nullable() })
    .optional(),
  /** With a number to predict, in its own units; ranked by `mae`. */
  numbers: numberFiguresSchema
    .pick({ mae: true, maeInterval: true, r2: true, r2Interval: true, maeOfMean: true })
    .optional(),
  /**
   * Whether the first of the list does better for sure: of the photos on which the two disagree it is right on so many
   * that chance is ruled out at 5% (McNemar's exact test); with several labels or a number, it is better in 97.5% of the
   * resamples of the photos. False for the first itself.
   */
  behind: z.boolean(),
  /** From the file to the features, on this device. */
  photosPerSecond: z.number().positive(),
  /** Bytes of its file. */
  size: z.number().int().nonnegative(),
  /** Length of what a head reads. */
  features: z.number().int().positive(),
  imagenetTop1: z.number().nullable(),
  licence: z.string().nullable(),
  /** Null where it can't be measured: the network doesn't name ImageNet's things. */
  domain: domainSchema.nullable(),
});
export type ComparedBackbone = z.infer<typeof comparedBackboneSchema>;

/** What a backbone is ranked by. */
export interface RankedBy {
  /** Share of photos that are right, mean average precision of labels (0..1 both), or mean error in the number's units. */
  readonly kind: 'right' | 'precision' | 'error';
  /** The more the better, but for errors. */
  readonly value: number;
  /** 95%; null where it is not known. */
  readonly interval: readonly [number, number] | null;
}

/** What a backbone is ranked by, by what it was judged on. */
export function rankedBy({ accuracy, interval, labels, numbers }: ComparedBackbone): RankedBy {
  if (numbers !== undefined) return { kind: 'error', value: numbers.mae, interval: numbers.maeInterval };
  if (labels !== undefined)
    return { kind: 'precision', value: labels.meanAveragePrecision, interval: labels.interval };
  return { kind: 'right', value: accuracy ?? 0, interval };
}

/** What `compare --json` prints. */
export const comparisonSchema = z.object({
  /** ISO 8601, UTC. */
  createdAt: z.string(),
  /** Photos every backbone was judged on, and their classes. */
  photos: z.number().int().positive(),
  /** Absent: single-label. */
  task: taskSchema.optional(),
  classes: z.array(z.string()),
  folds: z.number().int().min(2),
  seed: z.number().int(),
  device: deviceIdSchema,
  /** Best first; of equals the faster. */
  backbones: z.array(comparedBackboneSchema),
  /** Backbones that could not be judged. */
  failed: z.array(z.object({ id: z.string(), error: errorSchema })),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  seconds: z.number().nonnegative(),
});
export type Comparison = z.infer<typeof comparisonSchema>;

import { z } from 'zod';
import { groupingMethods, mostGroups } from './choices.ts';
import { deviceChoiceSchema } from './devices.ts';
import { resizeModes } from './input-policy.ts';
import { jobIdSchema, photoIdSchema } from './ids.ts';
import { taskSchema } from './project.ts';
import { mistakeSchema } from './suspects.ts';

export type GroupingMethod = (typeof groupingMethods)[number];

/** How photos are looked through. */
export const exploreSettingsSchema = z.strictObject({
  method: z.enum(groupingMethods).default('k-means'),
  /** How many groups; absent: chosen. */
  groups: z.number().int().min(1).max(mostGroups).optional(),
  /** How many photos to name that are worth labelling next. */
  next: z.number().int().min(0).max(1_000).default(100),
  seed: z.number().int().default(0),
});
export type ExploreSettings = z.infer<typeof exploreSettingsSchema>;

/** What `explore` is told on the command line. */
export const exploreOptionsSchema = exploreSettingsSchema.extend({
  /** A folder of photos, labelled or not. */
  photos: z.string(),
  /** A labels file. */
  labels: z.string().optional(),
  /** What is said of a photo. */
  task: taskSchema.default('single-label'),
  backbone: z.string().optional(),
  resize: z.enum(resizeModes).optional(),
  device: deviceChoiceSchema.default('auto'),
});
export type ExploreOptions = z.infer<typeof exploreOptionsSchema>;
export type ExploreOptionsInput = z.input<typeof exploreOptionsSchema>;

/** What photos to label next are chosen by. */
const nextBys = [
  'uncertainty', // how many photos one stands for, and how unsure a model is of them
  'diversity', // how many photos one stands for alone: nothing is learned yet, or the model does not say how sure it is
] as const;
export type NextBy = (typeof nextBys)[number];

/** 0..1, the more the more important. */
const score = z.number().min(0).max(1);

/** What is odd about a photo's file, other than what it shows: a hint that it comes from elsewhere. */
export const oddFactSchema = z.object({
  /** Pixels of the short side; width by height; bytes a pixel. */
  fact: z.enum(['size', 'shape', 'compression']),
  /** Below or above what most photos have. */
  side: z.enum(['below', 'above']),
  own: z.number().nonnegative(),
  /** Two thirds of all photos lie between these two. */
  most: z.tuple([z.number().nonnegative(), z.number().nonnegative()]),
});
export type OddFact = z.infer<typeof oddFactSchema>;

/** What `explore --json` prints; each list has the most important first. */
export const exploreResultSchema = z.object({
  /** Photos that were looked at; copies of one file count each. */
  total: z.number().int().nonnegative(),
  backbone: z.string(),
  method: z.enum(groupingMethods),
  /** How well the groups are set apart, -1..1; null for one group. */
  silhouette: z.number().min(-1).max(1).nullable(),
  /** The largest first; in each, the most typical photos first. */
  clusters: z.array(z.object({ size: z.number().int().positive(), paths: z.array(z.string()) })),
  /** Photos that are the same, or versions of one shot. */
  duplicates: z.array(
    z.object({ kind: z.enum(['exact', 'near']), similarity: score, paths: z.array(z.string()) }),
  ),
  /**
   * All photos: those that belong least first, and why, where it is the file and not only what it shows. `content`: how
   * little each belongs by what it shows alone.
   */
  anomalies: z.array(z.object({ path: z.string(), score, content: score, reason: oddFactSchema.optional() })),
  /** Labels and numbers that are probably wrong. */
  labelErrors: z.array(mistakeSchema.extend({ path: z.string() })),
  /** Photos without a label whose label would tell most, in the order to label them. */
  next: z.array(z.object({ path: z.string(), score })),
  nextBy: z.enum(nextBys),
  /** Every photo's place on a map where like ones lie together, 0..1 each way. */
  map: z.array(z.object({ path: z.string(), x: score, y: score })),
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })),
  warnings: z.array(z.string()),
});
export type ExploreResult = z.infer<typeof exploreResultSchema>;

/** What was found out about a project's photos. Lists of numbers say photos by their place in `photos`. */
export const explorationSchema = z.object({
  job: jobIdSchema,
  /** ISO 8601, UTC. */
  madeAt: z.string(),
  backbone: z.string(),
  /** Whether all is there: the map of principal components and the groups come first. */
  complete: z.boolean(),
  photos: z.array(photoIdSchema),
  /** x and y of every photo, 0..1, one after the other. */
  places: z.array(score),
  map: z.enum(['pca', 'neighbors']),
  /** The group of every photo, 0 being the largest. */
  groups: z.array(z.number().int().nonnegative()),
  groupCount: z.number().int().nonnegative(),
  method: z.enum(groupingMethods),
  silhouette: z.number().min(-1).max(1).nullable(),
  /** Most typical photos of each group, first of all. */
  typical: z.array(z.array(z.number().int().nonnegative())),
  duplicates: z.array(
    z.object({
      kind: z.enum(['exact', 'near']),
      similarity: score,
      photos: z.array(z.number().int().nonnegative()),
    }),
  ),
  /** Those that belong least, first; with a reason where their files are odd. */
  anomalies: z.array(
    z.object({
      photo: z.number().int().nonnegative(),
      score,
      /** By what it shows alone; absent in what older versions have found. */
      content: score.optional(),
      reason: oddFactSchema.optional(),
    }),
  ),
  labelErrors: z.array(mistakeSchema.extend({ photo: z.number().int().nonnegative() })),
  next: z.array(z.object({ photo: z.number().int().nonnegative(), score })),
  /** Absent in what older versions have found. */
  nextBy: z.enum(nextBys).optional(),
});
export type Exploration = z.infer<typeof explorationSchema>;

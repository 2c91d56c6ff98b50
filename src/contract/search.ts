import { z } from 'zod';
import { searchMethods } from './choices.ts';
import { jobIdSchema } from './ids.ts';
import { trainSettingsSchema } from './train-settings.ts';
import type { TrainSettings } from './train-settings.ts';

/** A value that a setting can have; null leaves it to its default. */
export const searchValueSchema = z.union([
  z.number(),
  z.string(),
  z.boolean(),
  z.array(z.number()),
  z.null(),
]);
export type SearchValue = z.infer<typeof searchValueSchema>;

const name = z.string().min(1).max(64);
/** Counts only where another parameter, named before it, has one of these values. */
const when = z.strictObject({ parameter: name, is: z.array(searchValueSchema).min(1) }).optional();
const range = {
  name,
  low: z.number(),
  high: z.number(),
  /** `log`: 0.001 to 0.01 is as wide as 0.01 to 0.1. */
  scale: z.enum(['linear', 'log']).default('linear'),
  when,
};

export const searchParameterSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('float'), ...range }),
  z.strictObject({ type: z.literal('int'), ...range }),
  z.strictObject({
    type: z.literal('choice'),
    name,
    choices: z.array(searchValueSchema).min(2).max(64),
    when,
  }),
]);
export type SearchParameter = z.infer<typeof searchParameterSchema>;

/** What a search may try: settings of a training by their names, each with its range or choices. */
export const searchSpaceSchema = z
  .strictObject({ parameters: z.array(searchParameterSchema).min(1).max(32) })
  .superRefine(({ parameters }, context) => {
    const known = new Map<string, SearchParameter>();
    for (const [index, parameter] of parameters.entries()) {
      const complain = (message: string): void =>
        context.addIssue({ code: 'custom', path: ['parameters', index], message });
      if (known.has(parameter.name)) complain(`"${parameter.name}" is named twice`);
      if (parameter.type !== 'choice') {
        const { low, high, scale } = parameter;
        if (!(low < high)) complain(`"${parameter.name}": low must be below high`);
        if (scale === 'log' && low <= 0) complain(`"${parameter.name}": a log scale begins above 0`);
        if (parameter.type === 'int' && !(Number.isInteger(low) && Number.isInteger(high)))
          complain(`"${parameter.name}": the bounds of whole numbers are whole numbers`);
      }
      if (parameter.when !== undefined) {
        const { parameter: on, is } = parameter.when;
        const parent = known.get(on);
        if (parent?.type !== 'choice')
          complain(`"${parameter.name}" depends on "${on}", no choice before it`);
        else if (!is.every((value) => parent.choices.some((one) => sameValue(one, value))))
          complain(`"${parameter.name}" depends on a value that "${on}" never has`);
      }
      known.set(parameter.name, parameter);
    }
  });
export type SearchSpace = z.infer<typeof searchSpaceSchema>;
export type SearchSpaceInput = z.input<typeof searchSpaceSchema>;

/** Whether two values of settings are the same. */
export function sameValue(a: SearchValue | undefined, b: SearchValue | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** One way to set the parameters; those that don't count in it are left out. */
export const searchPointSchema = z.record(z.string(), searchValueSchema);
export type SearchPoint = z.infer<typeof searchPointSchema>;

export const searchMethodSchema = z.enum(searchMethods);
export type SearchMethod = z.infer<typeof searchMethodSchema>;

/** Settings of a training that a space may name: those that a head on cached features depends on. */
export const searchableSettings = [
  'backbone',
  'resize',
  'augment',
  'flips',
  'learningRate',
  'weightDecay',
  'optimizer',
  'schedule',
  'warmup',
  'batchSize',
  'epochs',
  'hidden',
  'activation',
  'init',
  'batchNorm',
  'dropout',
  'l1',
  'l2',
  'clip',
  'ema',
  'loss',
  'labelSmoothing',
  'classWeights',
  'sampling',
] as const satisfies readonly (keyof TrainSettings)[];

/** How good settings were on photos that their head did not learn from. */
export const trialScoreSchema = z.object({
  /** Mean log loss in nats after calibration; for numbers and labels the mean of what is usually made small. */
  loss: z.number(),
  /** Null for numbers. */
  accuracy: z.number().nullable(),
});
export type TrialScore = z.infer<typeof trialScoreSchema>;

const measured = {
  /** Null where it failed. */
  score: trialScoreSchema.nullable(),
  /** Why it failed. */
  error: z.string().optional(),
  seconds: z.number().nonnegative(),
  /** Seconds that the search had taken when it ended, all its sittings together. */
  elapsed: z.number().nonnegative(),
};

/** One setting that was tried; number 0 is the settings as they are without a search. */
export const searchTrialSchema = z.object({
  type: z.literal('trial'),
  number: z.number().int().nonnegative(),
  point: searchPointSchema,
  /** Part of a whole training that it had. */
  share: z.number().gt(0).max(1),
  slot: z.string().optional(),
  ...measured,
});
export type SearchTrial = z.infer<typeof searchTrialSchema>;

/** One of the best settings, tried once more with another seed. */
export const searchFinalSchema = z.object({
  type: z.literal('final'),
  /** Of the trial. */
  number: z.number().int().nonnegative(),
  seed: z.number().int(),
  ...measured,
});
export type SearchFinal = z.infer<typeof searchFinalSchema>;

/** A trial that is being tried. */
export const searchUnderWaySchema = z.object({
  number: z.number().int().nonnegative(),
  point: searchPointSchema,
  share: z.number().gt(0).max(1),
  /** Where one of the best is tried once more: with which seed. */
  seed: z.number().int().nullable(),
});
export type SearchUnderWay = z.infer<typeof searchUnderWaySchema>;

export const searchFinalistSchema = z.object({
  number: z.number().int().nonnegative(),
  point: searchPointSchema,
  /** Over the seeds. */
  loss: z.number(),
  /** Standard deviation over the seeds. */
  spread: z.number(),
  accuracy: z.number().nullable(),
  seeds: z.array(z.number().int()),
});
export type SearchFinalist = z.infer<typeof searchFinalistSchema>;

/** What came of a search. */
export const searchResultSchema = z.object({
  /** Where it is kept; the recipe of the best settings lies there. */
  folder: z.string(),
  recipe: z.string(),
  method: searchMethodSchema.exclude(['auto']),
  /** Why this method. */
  why: z.string(),
  space: searchSpaceSchema,
  /** The best settings, by their names. */
  settings: trainSettingsSchema,
  /** In one sentence: what the best settings gain over those without a search. */
  verdict: z.string(),
  scoredBy: z.enum(['cross-validation', 'validation']),
  /** Trials and repetitions that looked at the validation photos; nothing looked at the test photos. */
  looks: z.object({ validation: z.number().int().nonnegative(), test: z.literal(0) }),
  counts: z.object({
    train: z.number().int().nonnegative(),
    val: z.number().int().nonnegative(),
    /** Set apart, and not looked at. */
    test: z.number().int().nonnegative(),
  }),
  /** All of them, best first; what was cut short or failed comes last. */
  trials: z.array(searchTrialSchema),
  /** Best first. */
  finalists: z.array(searchFinalistSchema),
  /** Share of the differences that each setting explains by itself, most first; empty when too few were tried. */
  importance: z.array(z.object({ name: z.string(), share: z.number() })),
  /** Heads that were trained at once, at most. */
  atOnce: z.number().int().positive().default(1),
  /** Trials that were under way when the time was up: they were cut short, and count nowhere. */
  cut: z.number().int().nonnegative().default(0),
  seconds: z.number(),
});
export type SearchResult = z.infer<typeof searchResultSchema>;

/** Trials at most that a window is shown: the best. */
export const shownTrials = 200;

/** How a search of a project is started. */
export const searchStartSchema = z.strictObject({
  method: searchMethodSchema.default('auto'),
  /** Settings to try; absent: as many as the budget allows, or 30. */
  trials: z.number().int().min(1).max(1_000).optional(),
  /** Seconds, all sittings together. */
  budget: z.number().min(1).max(86_400).optional(),
  /** What stays as it is, where it is not searched. */
  settings: trainSettingsSchema.default({}),
});
export type SearchStart = z.infer<typeof searchStartSchema>;

/** A project's last search, as far as it has come. */
export const projectSearchSchema = z.object({
  /** That made it. */
  job: jobIdSchema,
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  /** As it was asked for. */
  method: searchMethodSchema,
  wanted: z.object({ trials: z.number().int().nullable(), budget: z.number().nullable() }),
  /** The method in use and why it was chosen; null: it has not been yet. */
  chosen: z.object({ method: searchMethodSchema, why: z.string() }).nullable(),
  /** Heads that are trained at once; null where nothing runs. */
  atOnce: z.number().int().positive().nullable(),
  /** What is being tried just now. */
  underWay: z.array(searchUnderWaySchema),
  /** Trials done, number 0 among them. */
  tried: z.number().int().nonnegative(),
  /** The best of them first, no more than {@link shownTrials}; what was cut short or failed comes last. */
  trials: z.array(searchTrialSchema).max(shownTrials),
  /** What came of it; null: it did not come to its end. Places of files are the engine's own. */
  result: searchResultSchema
    .omit({ folder: true, recipe: true, trials: true })
    .extend({ space: z.object({ parameters: z.array(searchParameterSchema) }) })
    .nullable(),
});
export type ProjectSearch = z.infer<typeof projectSearchSchema>;

/** The best whole training first; what was cut short or failed comes last, in the order it was tried. */
export function byScore(trials: readonly SearchTrial[]): SearchTrial[] {
  const loss = ({ share, score }: SearchTrial): number => (share < 1 ? Infinity : (score?.loss ?? Infinity));
  return trials.toSorted((a, b) => (loss(a) < loss(b) ? -1 : loss(a) > loss(b) ? 1 : a.number - b.number));
}

/** A file of settings that `train --recipe FILE` takes. */
export const recipeFileSchema = z.object({
  format: z.literal('holotype-recipe'),
  version: z.literal(1),
  settings: trainSettingsSchema,
  /** Where they come from, for people. */
  note: z.string().optional(),
});
export type RecipeFile = z.infer<typeof recipeFileSchema>;

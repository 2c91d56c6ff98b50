import { z } from 'zod';
import { downloadSchema } from './app.ts';
import { comparisonSchema } from './compare.ts';
import { explorationSchema, exploreSettingsSchema } from './explore.ts';
import {
  jobIdSchema,
  photoIdSchema,
  placeIdSchema,
  projectIdSchema,
  runIdSchema,
  sourceSchema,
} from './ids.ts';
import { gridSchema, landscapeSchema } from './landscape.ts';
import { jobReplaySchema, jobSummarySchema } from './jobs.ts';
import { explanationSchema, runDetailSchema, runPhotoSchema, runSummarySchema } from './runs.ts';
import { suspectSchema } from './suspects.ts';
import { trainPlanSchema, trainSettingsSchema } from './train-settings.ts';
import { projectSearchSchema, searchStartSchema } from './search.ts';
import { answersSchema, exportedSchema, exportFormatSchema } from './use.ts';

const project = projectIdSchema;
const run = runIdSchema;
const job = z.strictObject({ job: jobIdSchema });
const started = z.object({ job: jobIdSchema });
const page = {
  offset: z.number().int().nonnegative(),
  limit: z.number().int().min(1).max(2_000).default(500),
};

/** Long work, what came of it, and its use. */
export const workMethods = {
  /** Jobs of this engine: those that wait and run, and those that ended since it started. */
  'jobs.list': { input: z.strictObject({}), output: z.array(jobSummarySchema) },
  /** A job's events after a number: for a window that was closed or lost the connection. */
  'jobs.events': {
    input: z.strictObject({ job: jobIdSchema, after: z.number().int().nonnegative() }),
    output: jobReplaySchema,
  },
  'jobs.pause': { input: job, output: jobSummarySchema },
  'jobs.continue': { input: job, output: jobSummarySchema },
  /** Ends a training early and makes a model of what it has learned so far. */
  'jobs.stop': { input: job, output: jobSummarySchema },
  'jobs.cancel': { input: job, output: jobSummarySchema },
  /** Goes on with a training that was interrupted or failed, from its last checkpoint, as a new job. */
  'jobs.resume': { input: job, output: started },
  /** Takes a job that has ended off the list. */
  'jobs.dismiss': { input: job, output: z.array(jobSummarySchema) },

  /** What a training with these settings would do and how long it would take. */
  'train.plan': {
    input: z.strictObject({ project, settings: trainSettingsSchema }),
    output: trainPlanSchema,
  },
  /** Starts a training, or queues it behind the one that runs. */
  'train.start': { input: z.strictObject({ project, settings: trainSettingsSchema }), output: started },

  /** Ranks backbones by how well they do on the project's own photos; absent `models`: all that are installed. */
  'compare.start': {
    input: z.strictObject({ project, models: z.array(z.string().min(1)).min(1).optional() }),
    output: started,
  },
  /** What came of it last; null: it was never done. */
  'compare.latest': { input: z.strictObject({ project }), output: comparisonSchema.nullable() },

  /** Looks for better settings; one that was cut off goes on where photos, settings and method are the same. */
  'search.start': { input: searchStartSchema.extend({ project }), output: started },
  /** The last one, as far as it has come; null: nobody has searched yet. */
  'search.result': { input: z.strictObject({ project }), output: projectSearchSchema.nullable() },
  /** The settings that were found, as a file that `train --recipe` takes. @throws 'not-found' while there are none */
  'search.recipe': { input: z.strictObject({ project }), output: downloadSchema },

  'runs.list': { input: z.strictObject({ project }), output: z.array(runSummarySchema) },
  'runs.get': { input: z.strictObject({ project, run }), output: runDetailSchema },
  /** Answers for the photos the run did not learn from. */
  'runs.photos': { input: z.strictObject({ project, run }), output: z.array(runPhotoSchema) },
  /** Photos whose labels are probably wrong, most likely first. */
  'runs.suspects': { input: z.strictObject({ project, run }), output: z.array(suspectSchema) },
  /** Deletes a run with its checkpoints and model. @throws 'busy' while it is being made */
  'runs.remove': { input: z.strictObject({ project, run }), output: z.array(runSummarySchema) },
  /** The run's report.html, to be saved or printed. */
  'runs.report': { input: z.strictObject({ project, run }), output: downloadSchema },
  /** Where in the photo the model looked; absent `class`: the one it answered. */
  'runs.explain': {
    input: z.strictObject({ project, run, photo: photoIdSchema, class: z.string().min(1).optional() }),
    output: explanationSchema,
  },

  /** Looks through a project's photos: groups, a map, copies, odd ones, labels that may be wrong, what to label next. */
  'explore.start': {
    input: z.strictObject({ project, settings: exploreSettingsSchema.prefault({}) }),
    output: started,
  },
  /** What was found last, as far as it has come; null: nobody has looked yet. */
  'explore.result': { input: z.strictObject({ project }), output: explorationSchema.nullable() },

  /** Measures the loss around a run's model; with `to`, also on the straight way to another run's. */
  'landscape.start': {
    input: z.strictObject({ project, run, to: run.optional(), grid: gridSchema }),
    output: started,
  },
  /** What was measured last; null when nothing was. */
  'landscape.get': { input: z.strictObject({ project, run }), output: landscapeSchema.nullable() },

  /** Answers for photos that belong to no project. */
  'predict.start': { input: z.strictObject({ project, run, source: sourceSchema }), output: started },
  'predict.answers': { input: z.strictObject({ job: jobIdSchema, ...page }), output: answersSchema },
  /** All answers as a table. */
  'predict.table': { input: job, output: downloadSchema },
  /** Copies of the photos in a folder per answer, below `into`; without it as one archive. */
  'predict.sort': {
    input: z.strictObject({ job: jobIdSchema, into: placeIdSchema.optional() }),
    output: started,
  },
  /** What a job has made to be downloaded; null when nothing. */
  'jobs.download': { input: job, output: downloadSchema.nullable() },

  'export.formats': { input: z.strictObject({}), output: z.array(exportFormatSchema) },
  /** Writes the run's model in these formats, checked against the trained one on real photos. */
  'export.start': {
    input: z.strictObject({
      project,
      run,
      formats: z.array(z.string().min(1)).min(1),
      into: placeIdSchema.optional(),
    }),
    output: started,
  },
  'export.result': { input: job, output: z.array(exportedSchema) },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

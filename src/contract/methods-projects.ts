import { z } from 'zod';
import { skippedSchema } from './dataset.ts';
import { jobIdSchema, photoIdSchema, projectIdSchema, sourceSchema } from './ids.ts';
import { labelImportSchema, photoDetailsSchema, photoPage, photoRowSchema } from './photos.ts';
import { taskSchema } from './project.ts';
import { projectStateSchema, projectSummarySchema } from './projects.ts';

const project = projectIdSchema;
const photos = z.array(photoIdSchema).min(1);
const className = z.string().trim().min(1).max(200);
const one = z.strictObject({ project });

/** Projects, their photos, classes and labels. All that changes labels can be undone. */
export const projectMethods = {
  /** Recent projects, last opened first, those whose folder is gone included. */
  'projects.list': { input: z.strictObject({}), output: z.array(projectSummarySchema) },
  /** Takes a project off the list; its folder is not touched. Unknown ids are not an error. */
  'projects.forget': { input: z.strictObject({ id: project }), output: z.array(projectSummarySchema) },
  /**
   * Opens a project's folder, or makes a project for a folder of photos: folder names become classes. Nothing is
   * written into the folder of photos. Answers at once; the photos come while the folder is looked through.
   */
  'projects.open': {
    input: z.strictObject({ source: sourceSchema, name: z.string().trim().min(1).max(200).optional() }),
    output: projectStateSchema,
  },
  /** Opens a project of the list of recent ones. */
  'projects.reopen': { input: one, output: projectStateSchema },
  /** Draws the demo photos and opens them. */
  'projects.openDemo': { input: z.strictObject({}), output: projectStateSchema },
  /** Unpacks an archive that `projects.share` made and opens the project in it. */
  'projects.openArchive': { input: z.strictObject({ source: sourceSchema }), output: projectStateSchema },
  'projects.get': { input: one, output: projectStateSchema },
  /** Gives the project back, so that others can open it for writing. */
  'projects.close': { input: one, output: z.object({}) },
  'projects.rename': {
    input: z.strictObject({ project, name: z.string().trim().min(1).max(200) }),
    output: projectStateSchema,
  },
  /** Makes a project that is open for reading ours for writing; whoever had it can only read from then on. */
  /**
   * What is said of each photo from now on: one class, any number of labels, or a number. Nothing that was said is lost,
   * so it can be changed back; with one class only where no photo has several labels.
   */
  'projects.changeTask': { input: z.strictObject({ project, task: taskSchema }), output: projectStateSchema },
  'projects.takeOver': { input: one, output: projectStateSchema },
  /** Looks through the folder again for new, changed and missing photos. */
  'projects.rescan': { input: one, output: z.object({ job: jobIdSchema }) },
  /** Files that can't be used, each with the reason. */
  'projects.skipped': { input: one, output: z.array(skippedSchema) },
  /** The project with its photos and the newest model as one archive; the job's end offers the download. */
  'projects.share': {
    input: z.strictObject({ project, photos: z.boolean().default(true) }),
    output: z.object({ job: jobIdSchema }),
  },
  /** Remembers settings of the project, for example those of the next training; those not named stay, null removes. */
  'projects.changeSettings': {
    input: z.strictObject({ project, settings: z.record(z.string(), z.unknown()) }),
    output: projectStateSchema,
  },

  /** Photos in the order of their paths, at most {@link photoPage} in one answer. */
  'photos.list': {
    input: z.strictObject({
      project,
      offset: z.number().int().nonnegative(),
      limit: z.number().int().min(1).max(photoPage).default(photoPage),
    }),
    output: z.object({
      revision: z.number().int().nonnegative(),
      total: z.number().int().nonnegative(),
      photos: z.array(photoRowSchema),
    }),
  },
  'photos.get': { input: z.strictObject({ project, photo: photoIdSchema }), output: photoDetailsSchema },
  /** Photos most like this one, the likest first, by what a backbone makes of them (or by their looks, without one). */
  'photos.similar': {
    input: z.strictObject({
      project,
      photo: photoIdSchema,
      limit: z.number().int().min(1).max(100_000).default(1_000),
    }),
    output: z.object({
      basis: z.enum(['features', 'looks']),
      photos: z.array(z.object({ id: photoIdSchema, similarity: z.number().min(-1).max(1) })),
    }),
  },
  /** Leaves photos out of training, or takes them back in. */
  'photos.exclude': {
    input: z.strictObject({ project, photos, excluded: z.boolean() }),
    output: projectStateSchema,
  },

  /** Sets a photo's one label, or adds one to or removes one from several; null takes all labels away. */
  'labels.assign': {
    input: z.strictObject({
      project,
      photos,
      label: className.nullable(),
      mode: z.enum(['set', 'add', 'remove']).default('set'),
    }),
    output: projectStateSchema,
  },
  /** Gives photos the number to predict; null takes it away. In projects that predict numbers. */
  'labels.setTarget': {
    input: z.strictObject({ project, photos, target: z.number().nullable() }),
    output: projectStateSchema,
  },
  'labels.undo': { input: one, output: projectStateSchema },
  'labels.redo': { input: one, output: projectStateSchema },
  /** Labels from the text of a CSV file: `filename,label` and so on, as the command line takes it. */
  'labels.import': {
    input: z.strictObject({ project, csv: z.string().max(64 * 2 ** 20) }),
    output: labelImportSchema,
  },
  /**
   * Labels as a table that `labels.import` reads back unchanged. Names are written as they are, also those that begin
   * with `=`, which a spreadsheet may take for a formula.
   */
  'labels.export': { input: one, output: z.object({ name: z.string(), csv: z.string() }) },

  'classes.create': { input: z.strictObject({ project, name: className }), output: projectStateSchema },
  'classes.rename': {
    input: z.strictObject({ project, name: className, to: className }),
    output: projectStateSchema,
  },
  /** All photos of `from` get the label `into`; `from` is gone then. */
  'classes.merge': {
    input: z.strictObject({ project, from: className, into: className }),
    output: projectStateSchema,
  },
  /** The class goes; its photos stay, without that label. */
  'classes.remove': { input: z.strictObject({ project, name: className }), output: projectStateSchema },
  'classes.recolor': {
    input: z.strictObject({ project, name: className, color: z.number().int().min(0).max(11) }),
    output: projectStateSchema,
  },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

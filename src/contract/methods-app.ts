import { z } from 'zod';
import {
  appInfoSchema,
  appSettingsSchema,
  cacheKindSchema,
  cacheUseSchema,
  downloadSchema,
  licenceSchema,
} from './app.ts';
import { deviceListSchema } from './devices.ts';
import { folderListSchema } from './folders.ts';
import { jobIdSchema, placeIdSchema, sourceSchema, uploadIdSchema } from './ids.ts';
import { modelDetailsSchema } from './model-details.ts';
import { modelListSchema } from './models.ts';

const none = z.strictObject({});

/** The app itself, its folders, devices and models. */
export const appMethods = {
  /** What this build is and where it keeps its files. */
  'app.info': { input: none, output: appInfoSchema },
  'app.settings': { input: none, output: appSettingsSchema },
  'app.changeSettings': {
    input: z.strictObject({
      theme: appSettingsSchema.shape.theme.removeDefault().optional(),
      device: appSettingsSchema.shape.device.removeDefault().optional(),
      cacheLimit: appSettingsSchema.shape.cacheLimit.removeDefault().optional(),
      notify: z.boolean().optional(),
    }),
    output: appSettingsSchema,
  },
  'app.cacheUse': { input: none, output: cacheUseSchema },
  /** Deletes caches of these kinds; what is in use now stays. */
  'app.clearCache': { input: z.strictObject({ kinds: z.array(cacheKindSchema) }), output: cacheUseSchema },
  'app.licences': { input: none, output: z.array(licenceSchema) },
  /** Writes versions, settings and the end of the logs into a file, without names of people, folders or photos. Sends nothing. */
  'app.problemReport': { input: z.strictObject({ note: z.string().max(10_000) }), output: downloadSchema },

  /** What can train here, and why the rest can't. The first call tries each one, which takes seconds. */
  'devices.list': { input: none, output: deviceListSchema },

  /** Folders that may be looked at, or what is in one of them. */
  'folders.list': { input: z.strictObject({ folder: placeIdSchema.optional() }), output: folderListSchema },
  /** A place for files the window sends; they are kept until the engine ends or the project they make is removed. */
  'uploads.begin': { input: none, output: z.object({ upload: uploadIdSchema }) },

  /** Pretrained models: installed ones and those that can be fetched. */
  'models.list': { input: none, output: modelListSchema },
  /** Blocks, parameters and cost of an installed model. */
  'models.details': { input: z.strictObject({ id: z.string().min(1) }), output: modelDetailsSchema },
  /** Downloads a model. @throws 'untrusted' when a person has to confirm a source without a published hash first */
  'models.fetch': {
    input: z.strictObject({ id: z.string().min(1), trust: z.boolean().default(false) }),
    output: z.object({ job: jobIdSchema }),
  },
  'models.import': {
    input: z.strictObject({ source: sourceSchema, id: z.string().min(1).optional() }),
    output: modelListSchema,
  },
  /** Removes an imported model, or the downloaded file of a known one. */
  'models.remove': { input: z.strictObject({ id: z.string().min(1) }), output: modelListSchema },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

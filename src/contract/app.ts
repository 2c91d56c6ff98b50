import { z } from 'zod';
import { deviceChoiceSchema } from './devices.ts';

export const appInfoSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** Node's name of the operating system: linux, darwin, win32. */
  platform: z.string(),
  /** Which host this is: in a window of its own, or in a browser. */
  host: z.enum(['desktop', 'web']),
  /** Where the list of projects and imported models are kept, as a person would type it. */
  dataFolder: z.string(),
  cacheFolder: z.string(),
  logsFolder: z.string(),
});
export type AppInfo = z.infer<typeof appInfoSchema>;

export const themes = ['system', 'light', 'dark'] as const;

/** What a person has set for all projects. */
export const appSettingsSchema = z.object({
  theme: z.enum(themes).default('system'),
  device: deviceChoiceSchema.default('auto'),
  /** Caches are kept below this (bytes). */
  cacheLimit: z.number().int().min(100e6).max(1e12).default(10e9),
  /** A notice of the operating system when a long job ends. */
  notify: z.boolean().default(true),
});
export type AppSettings = z.infer<typeof appSettingsSchema>;

/** Kinds of files that can be made again at any time. */
export const cacheKinds = ['thumbnails', 'features', 'facts', 'weights'] as const;
export const cacheKindSchema = z.enum(cacheKinds);
export const cacheUseSchema = z.array(
  z.object({ kind: cacheKindSchema, bytes: z.number().nonnegative(), files: z.number().int().nonnegative() }),
);
export type CacheUse = z.infer<typeof cacheUseSchema>;

/** One piece of software of others that Holotype is made of. */
export const licenceSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** SPDX identifier. */
  licence: z.string(),
  text: z.string().optional(),
});
export type Licence = z.infer<typeof licenceSchema>;

/** A file to be downloaded: {@link downloadPath} of `download`. */
export const downloadSchema = z.object({ download: z.string(), name: z.string(), bytes: z.number() });
export type Download = z.infer<typeof downloadSchema>;

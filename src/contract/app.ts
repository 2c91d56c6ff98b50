import { z } from 'zod';

export const appInfoSchema = z.object({
  name: z.string(),
  version: z.string(),
  /** Node's name of the operating system: linux, darwin, win32. */
  platform: z.string(),
  /** Where the list of projects and imported models are kept, as a person would type it. */
  dataFolder: z.string(),
});
export type AppInfo = z.infer<typeof appInfoSchema>;

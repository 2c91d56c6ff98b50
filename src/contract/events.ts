import { z } from 'zod';
import { appSettingsSchema } from './app.ts';
import { photoIdSchema, projectIdSchema } from './ids.ts';
import { jobEventSchema } from './job-events.ts';
import { jobSummarySchema } from './jobs.ts';
import { photoRowSchema } from './photos.ts';
import { projectStateSchema, projectSummarySchema } from './projects.ts';

/** One entry an event: what it carries. */
export const events = {
  /** The list of recent projects is another one now. */
  'projects.changed': z.object({ projects: z.array(projectSummarySchema) }),
  /** An open project is another one now: labels, classes, counts, who may write. */
  'project.changed': z.object({ state: projectStateSchema }),
  /**
   * Photos of an open project that are new or changed, and those that are gone, up to a thousand in one message. Each
   * message raises the project's revision by one: a window that finds one left out lists the photos again.
   */
  'photos.changed': z.object({
    project: projectIdSchema,
    revision: z.number().int().nonnegative(),
    changed: z.array(photoRowSchema),
    removed: z.array(photoIdSchema),
  }),
  /** A job is new, has changed, or is further on; at most ten times a second a job. */
  'job.changed': z.object({ job: jobSummarySchema }),
  /** What a job tells; see job-events. */
  'job.event': z.object({ event: jobEventSchema }),
  'settings.changed': z.object({ settings: appSettingsSchema }),
} as const satisfies Record<string, z.ZodType>;

export type EventName = keyof typeof events;
export type EventPayload<E extends EventName> = z.output<(typeof events)[E]>;

/** Whether the contract has an event of this name. */
export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

import { z } from 'zod';
import { projectSummarySchema } from './projects.ts';

/** One entry an event: what it carries. */
export const events = {
  /** The list of recent projects is another one now. */
  'projects.changed': z.object({ projects: z.array(projectSummarySchema) }),
} as const satisfies Record<string, z.ZodType>;

export type EventName = keyof typeof events;
export type EventPayload<E extends EventName> = z.output<(typeof events)[E]>;

/** Whether the contract has an event of this name. */
export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}

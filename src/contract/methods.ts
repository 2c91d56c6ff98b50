import { z } from 'zod';
import { appInfoSchema } from './app.ts';
import { projectIdSchema, projectSummarySchema } from './projects.ts';

/** One entry a method: what it takes and what it gives back. The only place where either is written. */
export const methods = {
  /** What this build is and where it keeps its files. */
  'app.info': { input: z.strictObject({}), output: appInfoSchema },
  /** Recent projects, last opened first, those whose folder is gone included. */
  'projects.list': { input: z.strictObject({}), output: z.array(projectSummarySchema) },
  /** Takes a project off the list; its folder is not touched. Unknown ids are not an error. */
  'projects.forget': {
    input: z.strictObject({ id: projectIdSchema }),
    output: z.array(projectSummarySchema),
  },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>;

export type MethodName = keyof typeof methods;
export type MethodInput<M extends MethodName> = z.input<(typeof methods)[M]['input']>;
export type MethodOutput<M extends MethodName> = z.output<(typeof methods)[M]['output']>;

/** Whether the contract has a method of this name. */
export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

import type { z } from 'zod';
import { appMethods } from './methods-app.ts';
import { projectMethods } from './methods-projects.ts';
import { workMethods } from './methods-work.ts';

/** One entry a method: what it takes and what it gives back. Written in methods-*.ts, nowhere else. */
export const methods = { ...appMethods, ...projectMethods, ...workMethods } as const;

export type MethodName = keyof typeof methods;
export type MethodInput<M extends MethodName> = z.input<(typeof methods)[M]['input']>;
export type MethodOutput<M extends MethodName> = z.output<(typeof methods)[M]['output']>;

/** Whether the contract has a method of this name. */
export function isMethodName(name: string): name is MethodName {
  return Object.hasOwn(methods, name);
}

import type { Task } from './project.ts';

/** What training makes small. */
export const lossKinds = ['cross-entropy', 'binary-cross-entropy', 'focal', 'mse', 'mae', 'huber'] as const;
export type LossKind = (typeof lossKinds)[number];

/** A loss with its number: focal's gamma, huber's delta (in the target's own units). */
export interface LossSpec {
  readonly kind: LossKind;
  /** Absent: the usual one, see {@link usualGamma}; huber's is one standard deviation of the training targets. */
  readonly parameter?: number;
}

/** Focal's gamma, as its authors recommend it (Lin et al. 2017). */
export const usualGamma = 2;

/** The losses that fit a task; the first is the usual one. */
export const lossesFor: Readonly<Record<Task, readonly [LossKind, ...LossKind[]]>> = {
  'single-label': ['cross-entropy', 'focal'],
  'multi-label': ['binary-cross-entropy', 'focal'],
  regression: ['mse', 'mae', 'huber'],
};

const numbered: readonly LossKind[] = ['focal', 'huber'];

/**
 * Reads a loss as `--loss` takes it: `cross-entropy`, `focal`, `focal:1.5`, `huber:10`, ...
 *
 * @returns undefined when it is none: focal's gamma is 0 or more, huber's delta above 0, others take no number
 */
export function parseLoss(text: string): LossSpec | undefined {
  const [name, number, ...rest] = text.split(':');
  const kind = lossKinds.find((one) => one === name);
  if (kind === undefined || rest.length > 0) return undefined;
  if (number === undefined) return { kind };
  const parameter = Number(number);
  if (!numbered.includes(kind) || number.trim() === '' || !Number.isFinite(parameter)) return undefined;
  if (kind === 'huber' ? parameter <= 0 : parameter < 0) return undefined;
  return { kind, parameter };
}

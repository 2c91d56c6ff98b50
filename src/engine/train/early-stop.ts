/** When training ends because validation gets no better, and which epoch's weights are kept. */
import { HolotypeError } from '../../contract/errors.ts';
import { stopMetrics } from '../../contract/train.ts';
import type { StopMetric } from '../../contract/train.ts';

export interface EarlyStop {
  /** What is watched on the validation photos. */
  readonly metric: StopMetric;
  /** Epochs without a better value before training stops; Infinity: never. The best weights are kept all the same. */
  readonly patience: number;
}

/** How an epoch does on the validation photos; NaN: not known. */
export interface Validated {
  readonly loss: number;
  readonly accuracy: number;
}

/** Worse than anything. */
export const nothingYet: Validated = { loss: Number.POSITIVE_INFINITY, accuracy: Number.NEGATIVE_INFINITY };

/**
 * Reads the option.
 *
 * @param text `loss:10`, `accuracy:5`, `off`, or undefined: the loss with the usual patience
 * @param usual patience (epochs)
 * @throws HolotypeError('bad-usage') for anything else
 */
export function earlyStopOf(text: string | undefined, usual: number): EarlyStop {
  if (text === undefined) return { metric: 'loss', patience: usual };
  if (text === 'off') return { metric: 'loss', patience: Number.POSITIVE_INFINITY };
  const [, name, patience] = /^([a-z0-9-]+):([1-9][0-9]{0,4})$/.exec(text) ?? [];
  const metric = stopMetrics.find((known) => known === name);
  if (metric === undefined)
    throw new HolotypeError('bad-usage', `"${text}" does not say when to stop early.`, {
      remedy: `Give a metric and a number of epochs, for example ${stopMetrics.map((known) => `${known}:10`).join(' or ')}; or off.`,
    });
  return { metric, patience: Number(patience) };
}

/** Whether an epoch beats the best one so far; of two that are equally accurate, the lower loss does. */
export function isBetter(metric: StopMetric, now: Validated, best: Validated): boolean {
  if (metric === 'accuracy' && now.accuracy !== best.accuracy && !Number.isNaN(now.accuracy))
    return now.accuracy > best.accuracy;
  return now.loss < best.loss;
}

/** The watched metric as a number that is the smaller the better. */
export function watchedValue(metric: StopMetric, { loss, accuracy }: Validated): number {
  return metric === 'accuracy' && !Number.isNaN(accuracy) ? -accuracy : loss;
}

import type { TrainPlan } from '../../../contract/train-settings.ts';
import { between, duration } from '../../components/format.ts';

/** Where the longest time is so many times the shortest, one range says nothing. */
const far = 4;

/** How long a training will take, as a person would say it. */
export function timeInWords({ seconds, settings }: Pick<TrainPlan, 'seconds' | 'settings'>): string {
  if (seconds === null) return 'Known after the first training';
  const { low, high } = seconds;
  // Fine-tuning that may be left out makes the whole difference.
  if (settings.recipe !== 'head' && settings.quality !== 'quick' && high > far * Math.max(1, low))
    return `${low < 60 ? 'Under a minute' : `About ${duration(low)}`}, or up to ${duration(high)} if it fine-tunes`;
  return `About ${between(low, high)}`;
}

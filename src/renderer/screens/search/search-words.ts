import type { SearchMethod, SearchPoint, SearchTrial, SearchValue } from '../../../contract/search.ts';
import { searchableSettings } from '../../../contract/search.ts';
import { settingInfo } from '../../../contract/setting-info.ts';
import type { TrainSettings } from '../../../contract/train-settings.ts';
import { percent } from '../../components/format.ts';

/** How settings are chosen, each with its sentence. */
export const methods: readonly {
  readonly value: SearchMethod;
  readonly label: string;
  readonly text: string;
}[] = [
  {
    value: 'auto',
    label: 'Automatic',
    text: 'Takes one of the others, by the time there is and by how much there is to try.',
  },
  {
    value: 'bayes',
    label: 'Bayesian',
    text: 'Learns from every trial where to look next: the most for a few dozen trials.',
  },
  {
    value: 'random',
    label: 'Random',
    text: 'Tries settings at random: good where there is time for a few trials only.',
  },
  { value: 'grid', label: 'Grid', text: 'Tries evenly spread combinations, one after the other.' },
  {
    value: 'hyperband',
    label: 'Hyperband',
    text: 'Trains many settings for a moment and goes on with the best: for much time.',
  },
];

const infos = new Map<string, (typeof settingInfo)[number]>(settingInfo.map((info) => [info.key, info]));

/** A setting's name for people; that a search is about the head need not be said each time. */
export const nameOf = (setting: string): string =>
  (infos.get(setting)?.label ?? setting).replace(/ of the head$/, '');

/** A setting's value for people. @param models names of backbones by their ids */
export function valueText(
  setting: string,
  value: SearchValue | undefined,
  models: ReadonlyMap<string, string> = new Map(),
): string {
  if (value === undefined || value === null) return 'by default';
  if (typeof value === 'number') return String(Number(value.toPrecision(3)));
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (setting === 'backbone') return models.get(String(value)) ?? String(value);
  const choice = infos.get(setting)?.choices?.find((one) => one.value === value);
  // What stands after the colon explains it.
  return choice?.label.split(':')[0] ?? String(value);
}

/** All settings of a trial in a line. */
export function pointText(point: SearchPoint, models?: ReadonlyMap<string, string>): string {
  const parts = Object.entries(point).map(
    ([name, value]) => `${nameOf(name)}: ${valueText(name, value, models)}`,
  );
  return parts.length === 0 ? 'Your settings as they are' : parts.join('\u00a0· ');
}

export const trialName = (number: number): string => (number === 0 ? 'Without a search' : `Trial ${number}`);

/** How good a trial was, in words. */
export function scoreText({ score, error, share }: SearchTrial): string {
  if (score === null) return `failed: ${error ?? 'no reason is known'}`;
  const right = score.accuracy === null ? '' : `, ${percent(score.accuracy)} right`;
  return `loss ${score.loss.toFixed(4)}${right}${share < 1 ? `, after ${percent(share)} of a training` : ''}`;
}

/** What choosing found settings changes: those that a search may set are as it says, or by default. */
export function changesOf(found: TrainSettings): Partial<TrainSettings> {
  const searched = Object.fromEntries(searchableSettings.map((key) => [key, undefined]));
  return { ...searched, ...found };
}

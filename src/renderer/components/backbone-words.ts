import { rankedBy, type ComparedBackbone, type Domain, type RankedBy } from '../../contract/compare.ts';
import { figure, percent } from './format.ts';

/** What a photo takes, from the file to its features: "12 ms", "1.3 s". */
export function timeOf(photosPerSecond: number): string {
  const seconds = 1 / photosPerSecond;
  if (seconds >= 0.9995) return `${seconds.toFixed(1)} s`;
  return `${(seconds * 1000).toFixed(seconds < 0.0095 ? 1 : 0)} ms`;
}

/** A figure that backbones are ranked by: "94.2%", or a number in the target's own units. */
export const rankFigure = (value: number, kind: RankedBy['kind']): string =>
  kind === 'error' ? figure(value) : percent(value);

/** How a backbone did: "94.2% right", "off by 2.4 on average". */
export function rankWords(one: ComparedBackbone): string {
  const { kind, value } = rankedBy(one);
  if (kind === 'error') return `off by ${rankFigure(value, kind)} on average`;
  return `${rankFigure(value, kind)} ${kind === 'right' ? 'right' : 'mean average precision'}`;
}

const words = { near: 'familiar', between: 'some way off', far: 'far off' } as const;

/** How familiar photos look to a backbone; nothing is claimed where it can't be measured. */
export function familiarity(domain: Domain | null): string {
  if (domain === null) return 'not measurable';
  const { confidence, expected, nearness } = domain;
  if (nearness === null || expected === null) return `${percent(confidence)} sure on average`;
  return `${words[nearness]}: ${percent(confidence)} sure, of its own about ${percent(expected)}`;
}

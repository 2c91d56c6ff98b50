import type { Domain } from '../../contract/compare.ts';
import { percent } from './format.ts';

/** What a photo takes, from the file to its features: "12 ms", "1.3 s". */
export function timeOf(photosPerSecond: number): string {
  const seconds = 1 / photosPerSecond;
  if (seconds >= 0.9995) return `${seconds.toFixed(1)} s`;
  return `${(seconds * 1000).toFixed(seconds < 0.0095 ? 1 : 0)} ms`;
}

const words = { near: 'familiar', between: 'some way off', far: 'far off' } as const;

/** How familiar photos look to a backbone; nothing is claimed where it can't be measured. */
export function familiarity(domain: Domain | null): string {
  if (domain === null) return 'not measurable';
  const { confidence, expected, nearness } = domain;
  if (nearness === null || expected === null) return `${percent(confidence)} sure on average`;
  return `${words[nearness]}: ${percent(confidence)} sure, of its own about ${percent(expected)}`;
}

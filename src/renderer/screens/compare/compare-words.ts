import { rankedBy, type ComparedBackbone } from '../../../contract/compare.ts';
import { rankFigure } from '../../components/backbone-words.ts';

/** The one sentence that a ranking comes to. */
export function verdict([first, ...others]: readonly ComparedBackbone[]): string {
  if (first === undefined) return 'No backbone could be tried.';
  const { kind, value } = rankedBy(first);
  const shown = rankFigure(value, kind);
  const right = {
    right: `${first.name} gets ${shown} of your photos right`,
    precision: `${first.name} comes to a mean average precision of ${shown}`,
    error: `${first.name} is off by ${shown} on average`,
  }[kind];
  if (others.length === 0) return `${right}.`;
  const close = others.filter(({ behind }) => !behind);
  if (close.length === 0) return `${right}, clearly ${kind === 'error' ? 'less' : 'more'} than the others.`;
  const fastest = [first, ...close].reduce((a, b) => (b.photosPerSecond > a.photosPerSecond ? b : a));
  if (fastest === first) return `${right}; others come so close that the difference may be chance.`;
  const times = fastest.photosPerSecond / first.photosPerSecond;
  return `${right}. ${fastest.name} may be just as good, and is ${times.toFixed(1)} times as fast.`;
}

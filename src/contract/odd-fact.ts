/** Words for what is odd about a photo's file; apart from its schema, for the command line's help loads them. */
import type { OddFact } from './explore.ts';

const comparisons: Readonly<Record<OddFact['fact'], Readonly<Record<OddFact['side'], string>>>> = {
  size: { below: 'smaller than most', above: 'larger than most' },
  shape: { below: 'narrower than most', above: 'wider than most' },
  compression: { below: 'more compressed than most', above: 'less compressed than most' },
};

/** "smaller than most: 180 px on the short side, most have 330 to 374". */
export function oddFactWords({ fact, side, own, most: [low, high] }: OddFact): string {
  const text = (value: number): string =>
    `${fact === 'size' ? Math.round(value) : Number(value.toPrecision(fact === 'shape' ? 3 : 2))}`;
  const most = text(low) === text(high) ? text(low) : `${text(low)} to ${text(high)}`;
  const numbers = {
    size: `${text(own)} px on the short side, most have ${most}`,
    shape: `${text(own)} times as wide as high, most are ${most}`,
    compression: `${text(own)} bytes a pixel, most have ${most}`,
  };
  return `${comparisons[fact][side]}: ${numbers[fact]}`;
}

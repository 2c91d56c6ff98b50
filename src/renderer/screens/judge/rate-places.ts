import type { RateSearchResult } from '../../../contract/train.ts';

/** The loss by learning rate as a drawing takes it: shares of its width and height, from the top left. */
export interface RatePlaces {
  readonly line: readonly { readonly x: number; readonly y: number }[];
  /** Powers of ten along the width. */
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  /** The rate that was taken; undefined where it was not found. */
  readonly chosen: number | undefined;
}

/** A loss so many times the lowest one leaves the drawing: what matters is where it falls. */
const shown = 3;

/** Rates lie on a logarithmic scale; undefined where there is nothing to draw. */
export function ratePlaces({ points, chosen, found }: RateSearchResult): RatePlaces | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || !(last.rate > first.rate)) return undefined;
  const [from, to] = [Math.log10(first.rate), Math.log10(last.rate)];
  const x = (rate: number): number => (Math.log10(rate) - from) / (to - from);
  const lowest = points.reduce((least, { loss }) => Math.min(least, loss), Number.POSITIVE_INFINITY);
  const most = Math.max(first.loss, shown * lowest);
  const highest = points.reduce((a, { loss }) => Math.max(a, Math.min(loss, most)), 0);
  const span = Math.max(1e-9, highest - lowest);
  const powers = Array.from(
    { length: Math.floor(to + 1e-9) - Math.ceil(from - 1e-9) + 1 },
    (_, i) => Math.ceil(from - 1e-9) + i,
  );
  return {
    line: points.map(({ rate, loss }) => ({ x: x(rate), y: Math.max(0, (highest - loss) / span) })),
    ticks: powers.map((power) => ({
      x: x(10 ** power),
      label: power < -3 ? `1e${power}` : String(10 ** power),
    })),
    chosen: found ? x(chosen) : undefined,
  };
}

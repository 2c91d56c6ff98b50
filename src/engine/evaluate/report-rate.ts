import type { RateSearchResult } from '../../contract/train.ts';
import { decimal } from './plain-words.ts';
import {
  chosenLine,
  gridLines,
  nameBelow,
  niceTicks,
  placesIn,
  tickBelow,
  type Frame,
} from './report-axes.ts';
import { html, type Markup } from './report-html.ts';

const frame: Frame = { width: 520, height: 240, left: 48, right: 16, top: 16, bottom: 40 };
/** A loss so many times the lowest one leaves the picture: what matters is where it falls. */
const shown = 3;

/** The loss by learning rate, on a logarithmic scale, with the rate that was taken. */
export function rateCurve({ points, chosen, found }: RateSearchResult): Markup | null {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return null;
  const lowest = points.reduce((least, { loss }) => Math.min(least, loss), Number.POSITIVE_INFINITY);
  const most = Math.max(first.loss, shown * lowest);
  const high = points.reduce((a, { loss }) => Math.max(a, Math.min(loss, most)), 0);
  const ticks = niceTicks(lowest, high);
  const [bottom, top] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const [from, to] = [Math.log10(first.rate), Math.log10(last.rate)];
  const places = placesIn(frame);
  const x = (rate: number): number => places.x((Math.log10(rate) - from) / Math.max(1e-9, to - from));
  const y = (loss: number): number => places.y((Math.min(loss, top) - bottom) / (top - bottom));
  const powers = Array.from(
    { length: Math.floor(to + 1e-9) - Math.ceil(from - 1e-9) + 1 },
    (_, i) => Math.ceil(from - 1e-9) + i,
  );
  const path = points.map(({ rate, loss }, i) => `${i === 0 ? 'M' : 'L'}${x(rate)} ${y(loss)}`).join('');
  return html`<figure>
    <figcaption>Loss by learning rate</figcaption>
    <svg
      class="chart"
      viewBox="0 0 ${frame.width} ${frame.height}"
      role="img"
      aria-label="Loss by learning rate, from ${first.rate} to ${Number(last.rate.toPrecision(2))}. It is lowest at ${decimal(lowest)}. Taken: ${chosen}."
    >
      ${gridLines(frame, ticks, y, decimal)}
      ${powers.map((power) => tickBelow(frame, x(10 ** power), power < -3 ? `1e${power}` : 10 ** power))}
      ${nameBelow(frame, 'learning rate')} ${found && chosenLine(frame, x(chosen), `taken: ${chosen}`)}
      <path class="line train" d="${path}" />
    </svg>
  </figure>`;
}

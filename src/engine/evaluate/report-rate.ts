import type { RateSearchResult } from '../../contract/train.ts';
import { decimal } from './plain-words.ts';
import { niceTicks } from './report-charts.ts';
import { html, type Markup } from './report-html.ts';

const width = 520;
const height = 240;
const margins = { left: 48, right: 16, top: 16, bottom: 40 };
const plotWidth = width - margins.left - margins.right;
const plotHeight = height - margins.top - margins.bottom;
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
  const x = (rate: number): number =>
    round(margins.left + (plotWidth * (Math.log10(rate) - from)) / Math.max(1e-9, to - from));
  const y = (loss: number): number =>
    round(margins.top + plotHeight * (1 - (Math.min(loss, top) - bottom) / (top - bottom)));
  const powers = Array.from(
    { length: Math.floor(to + 1e-9) - Math.ceil(from - 1e-9) + 1 },
    (_, i) => Math.ceil(from - 1e-9) + i,
  );
  const path = points.map(({ rate, loss }, i) => `${i === 0 ? 'M' : 'L'}${x(rate)} ${y(loss)}`).join('');
  return html`<figure>
    <figcaption>Loss by learning rate</figcaption>
    <svg
      class="chart"
      viewBox="0 0 ${width} ${height}"
      role="img"
      aria-label="Loss by learning rate, from ${first.rate} to ${Number(last.rate.toPrecision(2))}. It is lowest at ${decimal(lowest)}. Taken: ${chosen}."
    >
      ${ticks.map(
        (tick) =>
          html`<line
              class="grid"
              x1="${margins.left}"
              x2="${width - margins.right}"
              y1="${y(tick)}"
              y2="${y(tick)}"
            />
            <text class="tick" x="${margins.left - 8}" y="${y(tick) + 4}" text-anchor="end"
              >${decimal(tick)}</text
            >`,
      )}
      ${powers.map(
        (power) =>
          html`<text
            class="tick"
            x="${x(10 ** power)}"
            y="${height - margins.bottom + 18}"
            text-anchor="middle"
            >${power < -3 ? `1e${power}` : 10 ** power}</text
          >`,
      )}
      <text class="tick" x="${width - margins.right}" y="${height - 4}" text-anchor="end">learning rate</text>
      ${
        found &&
        html`<line
            class="best"
            x1="${x(chosen)}"
            x2="${x(chosen)}"
            y1="${margins.top}"
            y2="${margins.top + plotHeight}"
          />
          <text class="tick" x="${x(chosen) + 6}" y="${margins.top + plotHeight - 6}">taken: ${chosen}</text>`
      }
      <path class="line train" d="${path}" />
    </svg>
  </figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

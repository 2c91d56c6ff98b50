/** What the report's charts have in common: a frame, a grid with its numbers, and a marked place. */
import { html, type Markup } from './report-html.ts';

/** A chart's size and the margins around what is drawn, in units of its viewBox. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where shares of a frame's width from its left (0..1), and of its height from its bottom, lie. */
export function placesIn({ width, height, left, right, top, bottom }: Frame): {
  x: (share: number) => number;
  y: (share: number) => number;
} {
  return {
    x: (share) => round(left + (width - left - right) * share),
    y: (share) => round(top + (height - top - bottom) * (1 - share)),
  };
}

/**
 * Round steps (1, 2 or 5 times a power of ten) that cover low..high with about `most` ticks.
 * @returns ascending ticks, the first <= low and the last >= high
 */
export function niceTicks(low: number, high: number, most = 5): number[] {
  const span = high > low ? high - low : Math.max(Math.abs(high), 1) * 0.1;
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A line across the frame for each tick, with its number at the left. @param y where a value lies */
export function gridLines(
  { width, left, right }: Frame,
  ticks: readonly number[],
  y: (value: number) => number,
  format: (value: number) => string | number,
): Markup[] {
  return ticks.map(
    (tick) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(tick)}" y2="${y(tick)}" />
        <text class="tick" x="${left - 8}" y="${round(y(tick) + 4)}" text-anchor="end"
          >${format(tick)}</text
        >`,
  );
}

/** A number below the frame. */
export function tickBelow({ height, bottom }: Frame, x: number, text: string | number): Markup {
  return html`<text class="tick" x="${x}" y="${height - bottom + 18}" text-anchor="middle">${text}</text>`;
}

/** What the numbers below are, in the corner. */
export function nameBelow({ width, height, right }: Frame, name: string): Markup {
  return html`<text class="tick" x="${width - right}" y="${height - 4}" text-anchor="end">${name}</text>`;
}

/** An upright line at what was chosen, and what it is: on the side where there is room. */
export function chosenLine({ width, height, top, bottom }: Frame, x: number, text: string): Markup {
  const beyond = x > width / 2;
  return html`<line class="best" x1="${x}" x2="${x}" y1="${top}" y2="${height - bottom}" />
    <text
      class="tick"
      x="${round(x + (beyond ? -6 : 6))}"
      y="${height - bottom - 6}"
      text-anchor="${beyond ? 'end' : 'start'}"
      >${text}</text
    >`;
}

/** Coordinates to a tenth of a unit: finer can't be seen and costs bytes. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
